"""The course in a wheel: placed in a folder of the learner's, whose answers no later edition overwrites."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
import zipfile

import pytest

from dockerlab import courseware
from dockerlab.errors import PlaceNotWritable


@pytest.fixture
def material(tmp_path):
    def write(**texts):
        for name, text in texts.items():
            path = tmp_path / "material" / "notebooks" / f"{name}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / "material"

    return write


def test_a_new_folder_gets_everything_and_a_second_time_changes_nothing(material, tmp_path):
    folder = tmp_path / "mine"
    placed = courseware.place(folder, "1", material(a="one", b="two"))
    assert placed.added == ("notebooks/a.ipynb", "notebooks/b.ipynb")
    assert (folder / "notebooks/a.ipynb").read_text() == "one"
    again = courseware.place(folder, "1", material())
    assert not (again.added or again.updated or again.kept or again.beside)
    assert courseware.is_course(folder)


def test_an_upgrade_keeps_what_the_learner_changed_and_puts_the_new_edition_beside(material, tmp_path):
    folder = tmp_path / "mine"
    courseware.place(folder, "1", material(answered="one", untouched="one", same="one"))
    for name in ("answered", "same"):
        (folder / f"notebooks/{name}.ipynb").write_text("the learner's answer")
    (folder / "notebooks/own.ipynb").write_text("the learner's own")

    placed = courseware.place(folder, "2", material(answered="two", untouched="two"))

    assert placed.updated == ("notebooks/untouched.ipynb",)
    assert placed.kept == ("notebooks/same.ipynb",)
    assert placed.beside == ("notebooks/answered.ipynb",)
    assert (folder / "notebooks/answered.ipynb").read_text() == "the learner's answer"
    assert (folder / "new-2/notebooks/answered.ipynb").read_text() == "two"
    assert (folder / "notebooks/untouched.ipynb").read_text() == "two"
    assert (folder / "notebooks/own.ipynb").read_text() == "the learner's own"
    assert "answered" in str(placed) and "그대로" in str(placed)


def test_a_deleted_file_comes_back_and_checkpoints_never_come(material, tmp_path):
    folder = tmp_path / "mine"
    source = material(a="one")
    (source / "notebooks/.ipynb_checkpoints").mkdir()
    (source / "notebooks/.ipynb_checkpoints/a.ipynb").write_text("old")
    courseware.place(folder, "1", source)
    (folder / "notebooks/a.ipynb").unlink()
    assert courseware.place(folder, "1", source).added == ("notebooks/a.ipynb",)
    assert not list(folder.rglob("*checkpoints*"))


@pytest.mark.parametrize("ledger", [None, "", "{", "[]"])
def test_with_the_notes_lost_every_file_counts_as_the_learners(material, tmp_path, ledger):
    folder = tmp_path / "mine"
    courseware.place(folder, "1", material(a="one"))
    (folder / "notebooks/a.ipynb").write_text("the learner's answer")
    notes = folder / courseware.LEDGER
    notes.unlink() if ledger is None else notes.write_text(ledger)
    courseware.place(folder, "2", material(a="two"))
    assert (folder / "notebooks/a.ipynb").read_text() == "the learner's answer"


def test_a_folder_that_cannot_be_made_is_told(material, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(PlaceNotWritable):
        courseware.place(tmp_path / "file" / "mine", "1", material(a="one"))


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory):
    """The wheel of this tree, unpacked as pip would."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", folder, root], check=True, capture_output=True)
    (built,) = folder.glob("dockerlab_course-*.whl")
    with zipfile.ZipFile(built) as packed:
        packed.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_carries_the_course_and_every_file_of_the_package(wheel, root):
    for kind in ("notebooks", "exercises"):
        here = {path.name for path in (root / kind).glob("*.ipynb")}
        assert here == {path.name for path in (wheel / "dockerlab/material" / kind).glob("*.ipynb")}
    listed = subprocess.run(
        ["git", "-C", root, "ls-files", "dockerlab"], capture_output=True, text=True, check=True
    )
    tracked = [name for name in listed.stdout.split() if (root / name).exists()]
    assert tracked and not [name for name in tracked if not (wheel / name).exists()]


def test_without_the_repository_the_lab_opens_a_folder_of_the_learners(wheel, tmp_path):
    environment = {"PYTHONPATH": str(wheel), "HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    lab = subprocess.Popen(
        [sys.executable, "-m", "dockerlab", "lab", "--no-browser"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, cwd=tmp_path,
    )  # fmt: skip
    told, deadline = "", time.monotonic() + 60
    try:
        while "token=" not in told and lab.poll() is None and time.monotonic() < deadline:
            if select.select([lab.stdout], [], [], 0.5)[0]:
                told += os.read(lab.stdout.fileno(), 4096).decode()
    finally:
        lab.send_signal(signal.SIGINT)
        rest, _ = lab.communicate(timeout=30)
    assert re.search(r"http://127\.0\.0\.1:\d+/\S+token=", told), told + rest.decode()
    folder = tmp_path / "dockerlab-course"
    assert str(folder) in told
    assert courseware.is_course(folder) and (folder / "notebooks/03-container-vs-vm.ipynb").is_file()
