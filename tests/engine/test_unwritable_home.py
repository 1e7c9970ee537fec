"""A home that cannot be written to, or is full, is told in three lines by every verb."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from dockerlab import places
from dockerlab.errors import DiskFull

pytestmark = pytest.mark.engine

VERBS = (["images"], ["clean"], ["race", "-n", "1"], ["images", "prepare", "tiny"])


@pytest.fixture
def mounted():
    """A folder with a small file system of its own, and a short path (sockets)."""
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("mounting needs root on Linux")
    home = Path(tempfile.mkdtemp(prefix="dl", dir="/tmp"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "dockerlab-test", home], check=True)
    yield home
    subprocess.run(["umount", "-l", home], check=True)
    home.rmdir()


def told(home: Path, verb: list[str]) -> tuple[str, str]:
    environment = {name: value for name, value in os.environ.items() if name != "DOCKER_HOST"}
    environment |= {"DOCKERLAB_HOME": str(home), "DOCKERLAB_ENGINE": "embedded"}
    command = [sys.executable, "-m", "dockerlab", *verb, "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr, done.stderr
    return json.loads(done.stdout)["error"]["code"], done.stderr


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_read_only(mounted, verb):
    for folder in ("run", "run/engine/root", "run/session", "cache/images", "engine", "vm", "bundle"):
        (mounted / folder).mkdir(parents=True)
    subprocess.run(["mount", "-o", "remount,ro", mounted], check=True)
    assert told(mounted, verb)[0] == "E60"


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_full(mounted, verb):
    from dockerlab.engine import bundle
    from dockerlab.engine.rungs import root

    if not root.own_binaries():
        (mounted / "bundle").symlink_to(bundle.ensure().root.parent)
    for folder in ("run/engine/root", "run/session", "cache/images", "engine/root", "engine/mount"):
        (mounted / folder).mkdir(parents=True)
    with open(mounted / "ballast", "wb", buffering=0) as ballast, pytest.raises(OSError, match="space"):
        while True:
            ballast.write(bytes(4096))
    assert told(mounted, verb)[0] == DiskFull.code


def test_relative_home_is_made_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKERLAB_HOME", "here")
    assert places.data_dir("a") == tmp_path / "here" / "a"
    assert places.cache_dir() == tmp_path / "here" / "cache"
