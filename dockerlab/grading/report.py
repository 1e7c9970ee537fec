"""채점의 결과입니다."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dockerlab.exercises.model import PASSED

GRADED, REJECTED = "graded", "rejected"


@dataclass(frozen=True)
class TaskResult:
    """과제 하나의 결과입니다. ``message``는 본 것과 그 까닭입니다."""

    task: str
    verdict: str
    points: int
    max: int
    message: str

    def as_dict(self) -> dict[str, Any]:
        """``--json`` 출력에 쓰는 모양으로 돌려줍니다."""
        return {
            "task": self.task,
            "verdict": self.verdict,
            "points": self.points,
            "max": self.max,
            "message": self.message,
        }


@dataclass(frozen=True)
class Report:
    """제출 하나의 결과입니다. 채점하지 못했으면 ``status``가 rejected이고 ``reason``이 까닭입니다."""

    file: str
    status: str
    exercise: str = ""
    tasks: tuple[TaskResult, ...] = ()
    reason: str = ""
    seconds: float = field(default=0.0, compare=False)
    isolation: str = field(default="", compare=False)

    @property
    def score(self) -> int:
        """얻은 점수입니다."""
        return sum(task.points for task in self.tasks)

    @property
    def max(self) -> int:
        """만점입니다. 어느 연습 문제인지 모르면 0입니다."""
        return sum(task.max for task in self.tasks)

    @property
    def passed(self) -> bool:
        """모든 과제를 통과했는지입니다."""
        return self.status == GRADED and all(task.verdict == PASSED for task in self.tasks)

    def as_dict(self) -> dict[str, Any]:
        """``--json`` 출력에 쓰는 모양으로 돌려줍니다."""
        return {
            "file": self.file,
            "exercise": self.exercise,
            "score": self.score,
            "max": self.max,
            "status": self.status,
            "reason": self.reason,
            "seconds": round(self.seconds, 3),
            "isolation": self.isolation,
            "tasks": [task.as_dict() for task in self.tasks],
        }


def from_dict(told: dict[str, Any]) -> Report:
    """``as_dict``로 적은 결과를 다시 읽습니다."""
    tasks = tuple(TaskResult(**{key: task[key] for key in _TASK}) for task in told["tasks"])
    kept = {key: told[key] for key in ("file", "status", "exercise", "reason", "seconds", "isolation")}
    return Report(tasks=tasks, **kept)


_TASK = ("task", "verdict", "points", "max", "message")
