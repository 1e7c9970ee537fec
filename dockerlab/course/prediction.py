"""재기 전에 적어 두는 예상과, 잰 뒤에 나란히 놓아 보는 결과입니다."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dockerlab.errors import UsageMistake

Value = float | str


@dataclass(frozen=True)
class Prediction:
    """질문 하나에 대한 예상입니다. ``values``는 이름마다 적은 수나 글이고, 수의 단위는 ``unit``입니다."""

    question: str
    values: Mapping[str, Value]
    unit: str = ""

    def against(self, **measured: Value) -> Outcome:
        """잰 값을 예상과 나란히 놓습니다. 이름은 예상할 때와 같아야 합니다."""
        if set(measured) != set(self.values):
            raise UsageMistake(
                "예상한 것과 잰 것의 이름이 다릅니다.",
                seen=f"예상: {', '.join(self.values)} / 잰 것: {', '.join(measured)}",
                todo="같은 이름으로 적어 다시 실행하십시오.",
            )
        return Outcome(
            self.question,
            self.unit,
            tuple(Line(name, guess, measured[name]) for name, guess in self.values.items()),
        )


@dataclass(frozen=True)
class Line:
    """예상 하나와 그 실측입니다."""

    name: str
    predicted: Value
    measured: Value

    @property
    def ratio(self) -> float | None:
        """실측이 예상의 몇 배인지입니다. 수가 아니거나 예상이 0이면 ``None``입니다."""
        if isinstance(self.predicted, str) or isinstance(self.measured, str) or not self.predicted:
            return None
        return self.measured / self.predicted

    @property
    def right(self) -> bool | None:
        """글로 적은 예상이 맞았는지입니다. 수로 적은 예상은 ``None``입니다."""
        if isinstance(self.predicted, str) or isinstance(self.measured, str):
            return str(self.predicted).strip() == str(self.measured).strip()
        return None


@dataclass(frozen=True)
class Outcome:
    """예상과 실측을 나란히 놓은 표입니다."""

    question: str
    unit: str
    lines: tuple[Line, ...]


def predict(question: str, /, *, unit: str = "", **values: Value) -> Prediction:
    """재기 전에 예상을 적어 둡니다. 나중에 ``.against(...)``로 실측과 견줍니다.

    값은 수(``unit``을 함께 적습니다)나 글입니다. 예: ``predict("시작 시간", unit="s", 컨테이너=1, VM=60)``
    """
    if not values:
        raise UsageMistake(
            "예상한 값이 없습니다.",
            seen=question,
            todo='이름과 값을 적으십시오. 예: lab.predict("시작 시간", unit="s", 컨테이너=1, VM=60)',
        )
    for name, value in values.items():
        if not isinstance(value, int | float | str) or isinstance(value, bool):
            raise UsageMistake(
                "예상은 수나 글로 적습니다.",
                seen=f"{name} = {value!r}",
                todo=f"예: {name}=1 또는 {name}='같다'",
            )
    return Prediction(question, MappingProxyType(dict(values)), unit)
