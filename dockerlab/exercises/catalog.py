"""연습 문제를 찾습니다. 풀이가 있는 모듈은 여기에서만 불러옵니다."""

from __future__ import annotations

import functools
import re
from importlib import import_module
from pathlib import Path

from dockerlab.errors import UsageMistake
from dockerlab.exercises.model import Exercise

SOLUTIONS = Path(__file__).with_name("solutions")
_MODULE = re.compile(r"(?:e\d\d|capstone)_\w+")


@functools.cache
def exercises() -> dict[str, Exercise]:
    """번호마다의 연습 문제입니다."""
    names = sorted(path.stem for path in SOLUTIONS.glob("*.py") if _MODULE.fullmatch(path.stem))
    found = (import_module(f"dockerlab.exercises.solutions.{name}").EXERCISE for name in names)
    return {exercise.number: exercise for exercise in sorted(found, key=lambda each: each.number)}


def exercise(number: str) -> Exercise:
    """번호가 ``01``인 연습 문제입니다."""
    found = exercises().get(number)
    if found is None:
        raise UsageMistake(
            f"그런 연습 문제가 없습니다: {number!r}",
            seen=f"있는 것: {', '.join(exercises())}",
            todo="노트북의 준비 셀을 고치지 않았는지 확인하십시오.",
        )
    return found


def of_task(name: str) -> Exercise:
    """과제 ``01-1``이 들어 있는 연습 문제입니다."""
    found = exercise(str(name).partition("-")[0])
    if name not in found.names():
        raise UsageMistake(
            f"그런 과제가 없습니다: {name!r}",
            seen=f"있는 것: {', '.join(found.names())}",
            todo='예: lab.check("01-1")',
        )
    return found
