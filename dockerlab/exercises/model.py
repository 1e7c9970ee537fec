"""연습 문제를 이루는 자료입니다. 과제 하나의 글, 답, 검사, 힌트, 해설, 오답이 한곳에 모입니다."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dockerlab.exercises.observation import View

UNTRIED, NOT_YET, PASSED = "미시도", "아직", "통과"
STUB = "# 여기에 답을 적으십시오.\n"
VALUE_STUB = "answer = None  # 여기에 답을 적으십시오."


@dataclass(frozen=True)
class Step:
    """검사의 한 걸음입니다. ``said``는 맞으면 맞은 까닭, 틀리면 본 것을 말합니다."""

    right: bool
    said: str
    points: int = 1


def paragraph(text: str) -> str:
    """풀이에 여러 줄로 적은 글을 한 문단으로 잇습니다."""
    return " ".join(text.split())


class Untried(Exception):
    """과제를 시작한 흔적이 없습니다."""


@dataclass(frozen=True)
class Given:
    """학습자마다 다르게 정해진 이름과 수입니다. ``given.box``처럼 꺼냅니다."""

    exercise: str
    token: str
    values: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        # Only called for what is no field; __getstate__ and friends must stay absent.
        if name.startswith("_") or name not in self.values:
            known = ", ".join(self.values) if not name.startswith("_") else ""
            raise AttributeError(f"given.{name}은 없습니다. 있는 것: {known}")
        return self.values[name]


Check = Callable[["View", Given, Any], Iterator[Step]]
Parameter = Callable[[Random, str], Any]


@dataclass(frozen=True)
class Wrong:
    """알려진 오답 하나와, 그때 학습자가 보아야 할 말(의 일부)입니다."""

    code: str
    says: str


@dataclass(frozen=True)
class Task:
    """과제 하나입니다. ``asks_value``면 답 셀의 변수 ``answer``를 검사에 넘깁니다."""

    title: str
    text: str
    answer: str
    check: Check
    points: int
    hints: tuple[str, str, str]
    explanation: str
    wrong: tuple[Wrong, ...]
    asks_value: bool = False

    @property
    def stub(self) -> str:
        """학습자가 처음 보는 답 셀입니다."""
        return (VALUE_STUB if self.asks_value else STUB).rstrip("\n")


@dataclass(frozen=True)
class Exercise:
    """연습 문제 하나, 곧 노트북 하나입니다.

    ``slug``는 파일 이름의 뒷부분이고, ``parameters``는 ``given``의 이름마다 값을 정하는 방법입니다.
    ``images``는 쓰는 과정 이미지, ``prepare``는 시작하기 전에 엔진에 갖추어 둘 것을 만드는 함수입니다.
    """

    number: str
    slug: str
    title: str
    intro: str
    parameters: Mapping[str, Parameter]
    tasks: tuple[Task, ...]
    images: tuple[str, ...] = ("tiny",)
    prepare: Callable[[View, Given], None] | None = None

    @property
    def file_name(self) -> str:
        """노트북의 파일 이름입니다."""
        return f"{self.number}-{self.slug}.ipynb"

    @property
    def points(self) -> int:
        """만점입니다."""
        return sum(task.points for task in self.tasks)

    def names(self) -> tuple[str, ...]:
        """과제의 이름들입니다. 예: ``01-1``."""
        return tuple(f"{self.number}-{at}" for at in range(1, len(self.tasks) + 1))

    def task(self, name: str) -> Task:
        """이름이 ``01-1``인 과제입니다."""
        return self.tasks[self.names().index(name)]


@dataclass(frozen=True)
class Verdict:
    """과제 하나의 판정입니다. ``steps``는 걸음마다 본 것, ``explanation``은 통과한 뒤의 해설입니다."""

    task: str
    verdict: str
    points: int
    max: int
    steps: tuple[Step, ...] = field(default=())
    explanation: str = ""

    @property
    def passed(self) -> bool:
        """통과했는지입니다."""
        return self.verdict == PASSED

    @property
    def message(self) -> str:
        """아직이면 본 것 가운데 고칠 것을, 통과면 맞은 것을 한 줄로 말합니다."""
        return " ".join(step.said for step in self.steps if step.right == self.passed)


@dataclass(frozen=True)
class Hint:
    """힌트 한 걸음입니다. ``step``은 1부터 3까지입니다."""

    task: str
    step: int
    text: str
