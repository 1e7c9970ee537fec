"""What containers.run costs over the raw Docker API: the same calls over one kept-alive socket.

    python bench/bench_run.py [--rounds 100] [--image tiny]

Both do create, attach, start, wait, read to the end, remove. The raw side is nothing but http.client on
a Unix socket (attach needs a connection of its own, as it takes it over). "raw again" is the same as
"raw": how far it is from 1 is what this machine's noise alone does. Prints Markdown; exits 1 when the
median overhead is 5 % or more.
"""

from __future__ import annotations

import argparse
import http.client
import json
import socket
import sys
import time

from ratios import met, show

from dockerlab import containers, engine, images, measure
from dockerlab.containers.request import Request

GOAL = 1.05
COMMAND = ["echo", "ready"]


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Raw:
    """The raw calls, written down once."""

    def __init__(self, path: str, version: str, body: bytes) -> None:
        self.path, self.version, self.body = path, version, body
        self.kept = UnixConnection(path)

    def call(self, method: str, path: str, body: bytes | None = None) -> bytes:
        headers = {"Content-Type": "application/json"} if body else {}
        self.kept.request(method, f"/v{self.version}{path}", body, headers)
        answer = self.kept.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise SystemExit(f"{method} {path}: {answer.status} {content.decode()}")
        return content

    def attach(self, container: str) -> socket.socket:
        taken = socket.socket(socket.AF_UNIX)
        taken.connect(self.path)
        path = f"/v{self.version}/containers/{container}/attach?stdout=1&stderr=1&stream=1"
        taken.sendall(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            head += taken.recv(1)
        return taken

    def run(self) -> measure.Phases:
        start = time.perf_counter()
        marks: dict[str, float] = {}
        container = json.loads(self.call("POST", "/containers/create", self.body))["Id"]
        marks["create"] = time.perf_counter() - start
        with self.attach(container) as stream:
            self.call("POST", f"/containers/{container}/start")
            marks["start"] = time.perf_counter() - start
            code = json.loads(self.call("POST", f"/containers/{container}/wait"))["StatusCode"]
            marks["exit"] = time.perf_counter() - start
            output = b""
            while chunk := stream.recv(65536):
                output += chunk
        self.call("DELETE", f"/containers/{container}?force=1&v=1")
        marks["remove"] = time.perf_counter() - start
        if code != 0 or output[8:] != b"ready\n":
            raise SystemExit(f"unexpected: {code} {output!r}")
        return measure.Phases(tuple(marks.items()))


def ours(image: str) -> measure.Phases:
    start = time.perf_counter()
    result = containers.run(image, COMMAND)
    seconds = time.perf_counter() - start
    if result.exit_code != 0 or result.stdout != "ready\n":
        raise SystemExit(f"unexpected: {result}")
    # Its own marks, and last what the call took on either side of them.
    return measure.Phases((*result.phases.marks, ("before and after", seconds)))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=100)
    options.add_argument("--image", default="tiny")
    options = options.parse_args()
    images.ensure(options.image)
    connected = engine.connect()
    if connected.endpoint.path is None:
        raise SystemExit(f"not a Unix socket: {connected.endpoint.url}")
    # The very same request, so that the engine has the same work to do.
    request = Request(options.image, tuple(COMMAND))
    body = json.dumps(request.body(engine.labels(deadline=3600.0), connected.info["NCPU"])).encode()
    raw = Raw(str(connected.endpoint.path), connected.api_version, body)
    taken = measure.rounds(
        {"raw": raw.run, "containers.run": lambda: ours(options.image), "raw again": raw.run},
        n=options.rounds,
        warmup=3,
    )
    run, again = show(f"containers.run over the raw API: {options.image}", taken, "raw", connected)
    print()
    return 0 if met(GOAL, run, again) else 1


if __name__ == "__main__":
    sys.exit(main())
