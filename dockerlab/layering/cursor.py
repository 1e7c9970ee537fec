"""바이트의 흐름을 앞으로만 읽습니다. 건너뛸 것은 건너뛰고, 모자라면 잘렸다고 말합니다."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from dockerlab.errors import ImageUnreadable

CHUNK = 2**20
_NEAR = 2**11  # what is read around a header of a file on disk

# A piece of a stream: bytes, or the number of bytes that are left out there (see tarsplit.py).
Piece = bytes | memoryview | int


def unreadable(seen: str) -> ImageUnreadable:
    """이미지를 읽을 수 없다는 오류입니다."""
    return ImageUnreadable(
        "이미지를 읽을 수 없습니다.",
        seen=seen,
        todo="파일을 다시 받거나 docker save로 다시 만드십시오.",
    )


class Cursor:
    """조각들로 오는 흐름 위의 읽는 자리입니다."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._pieces = iter(pieces)
        self._piece: Piece = b""
        self._at = 0
        self._left = 0
        self.position = 0

    def _more(self) -> bool:
        for piece in self._pieces:
            length = piece if isinstance(piece, int) else len(piece)
            if length:
                self._piece, self._at, self._left = piece, 0, length
                return True
        return False

    def read(self, size: int) -> bytes:
        """``size``바이트를 읽습니다. 흐름의 끝이면 빈 바이트, 도중에 끝나면 ``ImageUnreadable``입니다."""
        if size <= self._left and not isinstance(self._piece, int):
            at = self._at
            self._at += size
            self._left -= size
            self.position += size
            return bytes(self._piece[at : at + size])
        parts, missing = [], size
        for piece in self.pieces(size, ends=True):
            if isinstance(piece, int):
                raise unreadable("내용이 있어야 할 자리가 비어 있습니다.")
            parts.append(piece)
            missing -= len(piece)
        if missing and parts:
            raise truncated()
        return b"".join(parts)

    def pieces(self, size: int, ends: bool = False) -> Iterator[Piece]:
        """다음 ``size``바이트를 조각으로 줍니다. ``ends``이면 모자라도 그대로 끝납니다."""
        while size:
            if not self._left and not self._more():
                if ends:
                    return
                raise truncated()
            length = min(size, self._left)
            at, piece = self._at, self._piece
            self._at += length
            self._left -= length
            self.position += length
            size -= length
            yield length if isinstance(piece, int) else memoryview(piece)[at : at + length]

    def skip(self, size: int) -> None:
        """``size``바이트를 건너뜁니다."""
        self.position += size
        while size > self._left:
            size -= self._left
            if not self._more():
                raise truncated()
        self._at += size
        self._left -= size

    def drain(self) -> None:
        """끝까지 읽어 버립니다."""
        self.position += self._left
        self._left = 0
        for piece in self._pieces:
            self.position += piece if isinstance(piece, int) else len(piece)


def truncated() -> ImageUnreadable:
    """흐름이 도중에 끝났다는 오류입니다."""
    return unreadable("파일이 도중에 끝납니다. 잘렸거나 덜 받은 파일입니다.")


class Section:
    """파일의 한 부분입니다. 여러 번, 여러 곳에서 함께 읽을 수 있습니다."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file = file.fileno()
        self._start = start
        self.size = size

    def start(self, size: int) -> bytes:
        """첫 바이트들입니다."""
        return self.read(0, size)

    def cursor(self, passed: Callable[[int], None] | None = None) -> Leaper:
        """건너뛸 수 있는 자리입니다. 헤더처럼 띄엄띄엄 읽을 때 씁니다.

        ``passed(바이트)``는 더 읽을 때마다, 지금까지 지나온 바이트로 불립니다.
        """
        return Leaper(self, passed)

    def pieces(self) -> Iterator[bytes]:
        """처음부터 끝까지의 조각입니다."""
        at = 0
        while data := self.read(at, CHUNK):
            at += len(data)
            yield data
        if at < self.size:
            raise truncated()

    def read(self, at: int, most: int) -> bytes:
        """``at``부터, 많아야 ``most``바이트입니다."""
        return os.pread(self._file, max(0, min(most, self.size - at)), self._start + at)


class Leaper:
    """파일의 한 부분 위의 읽는 자리입니다. :class:`Cursor`와 달리, 건너뛴 것은 읽지 않습니다."""

    def __init__(self, section: Section, passed: Callable[[int], None] | None) -> None:
        self._section = section
        self._passed = passed
        self._near = b""
        self._near_at = 0
        self.position = 0

    def read(self, size: int) -> bytes:
        """``size``바이트를 읽습니다. 끝이면 빈 바이트, 도중에 끝나면 ``ImageUnreadable``입니다."""
        position = self.position
        at = position - self._near_at
        found = self._near[at : at + size]
        if len(found) < size:
            self._near, self._near_at = self._section.read(position, max(size, _NEAR)), position
            found = self._near[:size]
            if found and len(found) < size:
                raise truncated()
            if self._passed is not None:
                self._passed(position + len(self._near))
        self.position = position + len(found)
        return found

    def skip(self, size: int) -> None:
        """``size``바이트를 건너뜁니다."""
        self.position += size
        if self.position > self._section.size:
            raise truncated()

    def drain(self) -> None:
        """끝까지 건너뜁니다."""
        self.position = self._section.size
