"""Homes for engines of a test's own: where one is made, and what runs for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

_PRELUDE = """
import json, os, signal, sys, threading, time
from dockerlab import containers, engine, images
from dockerlab.engine import embedded
def tell(**what):
    print(json.dumps(what), flush=True)
def attempt(call):
    began = time.perf_counter()
    try:
        call()
    except Exception as error:
        tell(error=type(error).__name__, code=getattr(error, "code", ""), text=str(error),
             seconds=time.perf_counter() - began)
    else:
        tell(error="", code="", text="", seconds=time.perf_counter() - began)
def left():
    return [c["Id"] for c in engine.connect().client.api.containers(all=True)]
"""


def new_home() -> Path:
    """An empty home that shares the unpacked engine bundle. Its path is short, since sockets live there."""
    from dockerlab.engine import bundle, embedded
    from dockerlab.engine.rungs import root

    if why := embedded.impossible("root"):
        pytest.skip(f"no embedded engine here: {why}")
    home = Path(tempfile.mkdtemp(prefix="dl", dir="/tmp"))
    if not root.own_binaries():
        (home / "bundle").symlink_to(bundle.ensure().root.parent)
    return home


def processes_of(home, word=""):
    """Everything whose command line names this home, and the word: supervisor, dockerd, shims, guests."""
    found = []
    for process in psutil.process_iter(["cmdline", "name"]):
        line = " ".join(process.info["cmdline"] or ())
        if str(home) in line and word in line and process.pid != os.getpid():
            found.append(process)
    return found


def link_or_copy(source, target, **options):
    """For ``shutil.copytree``: hard links where they are possible."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, **options)
    return target


def told_in(home, tiny_bundle, script, timeout) -> list:
    """What a script told, line by line, as a learner's process whose engine and watcher are nobody else's."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("DOCKER_HOST", "DOCKER_CONTEXT")
    }
    environment |= {
        "DOCKERLAB_HOME": str(home),
        "DOCKERLAB_ENGINE_IDLE": "0.5",
        "TINY_BUNDLE": str(tiny_bundle),
    }
    done = subprocess.run(
        [sys.executable, "-c", _PRELUDE + script],
        env=environment, capture_output=True, text=True, timeout=timeout,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
