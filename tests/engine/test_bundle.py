"""The real engine bundle from the real mirror (the cached one when it is there)."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess

import pytest
from homes import link_or_copy

from dockerlab.engine import bundle
from dockerlab.errors import PackageBroken

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def made():
    if platform.system() != "Linux":
        pytest.skip("the engine bundle is for Linux")
    return bundle.ensure()


@pytest.mark.parametrize(
    ("program", "question", "answer"),
    [
        ("dockerd", "--version", "Docker version"),
        ("docker", "--version", "Docker version"),
        ("containerd", "--version", "containerd"),
        ("ctr", "--version", "ctr"),
        ("runc", "--version", "runc version"),
        ("crun", "--version", "crun version"),
        ("docker-init", "--version", "tini version"),
        ("slirp4netns", "--version", "slirp4netns version"),
        ("mke2fs", "-V", "mke2fs"),
        ("ps", "--version", "ps from procps"),
        ("busybox", "--help", "BusyBox"),
    ],
)
def test_programs_run_through_their_own_loader(made, program, question, answer):
    ran = subprocess.run(made.command(program, question), capture_output=True, text=True, env={})
    assert ran.returncode == 0 and answer in ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (["dockerd", "--version"], "Docker version"),
        (["iptables-nft", "-V"], "(nf_tables)"),
        (["iptables-legacy", "-V"], "(legacy)"),
        (["iptables", "-V"], "(legacy)"),
        (["modprobe", "-V"], "+ZSTD"),  # the real one: busybox's cannot read compressed modules
        (["sh", "-c", ". /etc/os-release; echo $PRETTY_NAME"], "Debian GNU/Linux"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_programs_run_in_their_own_root(made, command, answer):
    """As the engine will run them: with nothing of this machine in sight."""
    if os.geteuid() != 0:
        pytest.skip("chroot needs root")
    path = {"PATH": "/usr/sbin:/usr/bin"}
    ran = subprocess.run(["chroot", made.root, *command], capture_output=True, text=True, env=path)
    assert ran.returncode == 0 and answer in ran.stdout, ran.stderr


def test_version_is_that_of_dockerd(made):
    said = subprocess.run(made.command("dockerd", "--version"), capture_output=True, text=True).stdout
    assert made.version.split("+")[0] in said


def test_nothing_in_it_is_setuid_or_leads_to_nothing(made):
    for folder, _, names in os.walk(made.root):
        for name in names:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                assert not os.stat(path).st_mode & 0o6022, path
    for program in bundle._PROGRAMS:
        assert made.binary(program).resolve().is_relative_to(made.root)


def test_a_missing_library_is_noticed(made, tmp_path):
    """Even when this machine happens to have a library of that name."""
    copy = tmp_path / "copy"
    shutil.copytree(made.root, copy, symlinks=True, copy_function=link_or_copy)
    bundle._check(copy)
    next(copy.glob("usr/lib/*-linux-gnu/libseccomp.so.2")).unlink()
    with pytest.raises(PackageBroken, match="라이브러리를 찾지 못합니다") as caught:
        bundle._check(copy)
    assert "libseccomp.so.2" in caught.value.seen


def test_certificates_for_a_machine_without(made):
    text = (made.root / "etc/ssl/certs/ca-certificates.crt").read_text()
    assert text.count("BEGIN CERTIFICATE") > 100
