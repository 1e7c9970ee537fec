"""How a bundle comes to be, with a tiny repository in place of Debian's: killed, disturbed, shared."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys

import pytest
from debian_repository import file_member, make_deb

from dockerlab.engine import bundle
from dockerlab.errors import ChecksumMismatch, DiskFull, FetchError, PackageBroken
from dockerlab.packages import lists

BUSYBOX = b'#!/bin/sh\necho sh\necho ls\necho dockerd\n'
PROGRAMS = ("busybox", "dockerd", "sh")

# A process of its own that makes the bundle, and can be told to stop in the middle.
CHILD = f"""
import os, sys
from pathlib import Path
from dockerlab.engine import bundle
from dockerlab.packages import lists, release
keys, stop = sys.argv[1:]
release.KEYS, bundle._PROGRAMS = Path(keys), {PROGRAMS!r}
lists.architecture = bundle.architecture = lambda: "amd64"
bundle.WANTED = ("busybox-static", "docker.io")
def pause(real):
    def paused(*arguments):
        result = real(*arguments)
        print("here", flush=True)
        sys.stdin.read()
        return result
    return paused
if stop:
    setattr(bundle, stop, pause(getattr(bundle, stop)))
print(bundle.ensure().root, flush=True)
"""


@pytest.fixture
def recipe(repository, monkeypatch):
    """A repository with what a bundle of two packages needs."""
    monkeypatch.setattr(bundle, "WANTED", ("busybox-static", "docker.io"))
    monkeypatch.setattr(bundle, "_PROGRAMS", PROGRAMS)
    monkeypatch.setattr(bundle, "architecture", lambda: "amd64")
    repository.add("busybox-static", [file_member("bin/busybox", BUSYBOX, 0o755)])
    repository.docker = repository.add(
        "docker.io",
        [file_member("usr/sbin/dockerd", b"real", 0o755), file_member("usr/share/doc/docker.io/x", b"doc")],
        depends="busybox-static, libsmall, init-system-helpers",
        version="26.1.5",
    )
    repository.add(
        "libsmall", [file_member("usr/lib/x86_64-linux-gnu/libsmall.so")], extra="Replaces: x"
    )
    repository.stanzas[-1] = repository.stanzas[-1].replace("Section: admin", "Section: libs")
    repository.add("init-system-helpers", [file_member("usr/bin/systemd-thing")])
    repository.publish()
    return repository


@pytest.fixture
def start(recipe, tmp_path, home):
    """Start a process that makes the bundle, and stops after the step that is named."""
    children = []

    def started(stop=""):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path / "keys"), stop],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        children.append(child)
        return child

    yield started
    for child in children:
        child.kill()
        child.wait()
        child.stdin.close()
        child.stdout.close()


def said(child, seconds=30):
    assert select.select([child.stdout], [], [], seconds)[0], "the child said nothing"
    return child.stdout.readline().strip()


def folders(home):
    return sorted(path.name for path in (home / "bundle").iterdir() if path.is_dir())


def test_made_from_wanted_packages_and_their_libraries(recipe):
    assert bundle.installed() is None
    told = []
    made = bundle.ensure(lambda *a: told.append(a))
    root = made.root
    assert made.version == "26.1.5" and made == bundle.installed()
    assert made.binary("dockerd").read_bytes() == b"real"
    assert made.command("dockerd", "--version") == [str(root / "usr/sbin/dockerd"), "--version"]
    assert (root / "usr/lib/x86_64-linux-gnu/libsmall.so").exists()
    assert not (root / "usr/share/doc").exists() and not (root / "usr/bin/systemd-thing").exists()
    assert os.readlink(root / "usr/bin/sh") == "busybox"
    assert not os.path.lexists(root / "usr/bin/dockerd")  # no applet in place of a real program
    assert os.readlink(root / "usr/sbin/iptables") == "xtables-legacy-multi"
    assert "docker" not in (root / "etc/group").read_text()
    manifest = json.loads((root / "manifest.json").read_text())
    names = [package["name"] for package in manifest["packages"]]
    assert names == ["busybox-static", "docker.io", "libsmall"]
    assert {what for what, _, _ in told} >= {"엔진 묶음 내려받기", "엔진 묶음 풀기"}


def test_made_bundle_needs_no_network(recipe, server, home):
    made = bundle.ensure()
    shutil.rmtree(home / "cache")
    server.shutdown()
    server.server_close()
    assert bundle.ensure() == made


def test_missing_program(recipe):
    made = bundle.ensure()
    with pytest.raises(PackageBroken, match="nothing"):
        made.binary("nothing")


@pytest.mark.parametrize("stop", ["gather", "unpack", "_furnish", "_check", "_manifest"])
def test_killed_in_the_middle_then_made(start, home, stop):
    child = start(stop)
    assert said(child) == "here"
    assert bundle.installed() is None
    child.send_signal(signal.SIGKILL)
    child.wait(10)
    made = bundle.ensure()
    assert folders(home) == [made.root.name]
    assert made.binary("dockerd").read_bytes() == b"real"


def test_killed_while_a_new_one_is_made_leaves_the_old_one(start, home, recipe, monkeypatch):
    monkeypatch.setattr(bundle, "_RECIPE_VERSION", 0)
    old = bundle.ensure()
    child = start("_check")
    assert said(child) == "here"
    child.kill()
    child.wait(10)
    assert bundle.installed() == old


def test_two_at_once(start, home, recipe):
    first = start("_furnish")
    assert said(first) == "here"
    second = start()
    third = start()
    assert not select.select([second.stdout, third.stdout], [], [], 0.5)[0]  # they wait
    first.stdin.close()
    roots = {said(child) for child in (first, second, third)}
    assert roots == {str(bundle.installed().root)} and len(folders(home)) == 1
    assert recipe.count("docker.io_26.1.5_amd64.deb") == 1


def test_the_one_who_waits_goes_on_when_the_other_is_killed(start, home):
    first = start("unpack")
    assert said(first) == "here"
    second = start()
    first.kill()
    assert said(second) == str(bundle.installed().root) and len(folders(home)) == 1


def test_broken_package_leaves_nothing(recipe, home):
    recipe.files[recipe.docker] = recipe.files[recipe.docker][:-4] + b"evil"
    with pytest.raises(ChecksumMismatch):
        bundle.ensure()
    assert folders(home) == [] and bundle.installed() is None


def test_package_without_the_program_is_no_bundle(recipe, home, monkeypatch):
    monkeypatch.setattr(bundle, "_PROGRAMS", (*PROGRAMS, "runc"))
    with pytest.raises(PackageBroken, match="runc"):
        bundle.ensure()
    assert folders(home) == []


def test_archive_that_moved_on(recipe, home):
    """The kept list names a file that the mirror has replaced: the list is asked for anew."""
    lists.open_index("trixie")
    del recipe.files[recipe.docker]
    recipe.stanzas[:] = [s for s in recipe.stanzas if not s.startswith("Package: docker.io\n")]
    recipe.add("docker.io", deb=make_deb([file_member("usr/sbin/dockerd", b"newer")]), version="26.1.6")
    recipe.publish()
    assert bundle.ensure().version == "26.1.6"


def test_mirror_out_of_reach_after_its_list_was_kept(recipe, home, monkeypatch):
    """A laptop in another network: the public mirror answers where the campus one does not."""
    lists.open_index("trixie")
    gone = "http://127.0.0.1:9/debian"
    (home / "cache/packages/lists/trixie.mirror").write_text(gone)
    monkeypatch.setattr(lists, "mirrors", lambda: [gone, recipe.url])
    assert bundle.ensure().version == "26.1.5"


def test_file_that_is_nowhere(recipe, home):
    del recipe.files[recipe.docker]
    with pytest.raises(FetchError) as caught:
        bundle.ensure()
    assert caught.value.status == 404 and folders(home) == []


def test_old_bundle_goes_unless_something_runs_from_it(recipe, home, monkeypatch):
    monkeypatch.setattr(bundle, "_RECIPE_VERSION", 0)
    older = bundle.ensure()
    monkeypatch.setattr(bundle, "_RECIPE_VERSION", 2)
    shutil.copy(shutil.which("sleep"), older.root / "usr/bin/sleep")
    user = subprocess.Popen([older.root / "usr/bin/sleep", "60"])
    try:
        middle = bundle.ensure()
        assert set(folders(home)) == {older.root.name, middle.root.name}
    finally:
        user.kill()
        user.wait()
    monkeypatch.setattr(bundle, "_RECIPE_VERSION", 3)
    assert folders(home) == sorted([older.root.name, middle.root.name])
    newest = bundle.ensure()
    assert folders(home) == [newest.root.name]


def test_full_disk_then_room_again(recipe, home, tmp_path, monkeypatch):
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    recipe.stanzas.clear()
    recipe.add("busybox-static", [file_member("bin/busybox", BUSYBOX, 0o755)])
    recipe.add("docker.io", [file_member("usr/sbin/dockerd", bytes(4 << 20), 0o755)], version="26.1.5")
    recipe.publish()
    (home / "bundle").mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", home / "bundle"]
    subprocess.run(mount, check=True)
    try:
        with pytest.raises(DiskFull):
            bundle.ensure()
        assert folders(home) == []
        subprocess.run(["mount", "-o", "remount,size=16m", home / "bundle"], check=True)
        assert bundle.ensure().version == "26.1.5"
    finally:
        subprocess.run(["umount", home / "bundle"], check=True)
