"""The two laws: every solution passes its check; nothing, and every known wrong answer, does not."""

import pytest

from dockerlab.exercises import catalog
from dockerlab.exercises.model import NOT_YET, PASSED, UNTRIED

pytestmark = pytest.mark.engine
TASKS = [(each, name) for each in catalog.exercises().values() for name in each.names()]
WRONG = [(each, name, at) for each, name in TASKS for at in range(len(each.task(name).wrong))]


@pytest.mark.parametrize("exercise", catalog.exercises().values(), ids=lambda each: each.number)
def test_every_solution_passes_and_untouched_does_not(exercise, learner):
    sitting = learner(exercise)
    for name in exercise.names():
        before = sitting.verdict(name)
        assert before.verdict in (UNTRIED, NOT_YET) and before.message, name
        sitting.write(exercise.task(name).answer)
        after = sitting.verdict(name)
        assert after.verdict == PASSED, f"{name}: {after.message}"
        assert after.points == after.max and after.explanation


@pytest.mark.parametrize(
    ("exercise", "name", "at"), WRONG, ids=lambda each: getattr(each, "number", str(each))
)
def test_every_known_wrong_answer_fails_with_its_own_message(exercise, name, at, learner):
    sitting, wrong = learner(exercise), exercise.task(name).wrong[at]
    sitting.solve_up_to(name)
    sitting.write(wrong.code)
    verdict = sitting.verdict(name)
    assert verdict.verdict != PASSED and verdict.points < verdict.max
    assert wrong.says in verdict.message
