"""두 결과를 견줍니다. 말할 수 없는 차이는 말하지 않습니다."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from dockerlab.errors import MeasureError
from dockerlab.measure.bootstrap import ratio_interval
from dockerlab.measure.timing import Timing

# With five rounds, one side wins all of them by luck in 2 / 2**5 = 6 % of cases; with six in 3 %.
FEWEST_ROUNDS = 6


@dataclass(frozen=True)
class Comparison:
    """``a``의 중앙값이 ``b``의 몇 배인지(``ratio``)와 그 95 % 구간(``interval``)입니다."""

    a: Timing
    b: Timing
    ratio: float
    interval: tuple[float, float]

    @property
    def claims_difference(self) -> bool:
        """차이가 있다고 말할 수 있으면 참입니다.

        비의 구간이 1을 품거나, 두 중앙값의 구간이 겹치거나, 여섯 번보다 적게 쟀으면 거짓입니다.
        """
        low, high = self.interval
        (a_low, a_high), (b_low, b_high) = self.a.interval, self.b.interval
        return (
            min(self.a.n, self.b.n) >= FEWEST_ROUNDS
            and not low <= 1 <= high
            and (a_high < b_low or b_high < a_low)
        )

    @property
    def shown(self) -> str:
        """``"7.2배"``처럼 유효 숫자 두 자리로 적은 비이거나, 차이를 말할 수 없다는 문장입니다."""
        if not self.claims_difference:
            return "차이가 있다고 말할 수 없음"
        return f"{two_digits(self.ratio)}배"

    def as_dict(self) -> dict[str, Any]:
        """JSON에 그대로 넣을 수 있는 모양으로 돌려줍니다."""
        return {
            "a": self.a.what,
            "b": self.b.what,
            "ratio": self.ratio,
            "interval": list(self.interval),
            "claims_difference": self.claims_difference,
        }


def compare(a: Timing, b: Timing) -> Comparison:
    """``a``를 ``b``로 나눈 비를 구합니다. 횟수가 같으면 같은 라운드끼리 짝지어 구간을 구합니다."""
    if a.unit != b.unit or min(b.values) <= 0:
        raise MeasureError(
            "두 결과를 나눌 수 없습니다.",
            seen=f"두 단위 {a.unit} ÷ {b.unit}, 나누는 쪽의 가장 작은 값 {min(b.values)}",
            todo="단위가 같고 0보다 큰 값끼리 견주십시오.",
        )
    return Comparison(a, b, a.median / b.median, ratio_interval(a.values, b.values))


def two_digits(number: float) -> str:
    """유효 숫자 두 자리로 적습니다. 재는 흔들림보다 자세한 숫자는 보여 주지 않습니다."""
    rounded = float(f"{number:.2g}")
    if rounded >= 10:
        return f"{rounded:,.0f}"
    if rounded >= 1:
        return f"{rounded:.1f}"
    return f"{rounded:.{1 - math.floor(math.log10(rounded)) if rounded else 1}f}"
