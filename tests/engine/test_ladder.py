"""Which rung is taken: the best that truly works, found by trying, and every failed try is told."""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from holding import NO_PTRACE, nothing_is_left_of

from dockerlab.engine import bundle, rungs
from dockerlab.engine.rungs import root

pytestmark = pytest.mark.engine

CHOOSE = """
import json
from dockerlab.engine import embedded
from dockerlab.engine.search import discover
found = discover()
print(json.dumps({"rung": embedded.said().get("rung"), "failure": str(found.failure or ""),
                  "tried": [[one.origin, one.error.what if one.error else ""] for one in found.attempts]}))
"""
POWERLESS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs")


@pytest.fixture
def home():
    if os.geteuid() != 0 or root.impossible():
        pytest.skip("needs a root that may make namespaces, to take it away from itself")
    path = Path(tempfile.mkdtemp(prefix="dl", dir="/tmp"))
    (path / "bundle").symlink_to(bundle.ensure().root.parent)
    yield path
    assert nothing_is_left_of(path)  # an emulated machine is put to sleep before its engine has ended
    shutil.rmtree(path)


def choice(home, *prefix, engine="embedded", before=""):
    environment = {**os.environ, "DOCKERLAB_HOME": str(home), "DOCKERLAB_ENGINE": engine}
    environment["DOCKERLAB_ENGINE_IDLE"] = "0"
    command = [*prefix, sys.executable, "-c", before + CHOOSE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="User-Mode Linux is for x86-64")
def test_a_root_without_power_gets_an_engine_with_its_own_kernel(home):
    told = choice(home, *POWERLESS)  # as in many containers: Colab and the like
    assert told["rung"] == "uml", told
    assert [bool(why) for _, why in told["tried"]] == [True, True, False]
    assert "unshare" in told["tried"][0][1]


@pytest.mark.soak
def test_where_even_ptrace_is_denied_the_whole_machine_is_emulated(home):
    told = choice(home, *POWERLESS, before=NO_PTRACE)
    assert told["rung"] == "qemu", told
    assert [bool(why) for _, why in told["tried"]] == [True, True, True, False]
    assert "ptrace" in told["tried"][2][1]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="User-Mode Linux is for x86-64")
def test_an_engine_that_does_not_start_gives_way_to_the_next(home):
    data = home / "engine/root"
    data.mkdir(parents=True)
    (data / "volumes").write_text("not a folder")
    told = choice(home)
    assert told["rung"] == "uml", told
    assert told["tried"][0][1] and rungs.rung("root").TITLE in told["tried"][0][0]


def test_a_named_rung_is_not_replaced(home):
    told = choice(home, *POWERLESS, engine="root")
    assert told["rung"] is None and len(told["tried"]) == 1
    assert "E01" in told["failure"]
