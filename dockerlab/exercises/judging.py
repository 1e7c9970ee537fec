"""검사를 돌려 판정을 내립니다. 부르는 곳(학습자의 커널, 채점기)을 모릅니다."""

from __future__ import annotations

from typing import Any

from dockerlab.exercises.model import (
    NOT_YET,
    PASSED,
    UNTRIED,
    Exercise,
    Given,
    Step,
    Untried,
    Verdict,
    paragraph,
)
from dockerlab.exercises.observation import View


def judge(exercise: Exercise, name: str, view: View, given: Given, answer: Any = None) -> Verdict:
    """과제 하나를 판정합니다. 얻은 점수는 맞은 걸음의 점수를 더한 것입니다.

    모든 걸음이 맞고 그 점수가 만점이어야 통과입니다. 검사가 도중에 멈추면 통과가 아닙니다.
    """
    task = exercise.task(name)
    steps: list[Step] = []
    try:
        if task.asks_value and answer is None:
            raise Untried("변수 answer에 아직 답이 없습니다.")
        steps.extend(task.check(view, given, answer))
    except Untried as untried:
        return Verdict(name, UNTRIED, 0, task.points, (Step(False, str(untried), 0),))
    points = sum(step.points for step in steps if step.right)
    passed = bool(steps) and all(step.right for step in steps) and points == task.points
    explanation = paragraph(task.explanation) if passed else ""
    return Verdict(name, PASSED if passed else NOT_YET, points, task.points, tuple(steps), explanation)
