"""What docker-py is asked for, through the relay and without it. Each function gives what is compared."""

from __future__ import annotations

import contextlib
import io

import docker
from side import packed, unpacked

from dockerlab.engine import labels

OPERATIONS = []


def operation(function):
    OPERATIONS.append(function)
    return function


@contextlib.contextmanager
def removed(thing):
    try:
        yield thing
    finally:
        thing.remove(force=True)


def refused(call):
    try:
        call()
    except docker.errors.APIError as error:
        return error.status_code, error.explanation
    raise AssertionError("not refused")


@operation
def ping(side):
    return side.api.ping()


@operation
def version(side):
    return side.api.version()


@operation
def info(side):
    told = side.api.info()
    return sorted(told), {key: told[key] for key in ("ServerVersion", "Driver", "KernelVersion", "Plugins")}


@operation
def disk_usage(side):
    while True:
        try:
            return sorted(side.api.df())
        except docker.errors.APIError as error:
            if "already running" not in error.explanation:  # 20.10 does one at a time
                raise


@operation
def images_list(side):
    tags = {tag for one in side.api.images() for tag in one["RepoTags"] or ()}
    return sorted(tag for tag in tags if tag.startswith("dockerlab/"))


@operation
def image_inspect(side):
    return side.api.inspect_image(side.image)


@operation
def image_history(side):
    return side.api.history(side.image)


@operation
def image_tag_and_untag(side):
    side.api.tag(side.image, side.called("tag"), "one")
    found = side.api.inspect_image(side.called("tag") + ":one")["Id"]
    side.api.remove_image(side.called("tag") + ":one")
    return found, refused(lambda: side.api.inspect_image(side.called("tag") + ":one"))


@operation
def image_save(side):
    return unpacked(b"".join(side.api.get_image(side.image)))


@operation
def image_load(side):
    data = b"".join(side.api.get_image(side.image))
    return list(side.api.load_image(data))


@operation
def image_build(side):
    context = packed(Dockerfile=b"FROM %s\nCOPY a /a\nRUN cat /a\n" % side.image.encode(), a=b"content\n")
    tag = side.called("build")
    log = list(
        side.api.build(
            fileobj=io.BytesIO(context), custom_context=True, tag=tag, rm=True, nocache=True, decode=True,
            labels=labels(kind="image"),
        )
    )  # fmt: skip
    size = side.api.inspect_image(tag)["Size"]
    side.api.remove_image(tag)
    return "".join(line.get("stream", "") for line in log), size


@operation
def a_build_that_fails(side):
    context = packed(Dockerfile=b"FROM %s\nRUN echo before; exit 7\n" % side.image.encode())
    log = side.api.build(
        fileobj=io.BytesIO(context), custom_context=True, rm=True, forcerm=True, nocache=True, decode=True,
        labels=labels(kind="image"),
    )  # fmt: skip
    return list(log)


@operation
def image_import(side):
    tag = side.called("import")
    told = side.api.import_image_from_data(packed(file=b"x" * 1000), repository=tag)
    files = side.api.inspect_image(tag)["RootFS"]["Type"]
    side.api.remove_image(tag)
    return told, files


@operation
def container_create_inspect_remove(side):
    with removed(side.container(["true"], name=side.called("inspect"), hostname="h")) as made:
        told = side.api.inspect_container(made.id)
        listed = side.api.containers(all=True, filters={"id": made.id})
    return told, listed, refused(lambda: side.api.inspect_container(made.id))


@operation
def run_wait_logs(side):
    with removed(side.container(["sh", "-c", "echo out; echo err >&2; exit 3"])) as made:
        made.start()
        code = made.wait()
        return code, made.logs(stdout=True, stderr=False), made.logs(stdout=False, stderr=True)


@operation
def logs_follow(side):
    with removed(side.container(["sh", "-c", "for i in 1 2 3 4 5; do echo $i; done"])) as made:
        made.start()
        return b"".join(made.logs(stream=True, follow=True))


@operation
def attach_with_stdin(side):
    with removed(side.container(["cat"], stdin_open=True)) as made:
        socket = made.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
        made.start()
        socket._sock.sendall(b"first\nsecond\n")
        socket._sock.shutdown(1)
        made.wait()
        socket._sock.close()
        return made.logs()


@operation
def attach_stream(side):
    with removed(side.container(["sh", "-c", "echo out; echo err >&2"])) as made:
        output = made.attach(stream=True, logs=True, demux=True)
        made.start()
        pairs = list(output)
    return b"".join(out or b"" for out, _ in pairs), b"".join(err or b"" for _, err in pairs)


@operation
def exec_plain(side):
    with removed(side.running()) as made:
        return made.exec_run(["sh", "-c", "echo out; echo err >&2; exit 4"], demux=True)


@operation
def exec_with_tty(side):
    with removed(side.running()) as made:
        return made.exec_run(["sh", "-c", "test -t 1 && stty size; echo done"], tty=True)


@operation
def exec_with_stdin(side):
    with removed(side.running()) as made:
        number = side.api.exec_create(made.id, ["cat"], stdin=True)["Id"]
        socket = side.api.exec_start(number, socket=True)
        socket._sock.sendall(b"through\n")
        socket._sock.shutdown(1)
        heard = b""
        while part := socket.read(4096):
            heard += part
        socket._sock.close()
        return heard, side.api.exec_inspect(number)["ExitCode"]


