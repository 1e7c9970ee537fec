"""레이어 블롭 하나를 읽습니다: 압축을 풀고, 다이제스트와 diff id를 확인하고, 내용을 나눕니다."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from dockerlab.layering.budget import Budget
from dockerlab.layering.compression import packed, unpacked
from dockerlab.layering.contents import Contents, Wanted, scan
from dockerlab.layering.cursor import Cursor, Section

UNASKED = 2**28
"""압축하지 않은 레이어를, 청하지 않아도 다이제스트와 견주는 바이트입니다. 0.2초 남짓 걸립니다.

File lists come from headers, which have sums of their own. Hashing reads and sums all the rest: for 1.5 GB
that is ten times the work. A compressed blob is read as a whole anyway, and is always checked.
"""

_SAY_BYTES = 2**20
_SAY_EVERY = 0.1  # seconds, while only hashing is left


@dataclass(frozen=True)
class Scanned:
    """읽은 블롭입니다. 확인하지 않고 믿은 것이면 다이제스트가 비어 있습니다."""

    contents: Contents
    digest: str
    diff_id: str
    size: int


class _Counted:
    """Bytes passing by, counted and hashed."""

    def __init__(self, hashes: bool) -> None:
        self.size = 0
        self._digest: Any = hashlib.sha256() if hashes else None

    def pass_on(self, chunks: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
        for chunk in chunks:
            self.size += len(chunk)
            if self._digest is not None:
                self._digest.update(chunk)
            yield chunk

    @property
    def digest(self) -> str:
        return f"sha256:{self._digest.hexdigest()}" if self._digest is not None else ""


def scan_stream(
    chunks: Iterable[bytes | memoryview],
    budget: Budget,
    *,
    trusted: bool = False,
    wanted: Wanted | None = None,
) -> Scanned:
    """조각으로 오는 블롭을 읽습니다.

    ``trusted``이면 압축되지 않은 것의 다이제스트를 셈하지 않습니다. 받을 때 이미 확인한 엔진의 것에만 씁니다.
    """
    chunks = iter(chunks)
    first = next(chunks, b"")
    compressed = packed(bytes(first[:4]))
    outside = _Counted(compressed or not trusted)
    stream = outside.pass_on(itertools.chain([first], chunks))
    if not compressed:
        contents = scan(Cursor(unpacked(stream, budget)), budget, wanted)
        return Scanned(contents, outside.digest, outside.digest, outside.size)
    inside = _Counted(True)
    contents = scan(Cursor(inside.pass_on(unpacked(stream, budget))), budget, wanted)
    for _ in stream:
        pass  # padding after the compressed data belongs to the digest
    return Scanned(contents, outside.digest, inside.digest, outside.size)


def scan_sections(
    sections: Mapping[str, Section],
    budget: Budget,
    wanted: Mapping[str, Wanted],
    tell: Callable[[int], None],
    *,
    verify: bool,
) -> dict[str, Scanned]:
    """파일의 부분들인 블롭을 읽습니다. ``tell(바이트)``는 자주, 지금까지 읽은 바이트로 불립니다.

    ``verify``가 아니면, 압축하지 않은 것은 많지 않을 때와 내용을 보일 때만 다이제스트를 확인합니다.
    """
    plain = {place for place, section in sections.items() if not packed(section.start(4))}
    all_of_it = verify or sum(sections[place].size for place in plain) <= UNASKED
    hashed = plain if all_of_it else plain & wanted.keys()
    progress = _Progress(sections, tell)
    found = {}
    # Headers are few and far between, hashing reads every byte: it does so beside, on every core.
    with ThreadPoolExecutor(os.cpu_count(), "dockerlab-sha256") as beside:
        hashing = {
            place: beside.submit(_sha256, progress.hashes(place, section.pieces()))
            for place, section in sections.items()
            if place in hashed
        }
        for place, section in sections.items():
            if place in plain:
                budget.bytes(section.size)
                if place not in hashed:
                    progress.needs_no_hash(place, section.size)
                cursor = section.cursor(progress.reads(place))
                contents = scan(cursor, budget, wanted.get(place))
                progress.ends(place, section.size)
                digest = progress.awaited(hashing[place]) if place in hashed else ""
                contents = contents if digest else replace(contents, checked=False)
                found[place] = Scanned(contents, digest, digest, section.size)
            else:
                chunks = progress.reads_all(place, section.pieces())
                found[place] = scan_stream(chunks, budget, wanted=wanted.get(place))
    return found


class _Progress:
    """How far the blobs are: each as far as the slower of reading its headers and hashing it.

    Hashing counts in its own threads, but only the thread that reads tells.
    """

    def __init__(self, places: Iterable[str], tell: Callable[[int], None]) -> None:
        self._read = dict.fromkeys(places, 0)
        self._hashed = dict.fromkeys(self._read, 0)
        self._tell = tell

    def reads(self, place: str) -> Callable[[int], None]:
        def passed(at: int) -> None:
            if at - self._read[place] >= _SAY_BYTES:
                self.ends(place, at)

        return passed

    def ends(self, place: str, at: int) -> None:
        self._read[place] = at
        self._say()

    def reads_all(self, place: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            yield piece
            self._hashed[place] += len(piece)
            self.ends(place, self._hashed[place])

    def hashes(self, place: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            yield piece
            self._hashed[place] += len(piece)

    def needs_no_hash(self, place: str, size: int) -> None:
        self._hashed[place] = size

    def awaited(self, digest: Future[str]) -> str:
        while True:
            try:
                return digest.result(_SAY_EVERY)
            except TimeoutError:
                if digest.done():
                    raise  # its own, not the wait's
            finally:
                self._say()

    def _say(self) -> None:
        self._tell(sum(min(at, self._hashed[place]) for place, at in self._read.items()))


def _sha256(pieces: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return f"sha256:{digest.hexdigest()}"
