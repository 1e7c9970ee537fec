"""Committed notebooks are whole: only then does nbval, which runs them later, mean something."""

from pathlib import Path

import pytest

from dockerlab.course.lint import problems

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_committed_notebook_has_no_problem(path):
    assert problems(path) == []
