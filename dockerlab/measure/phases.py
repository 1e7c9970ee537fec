"""한 번의 실행이 지나간 지점들입니다. 컨테이너와 VM이 같은 모양을 씁니다."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Phases:
    """지점의 이름과 시작부터의 초를 일어난 순서대로 담습니다.

    ``marks``의 초는 호스트의 단조 시계(``time.perf_counter``)로 재고, 시작은 0입니다.
    """

    marks: tuple[tuple[str, float], ...]

    def at(self, name: str) -> float | None:
        """그 지점까지 걸린 초입니다. 지나지 않았으면 ``None``입니다."""
        return dict(self.marks).get(name)

    def durations(self) -> Iterator[tuple[str, float]]:
        """지점마다 바로 앞 지점에서부터 걸린 초를 차례로 줍니다."""
        before = 0.0
        for name, at in sorted(self.marks, key=lambda mark: mark[1]):
            yield name, at - before
            before = at

    @property
    def total(self) -> float:
        """마지막 지점까지의 초입니다."""
        return max((at for _, at in self.marks), default=0.0)
