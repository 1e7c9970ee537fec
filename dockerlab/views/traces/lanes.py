"""자취를 그릴 자리를 정합니다: 엔진의 층이 위에서 아래로, 시간이 왼쪽에서 오른쪽으로 흐릅니다."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dockerlab.views.traces.entries import Entry
from dockerlab.views.traces.words import LANES, OTHER, ROOMS

AFTER = 1.16  # the axis is so much longer than the command, so that what ended it finds room for its name
LETTER = 0.0088  # of the axis, for the narrow letter of a name
LONGEST_NAME = 0.3
MOST_ROWS = 8


@dataclass(frozen=True)
class Room:
    """한 층 안의 방(dockerd의 다섯 객체)이고, 나머지 층에는 이름 없는 방 하나입니다."""

    name: str
    rows: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Lane:
    """층 하나입니다."""

    key: str
    name: str
    rooms: tuple[Room, ...]


def lanes(entries: Sequence[Entry], axis: float) -> tuple[Lane, ...]:
    """여섯 층을 위에서 아래로 돌려줍니다. 아무 일도 없던 층과 방도 자리를 지킵니다."""
    return tuple(Lane(key, name, tuple(_rooms(key, entries, axis))) for key, name in LANES.items())


def length(entries: Sequence[Entry]) -> float:
    """시간축의 길이(초)입니다. 명령보다 조금 깁니다."""
    return AFTER * max((each.start + each.seconds for each in entries), default=0.0) or 1e-3


def ticks(total: float) -> list[float]:
    """눈금을 둘 자리입니다. 다섯 개 안팎이고 1, 2, 5의 배수입니다."""
    if total <= 0:
        return [0.0]
    step = 1e-12
    while total / step > 6:
        step *= 2.5 if f"{step:.0e}".startswith("2") else 2
    return [step * at for at in range(int(total / step) + 1)]


def _rooms(key: str, entries: Sequence[Entry], axis: float) -> Iterable[Room]:
    mine = [at for at, entry in enumerate(entries) if entry.lane == key]
    if key != "dockerd":
        yield Room("", _packed(mine, entries, axis))
        return
    for name in (*ROOMS, OTHER):
        inside = [at for at in mine if entries[at].room == name]
        if inside or name != OTHER:
            yield Room(name, _packed(inside, entries, axis))


def _packed(numbers: Iterable[int], entries: Sequence[Entry], axis: float) -> tuple[tuple[int, ...], ...]:
    """In as few rows as there are without two names on one another."""
    rows: list[list[int]] = []
    free: list[float] = []
    for at in numbers:
        entry = entries[at]
        name = min(LONGEST_NAME, 0.02 + LETTER * _letters(entry.label))
        end = max(0.0, entry.start) + max(entry.seconds, name * axis)
        row = next((row for row, until in enumerate(free) if until <= entry.start), len(rows))
        if row == MOST_ROWS:
            row = free.index(min(free))
        elif row == len(rows):
            rows.append([])
            free.append(0.0)
        rows[row].append(at)
        free[row] = end
    return tuple(map(tuple, rows)) or ((),)


def _letters(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
