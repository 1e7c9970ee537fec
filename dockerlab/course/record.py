"""나의 기록에서 예상과 실측, 답, 남긴 값을 골라 모읍니다. 여기서는 읽기만 합니다."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dockerlab.course import quiz
from dockerlab.course.journal import Event, read
from dockerlab.course.standing import Progress, Standing, lessons

_CHECKLIST = Path(__file__).with_name("checklist.toml")
BEFORE, AFTER = "00-before", "08-after"
"""배우기 전과 배운 뒤에 푸는, 같은 열 가지 생각을 묻는 문제들입니다."""


@dataclass(frozen=True)
class Tick:
    """점검표의 한 줄입니다. ``standings``는 이 줄에 이르게 하는 수업들의 진도입니다."""

    part: str
    says: str
    standings: tuple[Standing, ...]

    @property
    def earned(self) -> bool:
        """그 수업들에서 직접 재고, 문제를 모두 맞혔으면 참입니다."""
        return all(each.measured and each.asked and each.right == each.asked for each in self.standings)


@dataclass(frozen=True)
class Growth:
    """생각 하나에 대한, 배우기 전의 첫 답과 배운 뒤의 마지막 답입니다. 답하지 않았으면 ``None``입니다."""

    idea: str
    before: bool | None
    after: bool | None


@dataclass(frozen=True)
class Record:
    """학습자의 기록을 읽은 것입니다."""

    events: tuple[Event, ...]
    progress: Progress

    def outcomes(self) -> tuple[Event, ...]:
        """수업과 질문마다 마지막으로 잰 것입니다."""
        return self._last("outcome", "question")

    def kept(self) -> tuple[Event, ...]:
        """수업과 이름마다 마지막으로 남긴 값입니다."""
        return self._last("kept", "name")

    def sentences(self) -> tuple[Event, ...]:
        """수업과 질문마다 마지막으로 적은 문장입니다."""
        return self._last("restated", "question")

    def answers(self) -> tuple[Event, ...]:
        """문제마다 마지막으로 한 답입니다."""
        return self._last("answer", "quiz", "question")

    def comparison(self) -> Mapping[str, Any] | None:
        """책의 값과 내가 잰 값의 표입니다(03번 수업이 남깁니다). 아직 재지 않았으면 ``None``입니다."""
        tables = [event.facts["table"] for event in self.kept() if "table" in event.facts]
        return tables[-1] if tables else None

    def checklist(self) -> tuple[Tick, ...]:
        """정리의 점검표입니다."""
        standing = {each.lesson.number: each for each in self.progress.standings}
        items = tomllib.loads(_CHECKLIST.read_text(encoding="utf-8"))["item"]
        return tuple(
            Tick(item["part"], item["says"], tuple(standing[number] for number in item["lessons"]))
            for item in items
        )

    def growth(self) -> tuple[Growth, ...]:
        """같은 열 가지 생각을 배우기 전과 뒤에 어떻게 답했는지입니다."""
        before, after = quiz.find(BEFORE), quiz.find(AFTER)
        names = {question.idea: question.name for question in after.questions}
        return tuple(
            Growth(
                question.idea,
                self._answered(BEFORE, question.name, 0),
                self._answered(AFTER, names[question.idea], -1),
            )
            for question in before.questions
        )

    def _answered(self, name: str, question: str, which: int) -> bool | None:
        given = [
            event.facts["right"]
            for event in self.events
            if event.kind == "answer" and (event.facts["quiz"], event.facts["question"]) == (name, question)
        ]
        return given[which] if given else None

    def _last(self, kind: str, *keys: str) -> tuple[Event, ...]:
        found = {
            (event.lesson, *(event.facts[key] for key in keys)): event
            for event in self.events
            if event.kind == kind
        }
        return tuple(sorted(found.values(), key=lambda event: event.lesson))


def load() -> Record:
    """지금까지의 기록을 읽습니다."""
    return Record(read(), lessons())
