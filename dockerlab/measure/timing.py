"""같은 일을 여러 번 잰 결과입니다. 날것의 값을 하나도 버리지 않습니다."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dockerlab.errors import MeasureError
from dockerlab.measure.bootstrap import median_interval
from dockerlab.measure.phases import Phases


@dataclass(frozen=True)
class Timing:
    """무엇(``what``)을 어떤 단위(``unit``: ``"s"``나 ``"bytes"``)로 잰 값들입니다.

    ``values``는 잰 순서대로이고 예열(``warmups``)은 따로 둡니다. ``phases``는 ``values``와 같은 순서입니다.
    ``metadata``에는 잰 컴퓨터, 가속기(``accelerator``), 엔진, 날짜가 들어갑니다.
    """

    what: str
    values: tuple[float, ...]
    unit: str = "s"
    warmups: tuple[float, ...] = ()
    phases: tuple[Phases, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(map(float, self.values)))
        object.__setattr__(self, "warmups", tuple(map(float, self.warmups)))
        object.__setattr__(self, "phases", tuple(self.phases))
        if not self.values:
            raise MeasureError(
                "잰 값이 하나도 없습니다.", seen=self.what, todo="한 번 이상 잰 뒤에 결과를 만드십시오."
            )
        for value in (*self.values, *self.warmups):
            if not math.isfinite(value) or value < 0:
                raise MeasureError(
                    "잰 값이 올바른 수가 아닙니다.",
                    seen=f"{self.what}: {value}",
                    todo="재는 함수가 0 이상의 초를 돌려주는지 확인하십시오.",
                )
        if self.phases and len(self.phases) != len(self.values):
            raise MeasureError(
                "값의 수와 단계 기록의 수가 다릅니다.",
                seen=f"{self.what}: 값 {len(self.values)}개, 단계 {len(self.phases)}개",
                todo="한 번 잴 때마다 단계를 하나씩 넣으십시오.",
            )

    @property
    def n(self) -> int:
        """예열을 뺀, 잰 횟수입니다."""
        return len(self.values)

    @property
    def median(self) -> float:
        """중앙값입니다."""
        return statistics.median(self.values)

    @property
    def interval(self) -> tuple[float, float]:
        """중앙값의 95 % 재표집(bootstrap) 구간입니다. 한 번만 쟀으면 폭이 0입니다."""
        return median_interval(self.values)

    @property
    def spread(self) -> tuple[float, float]:
        """가장 작은 값과 가장 큰 값입니다."""
        return min(self.values), max(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        """가운데 절반이 놓인 범위(IQR의 두 끝)입니다."""
        if self.n == 1:
            return self.values[0], self.values[0]
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return low, high

    def phase_medians(self) -> Phases:
        """지점마다 시작부터 걸린 초의 중앙값입니다. 앞뒤가 자주 바뀌는 지점은 중앙값의 순서로 놓습니다."""
        reached: dict[str, list[float]] = {}
        for phases in self.phases:
            for name, at in phases.marks:
                reached.setdefault(name, []).append(at)
        medians = [(name, statistics.median(at)) for name, at in reached.items()]
        return Phases(tuple(sorted(medians, key=lambda mark: mark[1])))

    def noting(self, **facts: Any) -> Timing:
        """메타데이터를 더한 새 ``Timing``을 돌려줍니다. 예: ``timing.noting(accelerator="tcg")``."""
        return replace(self, metadata={**self.metadata, **facts})

    def as_dict(self) -> dict[str, Any]:
        """JSON에 그대로 넣을 수 있는 모양으로 돌려줍니다."""
        return {
            "what": self.what,
            "unit": self.unit,
            "n": self.n,
            "median": self.median,
            "interval": list(self.interval),
            "values": list(self.values),
            "warmups": list(self.warmups),
            "phases": [[list(mark) for mark in phases.marks] for phases in self.phases],
            "metadata": dict(self.metadata),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Timing:
        """``as_dict``의 결과를 되돌립니다. 통계는 날것의 값에서 다시 구합니다."""
        return cls(
            what=record["what"],
            unit=record["unit"],
            values=tuple(record["values"]),
            warmups=tuple(record["warmups"]),
            phases=tuple(
                Phases(tuple((name, at) for name, at in marks)) for marks in record["phases"]
            ),
            metadata=dict(record["metadata"]),
        )
