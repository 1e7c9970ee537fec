"""한 번 읽은 레이어의 내용을 diff id로 간직합니다. 내용이 같으면 diff id가 같으므로 낡을 일이 없습니다."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from dockerlab.layering.contents import Contents
from dockerlab.layering.model import File
from dockerlab.places import cache_dir

_FORMAT = 2
_SETTLED = 2 * 10**9  # nanoseconds, the coarsest clock of a file system (FAT)


def kept(diff_id: str) -> Contents | None:
    """간직한 내용입니다. 없거나 손상되었으면 ``None``입니다."""
    try:
        told = json.loads(_path(diff_id).read_bytes())
        if told["format"] != _FORMAT:
            return None
        # Only the path and the size are each file's own; one text "file" is enough for all of them.
        kinds, *others = (map(column.__getitem__, told["rest_of"]) for column in told["rest"])
        files = zip(told["paths"], kinds, told["sizes"], *others, strict=True)
        whiteouts, opaque = tuple(told["whiteouts"]), tuple(told["opaque"])
        return Contents(tuple(map(File._make, files)), whiteouts, opaque, told["size_tar"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def keep(diff_id: str, contents: Contents) -> None:
    """내용을 간직합니다. 간직하지 못해도 읽은 것에는 탈이 없으므로 말없이 넘깁니다."""
    numbers: dict[tuple, int] = {}
    rest_of = [numbers.setdefault((each[1], *each[3:]), len(numbers)) for each in contents.files]
    told = {
        "format": _FORMAT,
        # By column: a list for each file would cost more to read back.
        "paths": [each.path for each in contents.files],
        "sizes": [each.size for each in contents.files],
        "rest_of": rest_of,
        "rest": [[each[at] for each in numbers] for at in range(len(File._fields) - 2)],
        "whiteouts": contents.whiteouts,
        "opaque": contents.opaque,
        "size_tar": contents.size_tar,
    }
    _write(_path(diff_id), told)


def fingerprint(file: BinaryIO, name: str) -> str:
    """파일 하나의 지문입니다. 내용이 바뀌면 달라집니다. 방금 바뀐 파일에는 아직 없어서 빈 글입니다."""
    told = os.fstat(file.fileno())
    if time.time_ns() - max(told.st_mtime_ns, told.st_ctime_ns) < _SETTLED:
        return ""  # it may change once more within one tick of the clock, and look the same
    parts = (told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns, name)
    return "file-" + hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def kept_packing(image: str) -> tuple[bytes, list[tuple[str, int]]] | None:
    """간직한, 이미지 하나(엔진의 id나 파일의 지문)의 설정과 블롭마다의 다이제스트와 크기입니다."""
    try:
        told = json.loads(_path(image).read_bytes())
        return told["config"].encode(), [(str(digest), int(size)) for digest, size in told["blobs"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def keep_packing(image: str, config: bytes, blobs: Sequence[tuple[str, int]]) -> None:
    """이미지 하나의 설정과 블롭마다의 다이제스트와 크기를 간직합니다."""
    _write(_path(image), {"config": config.decode(), "blobs": blobs})


def _path(diff_id: str) -> Path:
    return cache_dir("layers") / f"{diff_id.removeprefix('sha256:')}.json"


def _write(target: Path, told: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        handle, part = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "w") as file:
                file.write(json.dumps(told))  # at once: piece by piece, json is written in Python
            os.replace(part, target)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
