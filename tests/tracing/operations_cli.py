"""What the real docker command and curl are asked for, through the relay and without it."""

from __future__ import annotations

import json
import shutil

from side import packed, unpacked

from dockerlab.engine import bundle, labels

OPERATIONS = []


def operation(function):
    OPERATIONS.append(function)
    return function


def labelled(kind="container"):
    return [word for name, value in labels(kind=kind).items() for word in ("--label", f"{name}={value}")]


def run(side, *words, **options):
    return side.docker("run", "--rm", *labelled(), *words, **options)


@operation
def docker_run(side):
    return run(side, side.image, "sh", "-c", "echo out; echo err >&2; exit 5")


@operation
def docker_run_with_stdin(side):
    return run(side, "-i", side.image, "sh", "-c", "cat; echo end", stdin=b"line\n" * 20_000)


@operation
def docker_run_on_a_terminal(side):
    words = ["run", "--rm", "-it", *labelled(), side.image, "sh", "-c", "read x; echo got $x; test -t 0"]
    return side.typed(*words, keys=b"typed\n")


@operation
def docker_exec_on_a_terminal(side):
    made = side.running()
    try:
        return side.typed("exec", "-it", made.id, "sh", "-c", "read x; echo got $x; exit 6", keys=b"typed\n")
    finally:
        made.remove(force=True)


@operation
def docker_logs_follow(side):
    made = side.container(["sh", "-c", "for i in 1 2 3; do echo $i; done"])
    made.start()
    try:
        return side.docker("logs", "-f", made.id)
    finally:
        made.remove(force=True)


@operation
def docker_cp_in_and_out(side):
    made = side.container(["true"])
    try:
        into = side.docker("cp", "-", f"{made.id}:/tmp", stdin=packed(file=b"content" * 10_000))
        code, data, _ = side.docker("cp", f"{made.id}:/tmp/file", "-")
        return into, code, unpacked(data)
    finally:
        made.remove(force=True)


@operation
def docker_build(side):
    context = packed(Dockerfile=b"FROM %s\nRUN echo built\n" % side.image.encode())
    tag = side.called("clibuild")
    told = side.docker("build", "--no-cache", *labelled("image"), "-t", tag, "-", stdin=context)
    return told, side.docker("rmi", tag)[0]


@operation
def docker_save_and_load(side):
    code, data, _ = side.docker("save", side.image)
    return code, unpacked(data), side.docker("load", stdin=data)


@operation
def docker_stats(side):
    made = side.running(name=side.called("stats"))
    try:
        return side.docker("stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}}", made.id)
    finally:
        made.remove(force=True)


@operation
def docker_events(side):
    name = side.called("clievent")
    side.client.volumes.create(name, labels=labels()).remove()
    since, until = "--since=1m", "--until=0s"
    filters = ["--filter", f"volume={name}", "--format", "{{.Action}} {{.Actor.ID}}"]
    return side.docker("events", since, until, *filters)


@operation
def docker_version_by_the_bundles_client(side):
    unpacked_bundle = bundle.installed()
    program = unpacked_bundle.command("docker") if unpacked_bundle else None
    return side.docker("version", program=program), run(side, side.image, "echo", "hi", program=program)


@operation
def docker_refused(side):
    return [
        side.docker("inspect", "no-such-thing"),
        side.docker("rmi", "no-such-thing"),
        side.docker("run", "--rm", *labelled(), side.image, "/no/such/program"),
    ]


def curl_asks(side):
    return [side.curl(path) for path in ("/_ping", "/version", "/no/such/path")]


def curl_creates_and_removes(side):
    body = json.dumps({"Image": side.image, "Cmd": ["true"], "Labels": labels()})
    post = ("-X", "POST", "-H", "Content-Type: application/json")
    code, told = side.curl("/containers/create", *post, "-d", body)
    made = json.loads(told)["Id"]
    started = side.curl(f"/containers/{made}/start", "-X", "POST", "-w", "%{http_code}")
    waited = side.curl(f"/containers/{made}/wait", "-X", "POST")
    gone = side.curl(f"/containers/{made}?force=1", "-X", "DELETE", "-w", "%{http_code}")
    return code, started, waited, gone, side.curl(f"/containers/{made}/json", "-w", "%{http_code}")


def curl_gives_up_on_a_stream(side):
    code, _ = side.curl("/events", "--max-time", "0.3")
    return code, side.curl("/_ping")


def curl_asks_for_the_head(side):
    return side.curl("/_ping", "-I", "-o", "/dev/null", "-w", "%{http_code} %{content_type}")


if shutil.which("curl"):  # the same HTTP is spoken by docker-py where there is none
    OPERATIONS += [curl_asks, curl_creates_and_removes, curl_gives_up_on_a_stream, curl_asks_for_the_head]
