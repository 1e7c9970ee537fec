"""엔진이 스스로 적어 둔 파일 목록(tar-split)을 읽습니다. 레이어를 내보내지 않고도 같은 답을 얻습니다.

The engine keeps every byte of a layer's tar except the files' contents, to make the very same tar again
later. Our own reader reads those bytes, so what it finds is what it would find in the tar. Only with
overlay2, and only for those who may read the engine's folder (root).
"""

from __future__ import annotations

import binascii
import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, Any

from dockerlab.layering.budget import Budget
from dockerlab.layering.contents import Contents, scan
from dockerlab.layering.cursor import Cursor, Piece, unreadable

_AT_ONCE = 2**18  # bytes of lines


def config(info: dict[str, Any], image: str) -> bytes | None:
    """엔진의 폴더에 있는 이미지의 설정입니다. 읽을 수 없으면 ``None``입니다."""
    try:
        return (_root(info) / "imagedb/content/sha256" / image.removeprefix("sha256:")).read_bytes()
    except OSError:
        return None


def contents(info: dict[str, Any], diff_ids: Sequence[str], number: int, budget: Budget) -> Contents | None:
    """``number``번째 레이어의 내용입니다. 읽을 수 없으면 ``None``입니다."""
    folder = _root(info) / "layerdb/sha256" / _chain_id(diff_ids[: number + 1])
    try:
        if (folder / "diff").read_text() != diff_ids[number]:
            return None
        with gzip.open(folder / "tar-split.json.gz", "rb") as packed:
            return scan(Cursor(chain.from_iterable(_pieces(packed))), budget)
    except (OSError, EOFError, zlib.error):
        return None


def _root(info: dict[str, Any]) -> Path:
    return Path(info.get("DockerRootDir") or "/nonexistent", "image", info.get("Driver") or "none")


def _chain_id(diff_ids: Sequence[str]) -> str:
    chain = diff_ids[0]
    for diff_id in diff_ids[1:]:
        chain = "sha256:" + hashlib.sha256(f"{chain} {diff_id}".encode()).hexdigest()
    return chain.removeprefix("sha256:")


def _pieces(packed: IO[bytes]) -> Iterator[Sequence[Piece]]:
    """What the lines tell. Many are read at once: a JSON of its own for each costs three times as much."""
    rest = b""
    while block := packed.read(_AT_ONCE):
        lines, newline, rest = (rest + block).rpartition(b"\n")
        if newline:
            yield _told(lines)
    if rest:
        yield _told(rest)


def _told(lines: bytes) -> list[Piece]:
    try:
        return [
            binascii.a2b_base64(told["payload"]) if told["type"] == 2 else int(told.get("size", 0))
            for told in json.loads(b"[" + lines.replace(b"\n", b",") + b"]")
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise unreadable("엔진의 파일 목록(tar-split)을 읽을 수 없습니다.") from error
