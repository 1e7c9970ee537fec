"""The room of a submission where the course lies in a place that the room hides or writes to."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from dockerlab.grading import sandbox


@pytest.mark.parametrize("place", ["/tmp", str(Path.home())])
def test_what_runs_the_kernel_is_there_and_cannot_be_changed(place, monkeypatch):
    kind = sandbox.isolation()
    if kind == "none":
        pytest.skip("no namespaces can be made here: a room has no walls")
    kept = Path(tempfile.mkdtemp(prefix="dockerlab-kept-", dir=place))
    try:
        kept.chmod(0o777)
        (kept / "file").write_text("here")
        before = sandbox._kept()
        monkeypatch.setattr(sandbox, "_kept", lambda: [*before, str(kept)])
        look = f"cat {kept}/file; touch {kept}/other && echo written; touch /tmp/mine && echo mine"
        with sandbox.room() as work:
            (work / sandbox.NOTEBOOK).touch()
            walls = sandbox._walls(kind, work)
            done = subprocess.run([*walls, "sh", "-c", look], capture_output=True, text=True, check=False)
        assert done.stdout == "heremine\n", done.stderr
        assert [each.name for each in kept.iterdir()] == ["file"]
    finally:
        shutil.rmtree(kept)
