"""잰 수를 문장에 넣을 때의 모양입니다. 흔들리는 값은 유효 숫자 두 자리, 크기는 세 자리까지 적습니다."""

from __future__ import annotations

from collections.abc import Sequence

from dockerlab.measure import Comparison
from dockerlab.measure.comparison import two_digits

GUEST_TITLES = {"micro": "작은 VM(micro)", "full": "배포판 VM(full)", "uml": "UML VM(uml)"}


def guest_title(name: str) -> str:
    """게스트를 문장에서 부르는 이름입니다."""
    return GUEST_TITLES.get(name, f"VM({name})")


def duration(seconds: float) -> str:
    """초를 읽기 좋은 단위로 적습니다. 예: ``"0.31초"``, ``"12초"``, ``"1.5분"``."""
    return f"{two_digits(seconds / 60)}분" if seconds >= 60 else f"{two_digits(seconds)}초"


def as_size(size: float) -> str:
    """바이트를 읽기 좋은 단위(10의 거듭제곱)로 적습니다. 예: ``"6.02 MB"``."""
    for unit in ("B", "kB", "MB"):
        if size < 999.5:
            return f"{size:.0f} B" if unit == "B" else f"{_three(size)} {unit}"
        size /= 1000
    return f"{_three(size)} GB"


def percent(share: float) -> str:
    """몫(0~1)을 백분율로 적습니다. 예: ``"86 %"``."""
    return f"{100 * share:.0f} %"


def times(ratio: float) -> str:
    """비를 적습니다. 예: ``"7.2배"``."""
    return f"{two_digits(ratio)}배"


def interval_text(interval: Sequence[float]) -> str:
    """비의 95 % 구간입니다. 예: ``"7.1~8.2배"``."""
    low, high = interval
    return f"{two_digits(low)}~{two_digits(high)}배"


def brief(comparison: Comparison) -> str:
    """표에 넣을 짧은 비입니다. 차이를 말할 수 없으면 비 대신 그렇게 적습니다."""
    return comparison.shown if comparison.claims_difference else "차이를 말할 수 없음"


def against(comparison: Comparison, other: str = "컨테이너") -> str:
    """문장의 끝입니다. 예: ``"컨테이너의 7.2배였습니다(95 % 구간 7.1~8.2배, n=10)"``.

    차이를 말할 수 없으면 그렇게 적고, 비는 적지 않습니다.
    """
    n = min(comparison.a.n, comparison.b.n)
    if not comparison.claims_difference:
        return f"{other}와 차이가 있다고 말할 수 없습니다(n={n})"
    return f"{other}의 {comparison.shown}였습니다(95 % 구간 {interval_text(comparison.interval)}, n={n})"


def _three(number: float) -> str:
    digits = 2 if number < 9.995 else 1 if number < 99.95 else 0
    return f"{number:,.{digits}f}"
