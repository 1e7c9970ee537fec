"""재기 전에 적어 두는 예상과, 잰 뒤에 나란히 놓아 보는 결과입니다. 둘 다 나의 기록에 남습니다."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dockerlab.course import journal, lessons
from dockerlab.course.evidence import Value, taken, where
from dockerlab.errors import UsageMistake

if TYPE_CHECKING:
    from dockerlab.measure import Comparison, Timing


@dataclass(frozen=True)
class Prediction:
    """질문 하나에 대한 예상입니다. ``values``는 이름마다 적은 수, 글, 순서이고, 수의 단위는 ``unit``입니다.

    ``first``는 답을 이미 본 질문의 예상을 고쳤을 때, 답을 보기 전에 마지막으로 적었던 예상입니다.
    """

    question: str
    values: Mapping[str, Value]
    unit: str = ""
    choices: tuple[str, ...] = ()
    first: Mapping[str, Value] | None = None

    def against(self, **measured: float | str | Sequence[str] | Timing | Comparison) -> Outcome:
        """잰 값을 예상과 나란히 놓습니다. 이름은 예상할 때와 같아야 합니다.

        ``Timing``을 그대로 주면 중앙값을, ``Comparison``을 주면 비를 쓰고, 횟수와 구간도 함께 기록합니다.
        """
        if set(measured) != set(self.values):
            raise UsageMistake(
                "예상한 것과 잰 것의 이름이 다릅니다.",
                seen=f"예상: {', '.join(self.values)} / 잰 것: {', '.join(measured)}",
                todo="같은 이름으로 적어 다시 실행하십시오.",
            )
        lines = tuple(Line(name, guess, *taken(measured[name])) for name, guess in self.values.items())
        outcome = Outcome(self.question, self.unit, lines, self.first)
        journal.write(lessons.current(), "outcome", **outcome.as_dict(), where=where())
        return outcome


@dataclass(frozen=True)
class Line:
    """예상 하나와 그 실측입니다. 여러 번 잰 것이면 ``evidence``에 횟수, 구간, 날것의 값, 조건이 있습니다."""

    name: str
    predicted: Value
    measured: Value
    evidence: Mapping[str, Any] | None = None

    @property
    def ratio(self) -> float | None:
        """실측이 예상의 몇 배인지입니다. 수가 아니거나 예상이 0이면 ``None``입니다."""
        if not (_is_number(self.predicted) and _is_number(self.measured)) or not self.predicted:
            return None
        return self.measured / self.predicted

    @property
    def right(self) -> bool | None:
        """글이나 순서로 적은 예상이 맞았는지입니다. 수로 적은 예상은 ``None``입니다."""
        if _is_number(self.predicted) and _is_number(self.measured):
            return None
        return _comparable(self.predicted) == _comparable(self.measured)


@dataclass(frozen=True)
class Outcome:
    """예상과 실측을 나란히 놓은 표입니다."""

    question: str
    unit: str
    lines: tuple[Line, ...]
    first: Mapping[str, Value] | None = None

    def as_dict(self) -> dict[str, Any]:
        """기록에 남기는 모양으로 돌려줍니다."""
        lines = [
            {"name": line.name, "predicted": line.predicted, "measured": line.measured}
            | ({"evidence": line.evidence} if line.evidence else {})
            for line in self.lines
        ]
        changed = self.first is not None
        return {"question": self.question, "unit": self.unit, "lines": lines, "changed": changed}


def predict(
    question: str, /, *, unit: str = "", choices: Sequence[str] = (), **values: float | str | Sequence[str]
) -> Prediction:
    """재기 전에 예상을 적어 둡니다. 나중에 ``.against(...)``로 실측과 견줍니다.

    값은 수(``unit``을 함께 적습니다), 글(``choices``가 있으면 그 가운데 하나), 순서(글의 목록)입니다.
    예: ``predict("시작 시간", unit="s", 컨테이너=1, VM=60)``, ``predict("순서", 순서=["가", "나", "다"])``.
    예상은 적은 때와 함께 기록에 남습니다. 답을 본 뒤에 고쳐도 되지만, 고쳤다고 적힙니다.
    """
    if not values:
        raise UsageMistake(
            "예상한 값이 없습니다.",
            seen=question,
            todo='이름과 값을 적으십시오. 예: lab.predict("시작 시간", unit="s", 컨테이너=1, VM=60)',
        )
    kept = {name: _predicted(name, value, choices) for name, value in values.items()}
    locked = _locked(question)
    first = MappingProxyType(locked) if locked not in (None, kept) else None
    journal.write(lessons.current(), "prediction", question=question, unit=unit, values=kept)
    return Prediction(question, MappingProxyType(kept), unit, tuple(choices), first)


def _predicted(name: str, value: Any, choices: Sequence[str]) -> Value:
    if isinstance(value, list | tuple) and value and all(isinstance(each, str) for each in value):
        return tuple(value)
    if not isinstance(value, int | float | str) or isinstance(value, bool):
        raise UsageMistake(
            "예상은 수나 글, 또는 글의 목록(순서)으로 적습니다.",
            seen=f"{name} = {value!r}",
            todo=f"예: {name}=1, {name}='같다', {name}=['먼저', '나중']",
        )
    if choices and value not in choices:
        raise UsageMistake(
            "보기에 없는 예상입니다.",
            seen=f"{name} = {value!r}",
            todo=f"보기에서 고르십시오: {', '.join(choices)}",
        )
    return value


def _locked(question: str) -> dict[str, Value] | None:
    """What was predicted last before the answer was first seen, or ``None`` while it has not been seen."""
    last = None
    for event in journal.read(lessons.current()) if lessons.current() else ():
        if event.facts.get("question") == question:
            if event.kind == "outcome":
                return last
            if event.kind == "prediction":
                values = event.facts["values"]
                last = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
    return None


def _is_number(value: Value) -> bool:
    return not isinstance(value, str | tuple)


def _comparable(value: Value) -> tuple[str, ...]:
    return tuple(part.strip() for part in (value if isinstance(value, tuple) else (str(value),)))
