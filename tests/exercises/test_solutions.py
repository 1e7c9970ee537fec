"""The two laws: every solution passes its check; nothing, and every known wrong answer, does not."""

import pytest

from dockerlab.exercises import catalog
from dockerlab.exercises.model import NOT_YET, PASSED, UNTRIED

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("exercise", catalog.exercises().values(), ids=lambda each: each.number)
def test_wrong_answers_fail_with_their_own_message_and_the_solution_passes_after_them(exercise, learner):
    sitting = learner(exercise)
    for name in exercise.names():
        task = exercise.task(name)
        untouched = sitting.verdict(name)
        assert untouched.verdict in (UNTRIED, NOT_YET) and untouched.message, name
        assert not untouched.explanation
        for wrong in task.wrong:
            before = sitting.state()
            sitting.write(wrong.code)
            verdict = sitting.verdict(name)
            assert verdict.verdict != PASSED and verdict.points < verdict.max, (name, wrong)
            assert wrong.says in verdict.message, (name, wrong)
            if not sitting.undo(before):
                sitting.close()
                sitting = learner(exercise, solved_up_to=name)
        sitting.write(task.answer)
        verdict = sitting.verdict(name)
        assert verdict.verdict == PASSED, f"{name}: {verdict.message}"
        assert verdict.points == verdict.max == task.points and verdict.explanation
