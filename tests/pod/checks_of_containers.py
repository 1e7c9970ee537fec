"""What the course asks of containers: to run, to be looked into, to be steered, to be heard."""

import io
import tarfile
import threading
import time

import docker.errors
from probe import MEMORY_LIMIT, RUN, MiB, check, client, container, name, packed, run, server, tiny, until

from dockerlab import engine


@check
def version():
    assert client.version()["ApiVersion"]


@check
def info():
    told = client.info()
    assert told["OSType"] == "linux" and told["MemTotal"] > 128 * MiB


@check
def run_prints():
    assert run("echo hello") == "hello\n"


@check
def run_in_its_own_place():
    options = {"environment": {"A": "1"}, "working_dir": "/tmp", "hostname": "guest"}
    assert run('echo "$A $(pwd) $(hostname) $$"', **options) == "1 /tmp guest 1\n"


@check
def run_fails():
    try:
        run("echo out; echo err >&2; exit 3")
    except docker.errors.ContainerError as error:
        assert (error.exit_status, error.stderr) == (3, b"err\n")
    else:
        raise AssertionError("the exit code was lost")


@check
def logs_followed():
    with container(["sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.2; done"]) as it:
        assert [line.strip() for line in it.logs(stream=True, follow=True)] == [b"1", b"2", b"3"]
        assert it.wait()["StatusCode"] == 0 and it.logs(timestamps=True, tail=1).endswith(b" 3\n")


@check
def server_runs():
    server().reload()
    assert server().status == "running" and server().attrs["State"]["Pid"] > 0
    assert server().attrs["NetworkSettings"]["Networks"]


@check
def exec_sees_the_server():
    until(lambda: server().exec_run("wget -q -O - http://127.0.0.1/").output == b"hello\n")


@check
def exec_streams_apart():
    streams = server().exec_run(["sh", "-c", "echo o; echo e >&2"], stream=True, demux=True).output
    parts = list(streams)
    assert b"".join(out or b"" for out, _ in parts) == b"o\n"
    assert b"".join(err or b"" for _, err in parts) == b"e\n"


@check
def exec_exit_code():
    assert server().exec_run("sh -c 'exit 7'").exit_code == 7


@check
def exec_on_a_terminal():
    made = client.api.exec_create(server().id, "sh", stdin=True, tty=True)
    stream = client.api.exec_start(made["Id"], socket=True, tty=True)
    stream._sock.settimeout(20)
    stream._sock.sendall(b"echo $((6*7)); exit\n")
    heard = b""
    while part := stream.read(4096):
        heard += part
    assert b"42" in heard


@check
def diff():
    server().exec_run("touch /etc/added")
    server().exec_run("rm /etc/group")
    changes = {change["Path"]: change["Kind"] for change in server().diff()}
    assert (changes["/etc/added"], changes["/etc/group"]) == (1, 2)


@check
def top():
    assert any("httpd" in " ".join(row) for row in server().top()["Processes"])


@check
def stats():
    told = server().stats(stream=False)
    assert told["memory_stats"]["usage"] > 0 and told["cpu_stats"]["cpu_usage"]["total_usage"] > 0


@check
def put_archive():
    server().put_archive("/tmp", packed(put="abc"))
    assert server().exec_run("cat /tmp/put").output == b"abc"


@check
def get_archive():
    chunks, stat = server().get_archive("/etc/passwd")
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
        assert tar.getmember("passwd").size == stat["size"] > 0


@check
def pause():
    server().pause()
    server().reload()
    paused = server().status
    server().unpause()
    server().reload()
    assert (paused, server().status) == ("paused", "running")


@check
def rename_and_restart():
    server().rename(name("renamed"))
    server().restart(timeout=1)
    server().reload()
    assert (server().name, server().status) == (name("renamed"), "running")


@check
def update_limit():
    server().update(mem_limit=48 * MiB, memswap_limit=48 * MiB)
    assert int(server().exec_run(["sh", "-c", MEMORY_LIMIT]).output) == 48 * MiB


@check
def commit():
    changes = "\n".join(["ENV Q=9", *(f"LABEL {k}={v}" for k, v in engine.labels(kind="image").items())])
    image = server().commit(repository=name("committed"), changes=changes)
    assert run("echo $Q; ls /etc/added", image.id) == "9\n/etc/added\n"


@check
def stop():
    server().stop(timeout=1)
    server().reload()
    assert server().status == "exited"


@check
def logs_after_stop():
    assert isinstance(server().logs(), bytes)


@check
def events_of_the_past():
    known = client.events(since=int(time.time()) - 3600, until=int(time.time()) + 1, decode=True)
    assert {"create", "start"} <= {event.get("Action") for event in known if event["Type"] == "container"}


@check
def events_live():
    heard: list[str] = []
    stream = client.events(decode=True, filters={"label": f"probe={RUN}"})
    listener = threading.Thread(target=lambda: heard.extend(event["Action"] for event in stream), daemon=True)
    listener.start()
    made = client.containers.create(tiny, "true", labels=engine.labels() | {"probe": RUN})
    made.start()
    made.wait()
    made.remove()
    until(lambda: "destroy" in heard)
    stream.close()
    assert heard.index("create") < heard.index("start") < heard.index("die")


@check
def export():
    with tarfile.open(fileobj=io.BytesIO(b"".join(server().export()))) as tar:
        assert "etc/added" in tar.getnames() and "etc/group" not in tar.getnames()


@check
def attach_to_output():
    made = client.containers.create(tiny, ["echo", "attached"], labels=engine.labels())
    stream = made.attach(stream=True, logs=True)
    made.start()
    heard = b"".join(stream)
    made.remove(force=True)
    assert heard == b"attached\n"


@check
def attach_to_input():
    made = client.containers.create(tiny, ["cat"], stdin_open=True, tty=True, labels=engine.labels())
    stream = made.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
    made.start()
    stream._sock.settimeout(20)
    stream._sock.sendall(b"ping\n")
    heard = b""
    while heard.count(b"ping") < 2:  # what the terminal echoes, and what cat answers
        part = stream.read(100)
        assert part, heard
        heard += part
    made.remove(force=True)
