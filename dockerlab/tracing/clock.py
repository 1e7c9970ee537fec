"""여러 시계를 하나의 시간축으로 옮깁니다. 시간축은 이 프로세스의 ``time.perf_counter``입니다."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import datetime

from dockerlab.engine import Endpoint, wire

READINGS = 5


@dataclass(frozen=True)
class Clock:
    """어떤 벽시계가 우리 시간축보다 얼마나 앞서는지입니다. 어긋남은 ``bound``초를 넘지 않습니다."""

    offset: float
    bound: float

    def at(self, wall: float) -> float:
        """벽시계의 초를 시간축의 초로 옮깁니다."""
        return wall - self.offset


def own() -> Clock:
    """이 커널의 벽시계입니다. 같은 커널에서 도는 엔진의 시계이기도 합니다."""
    return _narrowest(time.time)


def of_engine(endpoint: Endpoint) -> Clock:
    """다른 커널에서 도는 엔진의 벽시계입니다. 물음과 답 사이의 어느 때에 읽은 값입니다."""
    return _narrowest(lambda: _system_time(endpoint))


def _narrowest(read) -> Clock:
    readings = []
    for _ in range(READINGS):
        before = time.perf_counter()
        wall = read()
        after = time.perf_counter()
        readings.append(Clock(wall - (before + after) / 2, (after - before) / 2))
    return min(readings, key=lambda clock: clock.bound)


def _system_time(endpoint: Endpoint) -> float:
    told = wire.ask(endpoint, "GET", "/info").body["SystemTime"]
    return seconds(told)


def seconds(text: str) -> float:
    """``2026-11-24T05:07:07.564449811Z``를 1970년부터의 초로 읽습니다. 나노초까지 셉니다."""
    whole, fraction, zone = re.fullmatch(r"([^.Z+]+)(\.\d+)?(Z|[+-]\d\d:\d\d)", text).groups()
    return datetime.fromisoformat(whole + zone.replace("Z", "+00:00")).timestamp() + float(fraction or 0)
