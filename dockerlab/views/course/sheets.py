"""용어, 수업, 예상, 예상과 실측을 저마다 한 장(``Sheet``)에 담습니다."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dockerlab.views.sheets import Sheet
from dockerlab.views.units import amount, between, times

if TYPE_CHECKING:
    from dockerlab.course.glossary import Glossary
    from dockerlab.course.lessons import Lesson
    from dockerlab.course.prediction import Outcome, Prediction

_KNOWN_UNITS = ("s", "bytes", "ratio")


def glossary_sheet(glossary: Glossary) -> Sheet:
    """용어마다 한국어, 영어, 한 줄의 뜻입니다."""
    rows = tuple((term.korean, term.english, term.line.replace("`", "")) for term in glossary.terms)
    return Sheet(caption=f"용어 {len(rows)}개", columns=("용어", "영어", "뜻"), rows=rows)


def lesson_sheet(lesson: Lesson) -> Sheet:
    """수업의 제목, 걸리는 시간, 묻는 것입니다."""
    return Sheet(caption=str(lesson), verdict=lesson.asks)


def prediction_sheet(prediction: Prediction) -> Sheet:
    """재기 전에 적어 둔 예상입니다."""
    rows = ((plain(name), said(value, prediction.unit)) for name, value in prediction.values.items())
    return Sheet(
        caption=f"예상: {prediction.question}",
        columns=("무엇", "예상"),
        rows=tuple(rows),
        notes=_changed(prediction.first, prediction.unit),
    )


def outcome_sheet(outcome: Outcome) -> Sheet:
    """예상과 실측을 나란히 놓고, 수는 몇 배인지, 글과 순서는 맞았는지를 적습니다."""
    judged = {True: "맞음", False: "다름"}
    return Sheet(
        caption=f"예상과 실측: {outcome.question}",
        columns=("무엇", "예상", "실측", "실측 ÷ 예상"),
        rows=tuple(
            (
                plain(line.name),
                said(line.predicted, outcome.unit),
                said(line.measured, outcome.unit) + counted(line.evidence),
                times(line.ratio) if line.ratio is not None else judged.get(line.right, ""),
            )
            for line in outcome.lines
        ),
        notes=_changed(outcome.first, outcome.unit),
    )


def plain(name: str) -> str:
    """파이썬의 이름에는 빈칸을 쓰지 못하지만, 보일 때에는 쓸 수 있습니다."""
    return name.replace("_", " ")


def said(value: Any, unit: str) -> str:
    """예상이나 실측 하나를 글로 적습니다. 순서는 화살표로 잇습니다."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return " → ".join(value)
    return amount(value, unit) if unit in _KNOWN_UNITS else f"{value:g}{unit}"


def counted(evidence: Mapping[str, Any] | None) -> str:
    """여러 번 잰 값의 구간과 횟수를 덧붙여 적습니다. 한 번 본 것이면 빈 글입니다."""
    if not evidence:
        return ""
    return f" [{between(*evidence['interval'], evidence['unit'])}] n={evidence['n']}"


def _changed(first: Mapping[str, Any] | None, unit: str) -> tuple[str, ...]:
    if first is None:
        return ()
    before = ", ".join(f"{plain(name)} {said(value, unit)}" for name, value in first.items())
    return (f"답을 본 뒤에 고친 예상입니다. 답을 보기 전의 예상: {before}",)
