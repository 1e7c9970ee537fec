"""One way to an engine, direct or through the relay, with results that can be compared."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import tarfile

import docker

from dockerlab.client import programs
from dockerlab.engine import labels

VOLATILE = (
    (re.compile(r"dockerlab\.(\w+)=\S+"), r"dockerlab.\1=<label>"),
    (re.compile(r"sha256:[0-9a-f]{64}"), "<digest>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<id>"),
    (re.compile(r"\b[0-9a-f]{12}\b"), "<short>"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]+( ?[+-]\d{4} UTC|Z|[+-]\d\d:\d\d)?"), "<time>"),
    (re.compile(r"\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b"), "<mac>"),
    (re.compile(r"\b\d+\.\d+\.\d+\.\d+(/\d+)?\b"), "<address>"),
    (re.compile(r"(Up )?(Less than a second|About a minute|\d+ (seconds?|minutes?|hours?))( ago)?"), "<age>"),
)


class Side:
    """``url`` leads to the engine; ``name`` is part of everything this side makes."""

    def __init__(self, url: str, name: str, image: str) -> None:
        self.url = url
        self.name = name
        self.image = image
        self.client = docker.DockerClient(base_url=url, version="auto")
        self.api = self.client.api

    def called(self, what: str) -> str:
        return f"transparent-{what}-{self.name}"

    def container(self, command, **options):
        return self.client.containers.create(self.image, command, labels=labels(), **options)

    def running(self, command=("sleep", "1000"), **options):
        made = self.container(list(command), init=True, **options)
        made.start()
        return made

    def docker(self, *words: str, stdin: bytes = b"", program=None) -> tuple[int, bytes, bytes]:
        command = [*(program or programs.program("docker")), *words]
        done = subprocess.run(
            command, env=programs.environment(self.url) | {"DOCKER_BUILDKIT": "0"},
            input=stdin, capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    def typed(self, *words: str, keys: bytes) -> bytes:
        """The docker command on a terminal of its own: what the terminal showed."""
        outer, inner = pty.openpty()
        command = [*programs.program("docker"), *words]
        with subprocess.Popen(
            command, env=programs.environment(self.url), stdin=inner, stdout=inner, stderr=inner
        ) as process:
            os.close(inner)
            os.write(outer, keys)
            shown = b""
            try:
                while part := os.read(outer, 4096):
                    shown += part
            except OSError:
                pass  # how Linux tells that nobody is at the other end any more
            code = process.wait(60)
        os.close(outer)
        return shown + b"|%d" % code

    def curl(self, path: str, *options: str) -> tuple[int, bytes]:
        socket = self.url.removeprefix("unix://")
        done = subprocess.run(
            ["curl", "-sS", "--unix-socket", socket, *options, f"http://docker{path}"],
            capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout

    def compared(self, value):
        """The value without what differs from one run to the next: ids, times, addresses, our names."""
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, str):
            value = value.replace(self.name, "<side>")
            for pattern, word in VOLATILE:
                value = pattern.sub(word, value)
            return value
        if isinstance(value, dict):
            told = ((self.compared(key), self.compared(each)) for key, each in value.items())
            return {key: each for key, each in told if key not in ("dockerlab.object", "Pid")}
        if isinstance(value, list | tuple):
            return [self.compared(each) for each in value]
        return value


def packed(**files: bytes) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return whole.getvalue()


def unpacked(data: bytes) -> dict[str, int]:
    """Names and sizes in a tar, without those that are digests."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {re.sub(r"[0-9a-f]{64}", "<id>", one.name): one.size for one in tar}
