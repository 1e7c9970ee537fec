"""직렬 콘솔에서 읽은 바이트와, 그것을 호스트가 본 시각입니다."""

from __future__ import annotations

import bisect
import os
import re
import threading
import time
from dataclasses import dataclass
from typing import IO

# A guest that floods its console is cut off here instead of filling the learner's memory.
LIMIT = 16 * 1024 * 1024
# No marker is longer; a marker may be torn over two reads.
_LONGEST_MARKER = 256


@dataclass(frozen=True)
class Found:
    """찾은 것의 자리와, 첫 바이트를 본 시각(perf_counter 초)입니다."""

    start: int
    end: int
    at: float
    groups: tuple[bytes, ...]


class Transcript:
    """콘솔에서 온 바이트를 도착한 시각과 함께 쌓습니다.

    시각은 호스트의 ``time.perf_counter`` 초입니다. 게스트의 시계는 믿지 않습니다(에뮬레이션에서는
    어긋날 수 있습니다).
    """

    def __init__(self) -> None:
        self._data = bytearray()
        self._starts: list[int] = []
        self._times: list[float] = []
        self._closed = False
        self._changed = threading.Condition()

    def append(self, chunk: bytes, at: float) -> None:
        """시각 ``at``에 읽은 바이트를 덧붙입니다."""
        with self._changed:
            self._starts.append(len(self._data))
            self._times.append(at)
            self._data += chunk
            self._changed.notify_all()

    def close(self) -> None:
        """더 올 바이트가 없음을 알립니다."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __len__(self) -> int:
        return len(self._data)

    @property
    def closed(self) -> bool:
        """콘솔이 끝났으면 참입니다."""
        return self._closed

    def at(self, offset: int) -> float:
        """그 자리의 바이트를 본 시각입니다."""
        return self._times[bisect.bisect_right(self._starts, offset) - 1]

    def bytes(self, start: int = 0, end: int | None = None) -> bytes:
        """그 구간의 바이트를 베껴 돌려줍니다."""
        return bytes(self._data[start:end])

    def text(self, start: int = 0) -> str:
        """화면 제어 문자를 빼고 읽을 수 있는 글로 돌려줍니다."""
        shown = self.bytes(start).decode("utf-8", "replace")
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1bc|\r", "", shown)

    def tail(self, lines: int = 4) -> str:
        """마지막 줄들입니다. 무엇이 잘못되었는지 보여 줄 때 씁니다."""
        shown = [line.strip() for line in self.text(max(0, len(self) - 4096)).splitlines()]
        return " / ".join([line for line in shown if line][-lines:])

    def find(self, pattern: re.Pattern[bytes], start: int = 0) -> Found | None:
        """지금까지 온 것에서 찾습니다."""
        with self._changed:
            return self._search(pattern, start)

    def wait_for(self, pattern: re.Pattern[bytes], deadline: float, start: int = 0) -> Found | None:
        """올 때까지 기다립니다. 콘솔이 끝나거나 ``deadline``(perf_counter 초)이 지나면 ``None``입니다."""
        with self._changed:
            while True:
                if found := self._search(pattern, start):
                    return found
                left = deadline - time.perf_counter()
                if self._closed or left <= 0:
                    return None
                start = max(start, len(self._data) - _LONGEST_MARKER)
                self._changed.wait(left)

    def _search(self, pattern: re.Pattern[bytes], start: int) -> Found | None:
        # The match object is not kept: while it lives, the bytearray it points into cannot grow.
        match = pattern.search(self._data, start)
        if match is None:
            return None
        groups = tuple(bytes(group or b"") for group in match.groups())
        return Found(match.start(), match.end(), self.at(match.start()), groups)


def record(stream: IO[bytes], transcript: Transcript) -> threading.Thread:
    """``stream``을 끝까지 읽어 쌓고 닫는 스레드를 시작합니다."""

    def read() -> None:
        # The thread holds the stream itself: a bare descriptor could be closed and given to another file.
        with stream:
            while len(transcript) < LIMIT and (chunk := os.read(stream.fileno(), 65536)):
                transcript.append(chunk, time.perf_counter())
        transcript.close()

    thread = threading.Thread(target=read, name="dockerlab-console", daemon=True)
    thread.start()
    return thread
