"""The programs that the course is held against: installed into the cache, apart from the course."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from dockerlab.places import cache_dir

PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")


def installed(*words: str) -> Path:
    """The folder with what these words tell pip to install; made once for them."""
    folder = cache_dir("bench", "-".join(word.strip("-").replace("==", "-") for word in words))
    if not (folder / "made").exists():
        subprocess.run([sys.executable, *PIP, "--target", folder, *words], check=True)
        (folder / "made").touch()
    return folder
