"""A short run of each fuzz target; `python tests/fuzz/fuzz_layers.py` runs a million."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_nothing_escapes_the_reader_of_images(tmp_path):
    target = Path(__file__).with_name("fuzz_layers.py")
    done = subprocess.run(
        [sys.executable, str(target), "--inputs", "3000", "--keep", str(tmp_path)],
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "3000 inputs" in done.stdout
