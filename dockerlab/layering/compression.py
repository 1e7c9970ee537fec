"""압축을 알아보고 풉니다: gzip, zstd, 압축하지 않은 것. 이름은 믿지 않고 첫 바이트를 봅니다."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from dockerlab.layering.budget import Budget
from dockerlab.layering.cursor import CHUNK, truncated, unreadable

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = b"\x2a\x4d\x18"  # after 0x50 to 0x5f: a frame of zstd without content
# What is fed at once. A stream of a million tiny gzip members copies its rest for each of them.
_FEED = 2**15
_WINDOW_LOG = 27  # 128 MiB, what `zstd -d` itself allows


_SKIPPABLE_FIRST = {bytes([each]) for each in range(0x50, 0x60)}


def packed(start: bytes) -> bool:
    """gzip이나 zstd로 시작하는지 봅니다."""
    return (
        start[:2] == GZIP or start[:4] == ZSTD or (start[:1] in _SKIPPABLE_FIRST and start[1:4] == _SKIPPABLE)
    )


def unpacked(chunks: Iterable[bytes | memoryview], budget: Budget) -> Iterator[bytes | memoryview]:
    """압축된 조각들을 푼 조각들입니다. 압축되지 않았으면 그대로 지나갑니다."""
    chunks = iter(chunks)
    start = b""
    for chunk in chunks:
        start += chunk
        if len(start) >= 4:
            break
    if start[:2] == GZIP:
        return _inflated(start, chunks, budget, _new_gzip, zlib.error, _gzip_step)
    if packed(start):
        from backports import zstd

        return _inflated(start, chunks, budget, _new_zstd, zstd.ZstdError, _zstd_step)
    return _plain(start, chunks, budget)


def _plain(
    start: bytes, chunks: Iterator[bytes | memoryview], budget: Budget
) -> Iterator[bytes | memoryview]:
    if start:
        budget.bytes(len(start))
        yield start
    for chunk in chunks:
        budget.bytes(len(chunk))
        yield chunk


def _inflated(start, chunks, budget, new, mistakes, step) -> Iterator[bytes]:
    """A series of gzip members or zstd frames, one after another, and never more than CHUNK at a time."""
    machine = new()
    begun = False
    feed = _fed(itertools.chain([start], chunks), budget)
    rest: bytes | memoryview = next(feed)
    while True:
        try:
            data, rest = step(machine, rest)
        except mistakes as error:
            raise unreadable(f"압축을 풀 수 없습니다: {error}") from error
        begun = True
        if data:
            budget.inflated(len(data))
            yield data
        if machine.eof:
            rest = machine.unused_data
            machine, begun = new(), False
        elif data or rest:
            continue
        if not rest:
            rest = next(feed, b"")
            if not rest and begun:
                raise truncated()
        if not begun and not any(rest[:16]):
            return  # the end, or padding after the last member


def _fed(chunks: Iterable[bytes | memoryview], budget: Budget) -> Iterator[memoryview]:
    for chunk in chunks:
        whole = memoryview(chunk)
        for at in range(0, len(whole), _FEED):
            piece = whole[at : at + _FEED]
            budget.packed(len(piece))
            yield piece


def _new_gzip() -> Any:
    return zlib.decompressobj(16 + zlib.MAX_WBITS)


def _gzip_step(machine: Any, data: bytes | memoryview) -> tuple[bytes, bytes]:
    return machine.decompress(data, CHUNK), machine.unconsumed_tail


def _new_zstd() -> Any:
    from backports import zstd

    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG})


def _zstd_step(machine: Any, data: bytes | memoryview) -> tuple[bytes, bytes]:
    # It keeps what it has not used yet, and wants nothing new until then.
    made = machine.decompress(data, CHUNK)
    return made, b""
