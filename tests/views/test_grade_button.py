"""The button that grades the saved notebook: what it says without a kernel, and which file it takes."""

from __future__ import annotations

import nbformat
import pytest

import dockerlab as lab
from dockerlab.errors import UsageMistake
from dockerlab.exercises import catalog, generation, record, standing
from dockerlab.grading import answers, submission
from dockerlab.views.course.learning_record import Page
from dockerlab.views.exercises import grade_button
from dockerlab.views.exercises.sheets import practice_sheet

FIRST = catalog.exercise("01")


@pytest.fixture(autouse=True)
def own_record(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKERLAB_RECORD", str(tmp_path / "record"))


def test_without_a_kernel_the_command_is_told():
    button = lab.grade_button("01")
    data, _ = button._repr_mimebundle_()
    for twin in (data["text/plain"], data["text/html"]):
        assert f"dockerlab grade exercises/{FIRST.file_name}" in twin
    assert data["text/plain"] == repr(lab.grade_button("01"))


def test_it_is_not_there_while_grading(monkeypatch):
    monkeypatch.setenv("DOCKERLAB_GRADER", "/nowhere")
    with pytest.raises(UsageMistake):
        lab.grade_button("01")


def test_the_file_that_jupyter_tells_is_taken_and_else_the_one_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "mine.ipynb"))
    with pytest.raises(UsageMistake) as missing:
        grade_button.saved_file(FIRST.file_name)
    assert "%grade" in missing.value.todo
    (tmp_path / FIRST.file_name).write_text("{}")
    assert grade_button.saved_file(FIRST.file_name).name == FIRST.file_name
    (tmp_path / "mine.ipynb").write_text("{}")
    assert grade_button.saved_file(FIRST.file_name).name == "mine.ipynb"


def test_a_file_that_cannot_be_graded_is_told_with_its_reason(tmp_path, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "mine.ipynb"))
    (tmp_path / "mine.ipynb").write_text("{}")
    button = lab.grade_button("01")
    assert button.grade().status == "rejected"
    assert "채점할 수 없는" in button.result["said"] and button.result["notes"][0]
    before = button.result["at"]
    button._pressed(button, {"unsaved": True}, [])
    assert button.result["at"] == before + 1  # the same again is news too
    assert "저장하지 않은 것이 있습니다" in button.result["notes"][1]
    (tmp_path / "mine.ipynb").unlink()
    monkeypatch.chdir(tmp_path)
    button._pressed(button, {"unsaved": None}, [])
    assert "채점하지 못했습니다" in button.result["said"]
    assert not record.grades()


def test_its_cell_is_no_answer(tmp_path):
    made = generation.notebook(FIRST)
    assert "grade_button" in made.cells[-1].source
    for cell in made.cells:
        if cell.id == "grade":
            cell.id = "pasted-elsewhere"
    nbformat.write(made, tmp_path / "x.ipynb")
    found = answers.answers(FIRST, submission.cells(submission.content(tmp_path / "x.ipynb")))
    assert not [source for given in found.values() for source in given if "grade_button" in source]


def test_the_best_grade_is_kept_and_shown():
    record.graded("01", 9, 17)
    record.graded("01", 4, 17)
    first, *others = standing.standings()
    assert (first.graded, first.max, first.state) == (9, FIRST.points, "아직")
    assert all(each.graded is None for each in others)
    assert "9/17" in Page((practice_sheet(standing.standings()),))._repr_html_()
    assert "나의 연습 문제" in lab.record()._repr_html_()