@operation
def exec_and_resize(side):
    with removed(side.running(tty=True)) as made:
        number = side.api.exec_create(made.id, ["sh", "-c", "read go; stty size"], stdin=True, tty=True)["Id"]
        socket = side.api.exec_start(number, tty=True, socket=True)
        side.api.exec_resize(number, height=31, width=77)
        socket._sock.sendall(b"go\n")
        heard = b""
        while part := socket._sock.recv(4096):
            heard += part
        socket._sock.close()
        made.resize(height=20, width=50)
        return heard


@operation
def top(side):
    with removed(side.container(["sleep", "1000"])) as made:
        made.start()
        return [row[-1] for row in made.top()["Processes"]]


@operation
def stats_once(side):
    with removed(side.running(name=side.called("stats"))) as made:
        told = made.stats(stream=False)
        return sorted(set(told) - {"networks"}), told["name"]  # they come a moment later


@operation
def stats_stream(side):
    with removed(side.running()) as made:
        stream = made.stats(stream=True, decode=True)
        told = [sorted(set(next(stream)) - {"networks"}) for _ in range(2)]
        stream.close()
        return told


@operation
def put_and_get_archive(side):
    with removed(side.container(["true"])) as made:
        assert made.put_archive("/tmp", packed(one=b"1" * 100_000, two=b"2"))
        stream, stat = made.get_archive("/tmp/one")
        return unpacked(b"".join(stream)), stat["name"], stat["size"]


@operation
def a_path_that_is_not_there(side):
    with removed(side.container(["true"])) as made:
        return refused(lambda: made.get_archive("/no/such")), refused(lambda: made.put_archive("/no", b""))


@operation
def diff(side):
    with removed(side.container(["sh", "-c", "echo x > /new; rm /etc/passwd"])) as made:
        made.start()
        made.wait()
        return sorted((one["Path"], one["Kind"]) for one in made.diff())


@operation
def commit(side):
    with removed(side.container(["sh", "-c", "echo kept > /kept"])) as made:
        made.start()
        made.wait()
        image = made.commit(side.called("commit"), conf={"Labels": labels(kind="image")})
        try:
            with removed(side.client.containers.create(image.id, ["cat", "/kept"], labels=labels())) as again:
                again.start()
                again.wait()
                return again.logs()
        finally:
            side.api.remove_image(side.called("commit"))


@operation
def export(side):
    with removed(side.container(["true"])) as made:
        return sorted(unpacked(b"".join(made.export())))


@operation
def rename(side):
    with removed(side.container(["true"])) as made:
        made.rename(side.called("renamed"))
        made.reload()
        return made.name


@operation
def a_name_that_is_taken(side):
    with removed(side.container(["true"], name=side.called("taken"))):
        return refused(lambda: side.container(["true"], name=side.called("taken")))


@operation
def update(side):
    with removed(side.running()) as made:
        warnings = made.update(mem_limit="64m", memswap_limit="64m")
        made.reload()
        return warnings, made.attrs["HostConfig"]["Memory"]


@operation
def pause_and_unpause(side):
    with removed(side.running()) as made:
        states = []
        for step in (made.pause, made.unpause):
            step()
            made.reload()
            states.append(made.status)
        return states


@operation
def restart_stop_kill(side):
    obedient = "trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done"
    with removed(side.running(["sh", "-c", obedient])) as made:
        next(iter(made.logs(stream=True)))  # a signal that comes before its trap would be ignored
        made.restart(timeout=20)
        lines = iter(made.logs(stream=True))
        assert [next(lines), next(lines)]
        made.stop(timeout=20)
        stopped = made.wait()
        made.start()
        made.kill("SIGKILL")
        return stopped, made.wait(), refused(made.kill)


@operation
def network(side):
    name = side.called("net")
    made = side.client.networks.create(name, labels=labels())
    try:
        with removed(side.running(network=name, name=side.called("netted"))) as one:
            made.reload()
            inside = [each.name for each in made.containers]
            made.disconnect(one)
            made.connect(one, aliases=["again"])
            one.reload()
            aliases = one.attrs["NetworkSettings"]["Networks"][name]["Aliases"]
        listed = [each.name for each in side.client.networks.list(names=[name])]
        return made.attrs["Driver"], inside, "again" in aliases, listed
    finally:
        made.remove()


@operation
def volume(side):
    name = side.called("volume")
    made = side.client.volumes.create(name, labels=labels())
    try:
        listed = [each.name for each in side.client.volumes.list(filters={"name": name})]
        return made.attrs["Driver"], listed
    finally:
        made.remove()


@operation
def plugins(side):
    return [plugin.name for plugin in side.client.plugins.list()]


@operation
def events(side):
    stream = side.client.events(decode=True, filters={"type": "volume", "volume": side.called("event")})
    side.client.volumes.create(side.called("event"), labels=labels()).remove()
    told = [next(stream) for _ in range(2)]
    stream.close()
    return [(one["Type"], one["Action"], one["Actor"]["ID"]) for one in told]


@operation
def what_is_not_there(side):
    nothing = "no-such-thing"
    return [
        refused(lambda: side.api.inspect_container(nothing)),
        refused(lambda: side.api.inspect_image(nothing)),
        refused(lambda: side.api.inspect_network(nothing)),
        refused(lambda: side.api.inspect_volume(nothing)),
        refused(lambda: side.api.exec_inspect(nothing)),
        refused(lambda: side.api.inspect_swarm()),
    ]
