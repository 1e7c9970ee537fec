"""The User-Mode Linux rung where little is allowed, and where too little is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import docker
import psutil
import pytest
from holding import NO_PTRACE, Holder, attempt, nothing_is_left_of, own_home

from dockerlab.engine import bundle
from dockerlab.engine.rungs import uml

pytestmark = pytest.mark.engine

# In mounts of its own, so that the user reaches this checkout and its Python even where they lie in /root.
POWERLESS = """
set -eu
home=$1; shift
mkdir "$home/root"
for entry in /root/* /root/.[!.]*; do
  [ -d "$entry" ] || continue
  mkdir "$home/root/${entry##*/}"
  mount --bind "$entry" "$home/root/${entry##*/}"
done
mount --rbind "$home/root" /root
exec setpriv --reuid nobody --regid nogroup --clear-groups --no-new-privs --bounding-set=-all \
  --inh-caps=-all "$@"
"""


@pytest.fixture
def home():
    with own_home() as path:
        yield path


@pytest.fixture(scope="module", autouse=True)
def possible():
    if reason := uml.impossible():
        pytest.skip(reason)


def test_a_user_without_any_power_has_the_engine_too(home):
    if os.geteuid() != 0:
        pytest.skip("whoever runs this test is such a user already")
    unpacked = bundle.ensure().root
    if not all(folder.stat().st_mode & 0o005 == 0o005 for folder in (unpacked, *unpacked.parents[:-2])):
        pytest.skip(f"other users may not read {unpacked}")
    shutil.chown(home, "nobody", "nogroup")
    holder = Holder(
        home, "uml", "unshare", "--mount", "sh", "-c", POWERLESS, "sh", str(home), "env", f"HOME={home}"
    )
    told = holder.holds()
    assert psutil.Process(told["pid"]).uids().effective != 0
    assert docker.DockerClient(told["url"]).ping()
    holder.leave()
    assert nothing_is_left_of(home)


# --- a machine that does not let it -------------------------------------------------------------
DENIED = pytest.mark.parametrize(
    "filter", [NO_PTRACE, NO_PTRACE.replace("0x50001", "0x80000000")], ids=["denies", "kills"]
)


@DENIED
def test_where_ptrace_is_denied_it_is_told_beforehand(filter):
    look = filter + "from dockerlab.engine.rungs import uml; print(uml.impossible())"
    told = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout
    assert "ptrace" in told


@DENIED
def test_a_kernel_that_may_not_trace_fails_with_its_reason_and_leaves_nothing(home, filter):
    told = attempt(home, "uml", filter)
    assert "failed:" in told and "ptrace" in told
    assert nothing_is_left_of(home)


def test_without_memory_it_is_told(home):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (400 * 2**20, 400 * 2**20))\n"
    told = attempt(home, "uml", limit)
    assert "failed:" in told and "emory" in told
    assert nothing_is_left_of(home)


def test_the_patched_program_names_the_other_loader_and_still_runs(tmp_path):
    loader = bundle.ensure().command("mke2fs")[0]
    made = uml.with_loader(Path(sys.executable).resolve(), loader, tmp_path / "program")
    assert loader.encode() in made.read_bytes()
    assert uml.with_loader(made, loader, made).read_bytes().startswith(b"\x7fELF")
