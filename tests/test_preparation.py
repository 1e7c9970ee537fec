"""`make setup`: what it lists, what it installs, and how it goes on without."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

from dockerlab import preparation
from dockerlab.errors import EngineNotFound, ToolMissing

TARGETS = ("setup", "lab", "test", "bench", "notebooks", "soak", "clean")
APT = """#!/bin/bash
echo "$@" >> {log}
for word in "$@"; do case "$word" in APT::Status-Fd=*) fd=${{word#*=}};; esac; done
eval "echo dlstatus:1:50.0:half >&$fd; echo pmstatus:thing:100.0:done >&$fd"
case "$*" in *broken*) echo 'E: Unable to locate package broken'; exit 100;; esac
"""


@pytest.fixture
def apt(tmp_path, monkeypatch):
    """An apt-get that installs nothing and writes down how it was called."""
    log = tmp_path / "calls"
    program = tmp_path / "bin" / "apt-get"
    program.parent.mkdir()
    program.write_text(APT.format(log=log))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.delenv("DOCKERLAB_INSTALL", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return lambda: log.read_text().splitlines() if log.exists() else []


def install(packages, said=None, reported=None):
    said = [] if said is None else said
    reported = [] if reported is None else reported
    preparation.install(
        packages, "시험", said.append, lambda *step: reported.append(step), otherwise=ToolMissing("없습니다")
    )


def test_it_says_what_and_why_before_installing_and_shows_progress(apt):
    said, reported = [], []
    install(["thing"], said, reported)
    assert said == ["배포판의 패키지를 설치합니다: thing (시험)"]
    assert [call.split()[-1] for call in apt()] == ["update", "thing"]
    assert ("thing 설치", 25, 100) in reported
    assert reported[-1] == ("thing 설치", 100, 100)


def test_what_apt_says_is_shown_when_it_fails(apt):
    with pytest.raises(ToolMissing, match="Unable to locate package broken"):
        install(["broken"])


@pytest.mark.parametrize("reason", ["asked not to", "not root", "no apt"])
def test_where_it_may_not_install_it_only_tells(apt, monkeypatch, reason):
    if reason == "asked not to":
        monkeypatch.setenv("DOCKERLAB_INSTALL", "0")
    elif reason == "not root":
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
    else:
        monkeypatch.setenv("PATH", "")
    said = []
    with pytest.raises(ToolMissing, match="없습니다"):
        install(["thing"], said)
    assert (said, apt()) == ([], [])


def test_what_cannot_be_had_is_told_once_and_the_rest_goes_on(monkeypatch):
    done = []

    def fail(say, report):
        raise EngineNotFound("엔진이 없습니다.")

    steps = [fail, fail, lambda say, report: done.append("last")]
    monkeypatch.setattr(preparation, "_steps", lambda for_tests: steps)
    missing = preparation.prepare(lambda line: None, lambda *step: None)
    assert [error.what for error in missing] == ["엔진이 없습니다."]
    assert done == ["last"]


def make(root, *arguments, **environment):
    return subprocess.run(
        ["make", *arguments], cwd=root, capture_output=True, text=True, env=os.environ | environment
    )


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_alone_lists_the_targets_in_korean(root):
    told = make(root, MAKEFLAGS="").stdout
    assert all(re.search(rf"(?m)^  make {target} +.*[가-힣]", told) for target in TARGETS)


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_a_python_without_venv_is_told_with_the_exact_command(root, tmp_path):
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(root / name, tmp_path)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    done = make(tmp_path, "setup", f"PYTHON={python}", DOCKERLAB_INSTALL="0", MAKEFLAGS="")
    assert done.returncode != 0
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"sudo apt-get install -y --no-install-recommends python{minor}-venv" in done.stderr
    assert not (tmp_path / ".venv").exists()
