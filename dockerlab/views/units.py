"""화면에 보일 초와 바이트를 글로 바꿉니다. 유효 숫자는 셋을 넘지 않습니다.

판정의 문장에 들어가는 수는 :mod:`dockerlab.claims.words`가 적습니다. 그 방은 화면을 모릅니다.
"""

from __future__ import annotations

import math
import re

_SIZES = ("B", "kB", "MB", "GB", "TB")


def amount(value: float, unit: str) -> str:
    """단위가 있는 값을 글로 바꿉니다. ``unit``은 ``"s"``, ``"bytes"``, ``"ratio"`` 가운데 하나입니다."""
    return {"s": seconds, "bytes": size, "ratio": times}[unit](value)


def seconds(value: float) -> str:
    """초를 글로 바꿉니다. 예: ``0.358`` → ``"358 ms"``, ``12.43`` → ``"12.4초"``, ``75`` → ``"1분 15초"``."""
    if value < 0:
        return f"-{seconds(-value)}"
    if value == 0:
        return "0초"
    if value < 0.9995e-3:
        return f"{_three(value * 1e6)} µs"
    if value < 0.9995:
        return f"{_three(value * 1e3)} ms"
    if value < 59.95:
        return f"{_three(value)}초"
    minutes, rest = divmod(round(value), 60)
    if minutes >= 100:
        return f"{_three(value / 3600)}시간"
    return f"{minutes}분 {rest}초" if rest else f"{minutes}분"


def size(value: float) -> str:
    """바이트를 십진 단위(1 kB = 1000 B)로 적습니다. 예: ``5_912_000`` → ``"5.91 MB"``."""
    if value < 0:
        return f"-{size(-value)}"
    step = 0
    while value >= 999.5 and step < len(_SIZES) - 1:
        value, step = value / 1000, step + 1
    return f"{_three(value) if step else f'{value:.0f}'} {_SIZES[step]}"


def times(value: float) -> str:
    """비를 ``"7.2배"``처럼 유효 숫자 두 자리로 적습니다."""
    from dockerlab.measure.comparison import two_digits

    return f"{two_digits(value)}배"


def tick(value: float, unit: str) -> str:
    """축의 눈금에 적을 글입니다. 소수점 아래 끝자리의 0은 뺍니다. 예: ``"1.00초"`` → ``"1초"``."""
    return re.sub(r"\.0+(?!\d)|(\.\d*[1-9])0+(?!\d)", r"\1", amount(value, unit))


def between(low: float, high: float, unit: str) -> str:
    """구간을 ``"351 ms ~ 372 ms"``처럼 적습니다."""
    return f"{amount(low, unit)} ~ {amount(high, unit)}"


def _three(value: float) -> str:
    """At most three significant digits, never in scientific notation."""
    rounded = float(f"{value:.3g}")
    digits = max(0, 2 - math.floor(math.log10(rounded))) if rounded else 0
    return f"{rounded:,.{digits}f}"
