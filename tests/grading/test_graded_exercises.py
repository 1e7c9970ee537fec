"""Every exercise from its notebook to its report, as `dockerlab grade` does it (about 6 s each)."""

from __future__ import annotations

import json
import subprocess
import sys

import nbformat
import pytest

from dockerlab.exercises import catalog, generation
from dockerlab.exercises.model import NOT_YET, PASSED

pytestmark = pytest.mark.engine


def handed_in(path, exercise, **changed):
    """The exercise with its solutions, as a learner saves it; some of them changed."""
    made = generation.notebook(exercise)
    for cell in made.cells:
        kind, _, name = cell.id.partition("-")
        if kind == "answer":
            cell.source = changed.get(name, exercise.task(name).answer.strip())
    nbformat.write(made, path)
    return path


def graded(path):
    command = [sys.executable, "-m", "dockerlab", "grade", "--json", str(path)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)


QUICK = {"07", "09"}  # the others are graded by make soak; 01 is what the submissions of this folder answer
EVERY = [
    pytest.param(each, marks=() if number in QUICK else pytest.mark.soak, id=number)
    for number, each in catalog.exercises().items()
]


@pytest.mark.parametrize("exercise", EVERY)
def test_the_solutions_get_all_points(engine, exercise, tmp_path):
    report = graded(handed_in(tmp_path / exercise.file_name, exercise))
    assert {task["task"]: task["verdict"] for task in report["tasks"]} == dict.fromkeys(
        exercise.names(), PASSED
    ), report
    assert report["score"] == report["max"] == exercise.points


def test_the_guard_hides_nothing_from_the_check_and_lets_nothing_be_pulled(engine, tiny, tmp_path):
    exercise = catalog.exercise("09")
    everywhere, foreign = "0.0.0.0", "FROM not-of-this-course.invalid/image"
    answers = {
        "09-2": exercise.task("09-2").answer.replace("127.0.0.1", everywhere),
        "09-3": f"lab.build({foreign!r}, given.page + 'x')",
    }
    assert everywhere in answers["09-2"]
    report = graded(handed_in(tmp_path / "wrong.ipynb", exercise, **answers))
    told = {task["task"]: task for task in report["tasks"]}
    assert told["09-2"]["verdict"] == told["09-3"]["verdict"] == NOT_YET
    assert "다른 컴퓨터에서도 닿을 수 있는 주소" in told["09-2"]["message"]
    assert "바탕으로" in told["09-3"]["message"]
