"""What the checks of the engine's API share: the client, a server that runs all along, and short words."""

from __future__ import annotations

import contextlib
import functools
import io
import tarfile
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from docker.models.containers import Container

from dockerlab import engine, images

CHECKS: list[Callable[[], None]] = []
RUN = uuid.uuid4().hex[:8]
MiB = 2**20
WEB = "mkdir -p /www; echo hello > /www/index.html; exec httpd -f -p 80 -h /www"
MEMORY_LIMIT = "cd /sys/fs/cgroup; cat memory.max 2> /dev/null || cat memory/memory.limit_in_bytes"

client = engine.connect().client
tiny = images.ensure("tiny").reference


def check(function: Callable[[], None]) -> Callable[[], None]:
    CHECKS.append(function)
    return function


def name(what: str) -> str:
    return f"probe-{what}-{RUN}"


@functools.cache
def server() -> Container:
    """A container that serves a page, for all checks that look into or steer a running one."""
    labels = engine.labels()
    return client.containers.run(tiny, ["sh", "-c", WEB], name=name("server"), detach=True, labels=labels)


def run(command: str | list[str], image: str = tiny, **options: Any) -> str:
    """The output of a container that runs to its end and is removed."""
    words = ["sh", "-c", command] if isinstance(command, str) else command
    return client.containers.run(image, words, remove=True, labels=engine.labels(), **options).decode()


@contextlib.contextmanager
def container(command: list[str], **options: Any) -> Iterator[Container]:
    made = client.containers.create(tiny, command, labels=engine.labels(), **options)
    try:
        made.start()
        yield made
    finally:
        made.remove(force=True, v=True)


def build(dockerfile: str, what: str, **files: str | bytes) -> tuple[str, str]:
    """Build an image; give its name and the log."""
    context = io.BytesIO(packed(Dockerfile=dockerfile, **files))
    tag, labels = name(what), engine.labels(kind="image")
    _, log = client.images.build(fileobj=context, custom_context=True, tag=tag, labels=labels, rm=True)
    return tag, "".join(line.get("stream", "") for line in log)


def packed(**files: str | bytes) -> bytes:
    """A tar of these files; a double underscore in a name stands for a dot."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as tar:
        for file, text in files.items():
            content = text.encode() if isinstance(text, str) else text
            entry = tarfile.TarInfo(file.replace("__", "."))
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return whole.getvalue()


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"did not come true within {seconds} s")
        time.sleep(0.05)
