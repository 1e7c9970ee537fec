"""The room of a submission where the course lies in a place that the room hides or writes to."""

from __future__ import annotations

import os
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


def test_neither_the_repository_nor_other_submissions_can_be_read(root):
    kind = sandbox.isolation()
    if kind == "none":
        pytest.skip("no namespaces can be made here: a room has no walls")
    look = f"ls -A {root}; git -c safe.directory=* -C {root} log -1; cat {root}/tests/conftest.py; ls /srv"
    with sandbox.room() as work, tempfile.TemporaryDirectory(prefix="class-", dir=_data()) as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "neighbour.ipynb").write_text("answer")
        (work / sandbox.NOTEBOOK).touch()
        look += f"; cat {folder}/neighbour.ipynb"
        walls = sandbox._walls(kind, work)
        done = subprocess.run([*walls, "sh", "-c", look], capture_output=True, text=True, check=False)
    seen = set(done.stdout.split())
    kept = [Path(each) for each in sandbox._kept() if Path(each).is_relative_to(root)]
    assert seen == {each.relative_to(root).parts[0] for each in kept}, done.stderr


def _data() -> Path:
    """A place for a class that is not a home, where this user may write one."""
    return Path("/srv") if os.access("/srv", os.W_OK) else Path.home()
