"""컨테이너에 붙은 연결에서 출력을 읽고 입력을 보냅니다.

엔진의 형식(Docker Engine API, "Attach to a container"): 8바이트 머리(스트림 번호, 0 세 개,
빅 엔디언 길이) 뒤에 그 길이만큼의 내용이 옵니다.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

STDOUT, STDERR = 1, 2
_HEADER = struct.Struct(">BxxxL")
_CHUNK = 64 * 1024


class Frames:
    """도착한 바이트를 (스트림 번호, 내용)으로 나눕니다. 조각이 어디서 끊겨도 됩니다."""

    def __init__(self) -> None:
        self._head = b""
        self._kind = STDOUT
        self._left = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        at = 0
        while at < len(data):
            if self._left == 0:
                need = _HEADER.size - len(self._head)
                self._head += data[at : at + need]
                at += need
                if len(self._head) == _HEADER.size:
                    self._kind, self._left = _HEADER.unpack(self._head)
                    self._head = b""
                continue
            piece = data[at : at + self._left]
            at += len(piece)
            self._left -= len(piece)
            yield self._kind, piece


class Stream:
    """연결 하나를 끝까지 읽습니다. 읽는 일은 곁의 스레드가 해서, 시작 요청과 겹쳐 시간을 잽니다.

    ``limit``은 스트림마다 간직하는 바이트이고, 넘치면 버리면서 계속 읽습니다(컨테이너가 막히지 않게).
    ``patience``초가 있으면 기다리는 동안 엔진이 살아 있는지 확인하고, 죽었으면 스트림을 끝냅니다.
    """

    def __init__(
        self, raw: Any, *, stdin: bytes | None, limit: int, patience: float | None = None
    ) -> None:
        # docker-py hands out the raw socket but keeps the HTTP response on it. Reading through the
        # response's own buffer matters: it may already hold output that followed the headers.
        self._response = raw._response
        self._reader = self._response.raw._fp.fp
        self._socket: socket.socket = getattr(raw, "_sock", raw)
        self._socket.settimeout(patience)
        self._limit = limit
        self._room = {STDOUT: limit, STDERR: limit}
        self._pieces: list[tuple[float, int, bytes]] = []
        self._listeners: list[Callable[[bytes], None]] = []
        self._changed = threading.Condition()
        self._ended = False
        self.first: float | None = None
        self.truncated = False
        self._thread = threading.Thread(target=self._read, name="dockerlab-output", daemon=True)
        self._thread.start()
        if stdin is not None:
            threading.Thread(target=self._write, args=(stdin,), name="dockerlab-input", daemon=True).start()

    def _read(self) -> None:
        frames = Frames()
        # The engine's death or our own close() ends the stream either way; whether the run is
        # complete is decided by the answer to "wait", never by the stream.
        with contextlib.suppress(OSError, ValueError):
            while data := self._reader.read1(_CHUNK):
                self._keep(time.perf_counter(), frames.feed(data))
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _keep(self, now: float, pieces: Iterator[tuple[int, bytes]]) -> None:
        with self._changed:
            for kind, piece in pieces:
                if self.first is None:
                    self.first = now
                for heard in self._listeners:
                    heard(piece)
                room = self._room.setdefault(kind, self._limit)
                if len(piece) > room:
                    self.truncated = True
                    piece = piece[:room]
                if piece:
                    self._room[kind] = room - len(piece)
                    self._pieces.append((now, kind, piece))
            self._changed.notify_all()

    def _write(self, stdin: bytes) -> None:
        # A command that does not read its input closes the pipe: not an error, as in a shell.
        with contextlib.suppress(OSError):
            self._socket.sendall(stdin)
            self._socket.shutdown(socket.SHUT_WR)

    def listen(self, heard: Callable[[bytes], None]) -> None:
        """간직한 것을 먼저, 그 뒤로는 버릴 것까지 도착하는 대로 ``heard``에 건네줍니다."""
        with self._changed:
            for _, _, piece in self._pieces:
                heard(piece)
            self._listeners.append(heard)

    def unlisten(self, heard: Callable[[bytes], None]) -> None:
        """더 건네주지 않습니다."""
        with self._changed:
            self._listeners.remove(heard)

    def content(self, kind: int) -> bytes:
        """지금까지 온 내용입니다."""
        with self._changed:
            return self._joined(kind)

    def arrivals(self, start: float) -> tuple[tuple[float, bytes], ...]:
        """표준 출력의 조각마다 도착한 때(``start``부터의 초)를 줍니다."""
        with self._changed:
            return tuple((at - start, piece) for at, kind, piece in self._pieces if kind == STDOUT)

    def wait_for(self, text: bytes, timeout: float) -> bool:
        """``text``가 나올 때까지 기다립니다. 나오지 않고 스트림이 끝나거나 때가 지나면 거짓입니다."""
        end = time.perf_counter() + timeout
        with self._changed:
            while not any(text in self._joined(kind) for kind in (STDOUT, STDERR)):
                left = end - time.perf_counter()
                if self._ended or left <= 0 or not self._changed.wait(left):
                    return any(text in self._joined(kind) for kind in (STDOUT, STDERR))
            return True

    def _joined(self, kind: int) -> bytes:
        return b"".join(piece for _, of, piece in self._pieces if of == kind)

    def wait_end(self, timeout: float) -> bool:
        """스트림이 끝날 때까지 기다립니다. 끝났으면 참입니다."""
        with self._changed:
            return self._changed.wait_for(lambda: self._ended, timeout)

    def close(self) -> None:
        """연결을 닫고 읽던 스레드를 거둡니다."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._response.close()
