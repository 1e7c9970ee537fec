"""수업의 목록과, 지금 어느 수업을 듣고 있는지입니다."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dockerlab.course import journal
from dockerlab.errors import UsageMistake

_LIST = Path(__file__).with_name("lessons.toml")
_current = ""


@dataclass(frozen=True)
class Lesson:
    """수업 하나입니다. ``minutes``는 사람이 읽고 생각하는 시간까지 어림한 것입니다."""

    number: str
    file: str
    title: str
    minutes: int
    asks: str

    def __str__(self) -> str:
        return f"{self.number}. {self.title}: 약 {self.minutes}분"

    __repr__ = __str__


@cache
def all_lessons() -> tuple[Lesson, ...]:
    """수업을 차례대로 모두 돌려줍니다."""
    return tuple(Lesson(**record) for record in tomllib.loads(_LIST.read_text(encoding="utf-8"))["lesson"])


def lesson(number: str) -> Lesson:
    """수업을 시작합니다. 이 커널에서 하는 예상과 잰 값은 이 수업의 것으로 나의 기록에 남습니다."""
    global _current
    found = find(number)
    _current = found.number
    journal.write(found.number, "opened")
    return found


def find(number: str) -> Lesson:
    """번호로 수업을 찾습니다."""
    for each in all_lessons():
        if each.number == number:
            return each
    numbers = ", ".join(each.number for each in all_lessons())
    raise UsageMistake(
        "그런 번호의 수업이 없습니다.",
        seen=repr(number),
        todo=f'두 자리로 적으십시오. 있는 번호: {numbers}. 예: lab.lesson("03")',
    )


def current() -> str:
    """지금 듣고 있는 수업의 번호입니다. 수업을 시작하지 않았으면 빈 글입니다."""
    return _current
