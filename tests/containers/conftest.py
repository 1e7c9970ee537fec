"""An embedded engine of a test's own, to be killed and starved."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

# A process of its own: its home, its engine and its watcher are nobody else's.
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


@pytest.fixture(scope="session")
def tiny_bundle(tiny, tmp_path_factory):
    from dockerlab import images

    return images.export_bundle(tmp_path_factory.mktemp("bundle") / "tiny.tar", images=["tiny"]).path


@pytest.fixture
def private_home():
    """A home with a short path (sockets), sharing the unpacked engine bundle; nothing of it stays."""
    from dockerlab.engine import embedded
    from dockerlab.engine.rungs import root

    if why := embedded.impossible("root"):
        pytest.skip(f"no embedded engine here: {why}")
    home = Path(tempfile.mkdtemp(prefix="dl", dir="/tmp"))
    if not root.own_binaries():
        from dockerlab.engine import bundle

        (home / "bundle").symlink_to(bundle.ensure().root.parent)
    yield home
    for process in _processes(home):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    deadline = time.monotonic() + 20
    while _processes(home) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _processes(home)
    shutil.rmtree(home, ignore_errors=True)


def _processes(home):
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if str(home) in " ".join(process.cmdline()) and process.pid != os.getpid():
                found.append(process)
    return found


@pytest.fixture
def in_private_engine(private_home, tiny_bundle):
    """Runs a script as a learner's process on a private engine; returns what it told, line by line."""

    def run(script, timeout=120):
        environment = {
            name: value for name, value in os.environ.items() if name not in ("DOCKER_HOST", "DOCKER_CONTEXT")
        }
        environment |= {
            "DOCKERLAB_HOME": str(private_home),
            "DOCKERLAB_ENGINE_IDLE": "0.5",
            "TINY_BUNDLE": str(tiny_bundle),
        }
        done = subprocess.run(
            [sys.executable, "-c", _PRELUDE + script],
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    run.home = private_home
    return run
