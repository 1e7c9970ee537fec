"""학습자가 잰 것에서, 기록에 남길 값과 그 근거(횟수, 구간, 날것의 값, 조건)를 꺼냅니다."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dockerlab.engine import connection
from dockerlab.measure import Comparison, Timing, machine

Value = float | str | tuple[str, ...]
"""수, 글, 또는 순서(글의 목록)입니다."""

_OF_MACHINE = ("cpu", "cores", "memory", "os", "virtualised", "load", "date")
_OF_TIMING = ("n", "interval", "values", "unit", "metadata")


def taken(measured: Any) -> tuple[Value, Mapping[str, Any] | None]:
    """값과 근거입니다. ``Timing``의 값은 중앙값, ``Comparison``의 값은 비이고, 나머지에는 근거가 없습니다."""
    if isinstance(measured, Timing):
        record = measured.as_dict()
        return measured.median, {name: record[name] for name in _OF_TIMING}
    if isinstance(measured, Comparison):
        return measured.ratio, {
            "n": measured.a.n,
            "interval": list(measured.interval),
            "unit": "ratio",
            "metadata": dict(measured.a.metadata),
        }
    if isinstance(measured, str):
        return measured, None
    if isinstance(measured, list | tuple):
        return tuple(map(str, measured)), None
    return (measured if isinstance(measured, int) else float(measured)), None


def where() -> dict[str, Any]:
    """지금 재는 조건입니다: 컴퓨터, 날짜, 그리고 이미 연결한 엔진. 엔진에 새로 닿지는 않습니다."""
    told = machine()
    engine = connection.connected()
    return {name: told[name] for name in _OF_MACHINE} | ({"engine": engine.version} if engine else {})
