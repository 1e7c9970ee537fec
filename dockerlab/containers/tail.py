"""돌고 있는 컨테이너의 출력을 따라가며 마지막 줄들만 간직합니다."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass

from dockerlab.containers.stream import Stream

KEPT_LINES = 200
LONGEST_LINE = 300
"""한 줄에서 간직하는 바이트입니다. 줄을 바꾸지 않는 출력도 메모리를 채우지 못합니다."""


@dataclass(frozen=True)
class Told:
    """따라가기 시작한 뒤 ``seconds``초까지의 출력: 마지막 줄들과, 처음부터 나온 줄의 수입니다."""

    lines: tuple[str, ...]
    count: int
    seconds: float
    ended: bool


class Tail:
    """컨테이너 하나의 출력을 끝까지 따라갑니다. 아무리 많이 나와도 간직하는 양은 같습니다."""

    def __init__(self, stream: Stream) -> None:
        self._lines: deque[bytes] = deque(maxlen=KEPT_LINES)
        self._rest = b""
        self._count = 0
        self._lock = threading.Lock()
        self._begun = time.monotonic()
        self._stream = stream
        stream.listen(self._hear)

    def _hear(self, piece: bytes) -> None:
        *whole, rest = (self._rest + piece).split(b"\n")
        with self._lock:
            self._count += len(whole)
            self._lines.extend(line[:LONGEST_LINE] for line in whole[-KEPT_LINES:])
            self._rest = rest[:LONGEST_LINE]

    def now(self) -> Told:
        """지금까지의 모습입니다. 끝나지 않은 마지막 줄은 컨테이너가 끝나면 넣습니다."""
        ended = self._stream.wait_end(0)
        with self._lock:
            last = [self._rest] if ended and self._rest else []
            lines = [*self._lines, *last][-KEPT_LINES:]
            count = self._count + len(last)
        shown = tuple(line.rstrip(b"\r").decode("utf-8", "replace") for line in lines)
        return Told(shown, count, time.monotonic() - self._begun, ended)

    def wait_end(self, seconds: float) -> bool:
        """출력이 끝날 때까지 기다립니다. 끝났으면 참입니다."""
        return self._stream.wait_end(seconds)

    def close(self) -> None:
        """그만 따라갑니다. 컨테이너는 그대로 돕니다."""
        self._stream.unlisten(self._hear)
