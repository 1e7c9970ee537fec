"""비교표의 한 줄을 잰 결과와, 여섯 줄을 모은 표입니다."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dockerlab.claims import book, sources
from dockerlab.measure.timing import Timing


@dataclass(frozen=True)
class Claim:
    """책의 주장 하나를 이 컴퓨터에서 잰 결과입니다.

    ``container``와 ``vm``은 대표하는 값이고, ``unit``은 ``"s"``, ``"bytes"``, ``"ratio"``(네이티브의 몇 배),
    ``"fact"``(짧은 사실) 가운데 하나입니다. ``n``은 대표하는 값을 잰 횟수입니다. ``raw``에는 날것의 값이
    이름마다 모두 있습니다. ``verdict``는 잰 값으로 지은 한 문장이고, ``notes``는 읽을 때 주의할 점입니다.
    ``details``는 줄마다 다릅니다(각 모듈의 ``measure``를 보십시오). ``metadata``는 엔진, VM, 날짜입니다.
    """

    claim: str
    container: float | str
    vm: float | str
    unit: str
    n: int
    raw: Mapping[str, tuple[Any, ...]]
    verdict: str
    notes: tuple[str, ...] = ()
    timings: Mapping[str, Timing] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """줄의 이름입니다. 예: ``"시작 시간"``."""
        return book.row(self.claim).title

    @property
    def book_container(self) -> str:
        """책에 적힌 컨테이너의 값입니다."""
        return book.row(self.claim).container

    @property
    def book_vm(self) -> str:
        """책에 적힌 VM의 값입니다."""
        return book.row(self.claim).vm

    def interval(self, value: float | str) -> tuple[float, float] | None:
        """대표하는 값이 여러 번 잰 것의 중앙값이면 그 95 % 구간이고, 아니면 ``None``입니다."""
        if not isinstance(value, str):
            for timing in self.timings.values():
                if timing.median == value and timing.n > 1:
                    return timing.interval
        return None

    @property
    def sources(self) -> tuple[sources.Source, ...]:
        """이 주장이 참인 조건을 다룬 문헌들입니다."""
        return sources.about(self.claim)

    def as_dict(self) -> dict[str, Any]:
        """``dockerlab compare --json``의 한 줄입니다. 키는 공개된 약속이라 바뀌지 않습니다."""
        return {
            "claim": self.claim,
            "container": self.container,
            "vm": self.vm,
            "n": self.n,
            "unit": self.unit,
            "raw": {name: list(values) for name, values in self.raw.items()},
        }


@dataclass(frozen=True)
class ComparisonTable:
    """비교표의 여섯 줄을 한 컴퓨터에서 모두 잰 결과입니다.

    ``engine``, ``vm``, ``machine``은 잰 조건이고 ``date``는 재기 시작한 때(ISO 8601)입니다.
    """

    rows: tuple[Claim, ...]
    engine: Mapping[str, Any]
    vm: Mapping[str, Any]
    machine: Mapping[str, Any]
    date: str

    def row(self, claim: str) -> Claim:
        """그 이름의 줄을 돌려줍니다. 없으면 ``KeyError``입니다."""
        for each in self.rows:
            if each.claim == claim:
                return each
        raise KeyError(claim)

    @property
    def notes(self) -> tuple[str, ...]:
        """모든 줄의 주의할 점을 겹치지 않게 모읍니다."""
        return tuple(dict.fromkeys(note for each in self.rows for note in each.notes))

    def as_dict(self) -> dict[str, Any]:
        """``dockerlab compare --json``의 출력입니다. 키는 공개된 약속이라 바뀌지 않습니다."""
        return {
            "rows": [each.as_dict() for each in self.rows],
            "engine": dict(self.engine),
            "vm": dict(self.vm),
            "date": self.date,
        }

    def record(self) -> dict[str, Any]:
        """학습자의 기록에 남기는 모양입니다. 날것의 값은 빼고, 구간과 조건을 함께 적습니다."""
        rows = [
            {
                "claim": each.claim, "title": each.title, "unit": each.unit, "n": each.n,
                "book_vm": each.book_vm, "book_container": each.book_container,
                "vm": each.vm, "vm_interval": each.interval(each.vm),
                "container": each.container, "container_interval": each.interval(each.container),
            }
            for each in self.rows
        ]  # fmt: skip
        return {"rows": rows, "engine": dict(self.engine), "vm": dict(self.vm),
                "machine": dict(self.machine), "date": self.date}  # fmt: skip
