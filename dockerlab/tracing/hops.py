"""자취의 자료입니다: 명령이 지나간 곳(hop)들과, 그것을 한 시간축에 늘어놓은 자취."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

LANES = ("client", "rest", "dockerd", "containerd", "runc", "process")


@dataclass(frozen=True)
class Hop:
    """명령이 지나간 곳 하나입니다. ``start``는 명령을 시작한 때부터의 초입니다.

    한순간의 일(이벤트)은 ``seconds``가 0입니다. ``waiting``은 일을 시킨 것이 아니라 결과를 기다리며 열어 둔
    것(attach, wait, 이벤트)이라는 뜻이고, 시간을 나눌 때 세지 않습니다.
    """

    lane: str
    start: float
    seconds: float
    what: str
    detail: Mapping[str, Any]
    waiting: bool = False

    @property
    def end(self) -> float:
        """끝난 때입니다."""
        return self.start + self.seconds


@dataclass(frozen=True)
class Trace:
    """명령 하나의 자취입니다. ``hops``는 일어난 순서대로입니다.

    ``missing``은 놓친 것(비어 있으면 ``complete``), ``notes``는 이 엔진에서 볼 수 없는 것과 그 까닭,
    ``bound``는 엔진의 시계를 옮긴 값이 틀릴 수 있는 초입니다.
    """

    command: str
    hops: tuple[Hop, ...]
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    bound: float = 0.0

    @property
    def complete(self) -> bool:
        """보아야 할 것을 하나도 놓치지 않았는지 말합니다."""
        return not self.missing

    @property
    def total(self) -> float:
        """명령이 시작해서 끝날 때까지의 초입니다."""
        return max((hop.end for hop in self.lane("client")), default=0.0)

    def lane(self, name: str) -> tuple[Hop, ...]:
        """한 층에서 일어난 것들입니다."""
        return tuple(hop for hop in self.hops if hop.lane == name)

    def split(self) -> dict[str, float]:
        """걸린 시간을 층으로 나눕니다. 순간마다 그때 일하고 있던 가장 깊은 층의 것으로 셉니다.

        모두 더하면 ``total``입니다. dockerd와 containerd의 이벤트는 한순간이라, 그들이 일한 시간은 일을 시킨
        REST 요청의 것으로 셉니다.
        """
        total = self.total
        changes = [(0.0, 0, 0), (total, 0, 0)]  # when, the lane, one more or one less at work in it
        for hop in self.hops:
            start, end = max(0.0, hop.start), min(total, hop.end)
            if start < end and not hop.waiting:
                changes += [(start, LANES.index(hop.lane), 1), (end, LANES.index(hop.lane), -1)]
        spent = dict.fromkeys(LANES, 0.0)
        busy = [0] * len(LANES)
        for (left, lane, change), (right, _, _) in pairwise(sorted(changes)):
            busy[lane] += change
            deepest = max((depth for depth, count in enumerate(busy) if count), default=0)
            spent[LANES[deepest]] += right - left
        return {lane: seconds for lane, seconds in spent.items() if seconds}

    def as_dict(self) -> dict[str, Any]:
        """``dockerlab trace --json``의 모양입니다."""
        return {
            "command": self.command,
            "hops": [
                {
                    "lane": hop.lane,
                    "start": hop.start,
                    "seconds": hop.seconds,
                    "what": hop.what,
                    "detail": dict(hop.detail),
                }
                for hop in self.hops
            ],
            "complete": self.complete,
            "missing": list(self.missing),
            "notes": list(self.notes),
            "split": self.split(),
            "bound": self.bound,
        }

    def __str__(self) -> str:
        lines = [f"{self.command}: {self.total * 1000:.0f} ms, {len(self.hops)}곳"]
        for hop in self.hops:
            took = f"{hop.seconds * 1000:8.1f} ms" if hop.seconds else " " * 11
            lines.append(f"  {hop.start * 1000:8.1f} {took}  {hop.lane:<10} {hop.what}")
        spent = ", ".join(f"{lane} {seconds * 1000:.0f} ms" for lane, seconds in self.split().items())
        lines.append(f"나눈 시간: {spent}")
        lines += [f"놓친 것: {each}" for each in self.missing]
        lines += [f"볼 수 없는 것: {each}" for each in self.notes]
        return "\n".join(lines)
