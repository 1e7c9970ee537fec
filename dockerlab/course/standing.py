"""학습자가 수업마다 어디까지 했는지를 기록에서 읽습니다."""

from __future__ import annotations

from dataclasses import dataclass

from dockerlab.course import journal, quiz
from dockerlab.course.lessons import Lesson, all_lessons


@dataclass(frozen=True)
class Standing:
    """수업 하나에서 한 것입니다. 열었는지, 잰 질문의 수, 답한 문제와 맞힌 문제와 모든 문제의 수입니다."""

    lesson: Lesson
    opened: bool
    measured: int
    answered: int
    right: int
    asked: int

    @property
    def done(self) -> bool:
        """모든 문제에 답했으면 끝낸 것입니다. 맞혔는지는 묻지 않습니다."""
        return self.asked > 0 and self.answered == self.asked

    @property
    def state(self) -> str:
        """``"끝냄"``, ``"하는 중"``, ``"아직"`` 가운데 하나입니다."""
        return "끝냄" if self.done else "하는 중" if self.opened or self.measured or self.answered else "아직"


@dataclass(frozen=True)
class Progress:
    """모든 수업의 진도입니다."""

    standings: tuple[Standing, ...]

    @property
    def done(self) -> int:
        """끝낸 수업의 수입니다."""
        return sum(each.done for each in self.standings)

    @property
    def next(self) -> Standing | None:
        """다음에 할 수업입니다. 하던 것이 있으면 그것이고, 모두 끝냈으면 ``None``입니다."""
        left = [each for each in self.standings if not each.done]
        return next((each for each in left if each.opened), left[0] if left else None)

    def __str__(self) -> str:
        said = f"수업 {len(self.standings)}개 가운데 {self.done}개를 끝냈습니다."
        return f"{said} 다음: {self.next.lesson}" if self.next else said

    __repr__ = __str__


def lessons() -> Progress:
    """수업의 목록과 나의 진도를 돌려줍니다. 기록은 이 컴퓨터에만 있습니다."""
    return Progress(tuple(_standing(lesson) for lesson in all_lessons()))


def _standing(lesson: Lesson) -> Standing:
    events = journal.read(lesson.number)
    asked = {(each.name, question.name) for each in quiz.quizzes(lesson.number).values()
             for question in each.questions}  # fmt: skip
    last = {(event.facts["quiz"], event.facts["question"]): event.facts["right"]
            for event in events if event.kind == "answer"}  # fmt: skip
    answered = {where: right for where, right in last.items() if where in asked}
    measured = {event.facts["question"] for event in events if event.kind == "outcome"}
    return Standing(
        lesson, bool(events), len(measured), len(answered), sum(answered.values()), len(asked)
    )
