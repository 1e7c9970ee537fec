"""학습자의 기록입니다. 수업마다 파일 하나에 한 줄씩 덧붙이기만 하고, 고치거나 지우지 않습니다.

One JSON line an event, appended in one write under a lock and synced: two open notebooks cannot mix their
lines, and a kill can only tear the last line, which reading passes over.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dockerlab import places
from dockerlab.errors import DiskFull, PlaceNotWritable


@dataclass(frozen=True)
class Event:
    """기록의 한 줄입니다. 언제(``at``), 어느 수업에서, 무슨 일이, 어떤 내용으로 있었는지입니다."""

    at: str
    lesson: str
    kind: str
    facts: Mapping[str, Any]


def write(lesson: str, kind: str, **facts: Any) -> None:
    """한 줄을 덧붙입니다. 수업이 아닌 곳(빈 번호)에서는 아무것도 남기지 않습니다.

    남기지 못해도 수업은 계속됩니다. 까닭은 경고로 말합니다.
    """
    if not lesson:
        return
    at = datetime.now().astimezone().isoformat(timespec="microseconds")
    record = {"at": at, "lesson": lesson, "kind": kind, **facts}
    line = json.dumps(record, ensure_ascii=False, allow_nan=False)
    try:
        _append(places.record_dir() / f"{lesson}.jsonl", line.encode())
    except (DiskFull, PlaceNotWritable) as error:
        warnings.warn(f"이번 것은 기록에 남기지 못했습니다.\n{error}", stacklevel=2)


def read(lesson: str = "") -> tuple[Event, ...]:
    """수업 하나, 번호가 없으면 모든 수업의 기록을 일어난 차례대로 돌려줍니다."""
    try:
        files = sorted(places.record_dir().glob(f"{lesson or '[0-9][0-9]'}.jsonl"))
    except (DiskFull, PlaceNotWritable):
        return ()
    placed = [pair for file in files for pair in _placed(_events(file))]
    return tuple(event for _, event in sorted(placed, key=lambda pair: pair[0]))


def _placed(events: list[Event]) -> Iterator[tuple[float, Event]]:
    """A file is in the order of what happened, whatever the clock said: it may have been set back."""
    latest = -math.inf
    for event in events:
        latest = max(latest, datetime.fromisoformat(event.at).timestamp())
        yield latest, event


def _append(file: Path, line: bytes) -> None:
    with places.disk_errors(file):
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            size = os.fstat(descriptor).st_size
            torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            _write_whole(descriptor, (b"\n" if torn else b"") + line + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _write_whole(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def _events(file: Path) -> list[Event]:
    events = []
    for line in file.read_bytes().split(b"\n"):
        try:
            record = json.loads(line)
            at = datetime.fromisoformat(record.pop("at")).isoformat(timespec="microseconds")
            events.append(Event(at, record.pop("lesson"), record.pop("kind"), record))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # empty, or torn by a kill in the middle of its writing
    return events
