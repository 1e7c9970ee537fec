"""Exercise notebooks are made from their solutions and are current; no answer is in them."""

import json

import pytest

from dockerlab.exercises import catalog, generation

EXERCISES = tuple(catalog.exercises().values())


def test_every_notebook_in_the_folder_is_made_from_a_solution_and_current(root):
    kept = {path.name: path.read_text(encoding="utf-8") for path in (root / "exercises").glob("*.ipynb")}
    assert kept == {each.file_name: generation.text(each) for each in EXERCISES}, "run make exercises"


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.number)
def test_an_exercise_is_whole(exercise):
    assert 4 <= len(exercise.tasks) <= 6
    for task in exercise.tasks:
        assert len(task.hints) == 3 and all(hint.strip() for hint in task.hints)
        assert len(task.wrong) >= 3
        assert len({wrong.says for wrong in task.wrong}) == len(task.wrong)
        assert task.explanation.strip()


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.number)
def test_no_notebook_and_no_hint_gives_an_answer_away(exercise):
    notebook = json.loads(generation.text(exercise))
    shown = "\n".join("".join(cell["source"]) for cell in notebook["cells"])
    for task in exercise.tasks:
        told = " ".join(task.hints)
        for line in task.answer.splitlines():
            # A line of an answer that does something; names and brackets alone are no secret.
            if len(line.strip()) > 20:
                assert line.strip() not in shown
                assert line.strip() not in told
