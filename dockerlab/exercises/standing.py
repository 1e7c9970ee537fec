"""학습자가 연습 문제마다 어디까지 했는지를 기록에서 읽습니다."""

from __future__ import annotations

from dataclasses import dataclass

from dockerlab.exercises import catalog, record


@dataclass(frozen=True)
class Standing:
    """연습 문제 하나에서 한 것입니다. ``graded``는 단추로 채점한 가장 좋은 점수이고 없으면 ``None``입니다."""

    number: str
    title: str
    file: str
    tried: int
    passed: int
    tasks: int
    graded: int | None
    max: int

    @property
    def state(self) -> str:
        """``"끝냄"``, ``"하는 중"``, ``"아직"`` 가운데 하나입니다."""
        return "끝냄" if self.passed == self.tasks else "하는 중" if self.tried else "아직"


def standings() -> tuple[Standing, ...]:
    """연습 문제의 목록과 나의 진도를 돌려줍니다."""
    kept, grades = record.tasks(), record.grades()
    found = []
    for number, exercise in catalog.exercises().items():
        mine = [kept[name] for name in exercise.names() if name in kept]
        tried = sum("tries" in each for each in mine)
        passed = sum("passed" in each for each in mine)
        best = grades.get(number, {}).get("best")
        about = (number, exercise.title, exercise.file_name)
        found.append(Standing(*about, tried, passed, len(exercise.tasks), best, exercise.points))
    return tuple(found)
