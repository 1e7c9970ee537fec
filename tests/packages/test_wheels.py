"""A wheel made here is one that pip takes, with its dependencies."""

from __future__ import annotations

import subprocess
import sys

from dockerlab.packages.wheels import wheel


def pip(*arguments):
    whole = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    return subprocess.run(whole, capture_output=True, text=True, timeout=120)


def test_pip_installs_it_and_sees_the_conflict(tmp_path):
    made = wheel("tax", "1.0", "RATE = 10\n") | wheel("tax", "2.0", "PERCENT = 10\n")
    made |= wheel("old_shop", "1.0", "import tax\nprint(tax.RATE)\n", requires=["tax<2"])
    made |= wheel("new_shop", "1.0", "import tax\nprint(tax.PERCENT)\n", requires=["tax>=2"])
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
    offline = ("install", "--no-index", "--find-links", tmp_path, "--target")
    assert pip(*offline, tmp_path / "one", "old_shop").returncode == 0
    run = [sys.executable, "-m", "old_shop"]
    ran = subprocess.run(run, cwd=tmp_path / "one", capture_output=True, text=True)
    assert ran.stdout == "10\n"
    both = pip(*offline, tmp_path / "both", "old_shop", "new_shop")
    assert both.returncode != 0
    assert "conflicting dependencies" in both.stderr
    assert not (tmp_path / "both").exists()


def test_the_same_input_gives_the_same_bytes():
    assert wheel("tax", "1.0", "x = 1\n") == wheel("tax", "1.0", "x = 1\n")
