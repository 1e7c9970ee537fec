"""게스트의 파일을 과정의 자료 폴더에 간직합니다. 손상된 것은 쓰지 않고 다시 만듭니다."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path

from dockerlab.places import data_dir, write_whole


def content(name: str, data: bytes) -> Path:
    """``data``를 담은 파일의 경로를 돌려줍니다. 내용이 다르면 새로 씁니다."""
    path = data_dir("vm") / name
    if not path.is_file() or digest(path) != hashlib.sha256(data).hexdigest():
        write_whole(path, data)
    return path


def made(name: str, make: Callable[[], bytes]) -> Path:
    """한 번 만들어 둔 파일의 경로를 돌려줍니다. 없거나 적어 둔 SHA-256과 다르면 다시 만듭니다."""
    if path := existing(name):
        return path
    path = data_dir("vm") / name
    data = make()
    write_whole(path, data)
    path.chmod(0o755)
    write_whole(_note(path), hashlib.sha256(data).hexdigest().encode())
    return path


def existing(name: str) -> Path | None:
    """만들어 둔 온전한 파일의 경로입니다. 없거나 손상되었으면 ``None``입니다."""
    path = data_dir("vm") / name
    if path.is_file() and _note(path).is_file() and _note(path).read_text().strip() == digest(path):
        return path
    return None


def digest(path: Path) -> str:
    """파일의 SHA-256입니다. 바뀌지 않은 파일은 한 번만 셈합니다."""
    status = path.stat()
    return _digest(path, status.st_size, status.st_mtime_ns, status.st_ino)


@functools.lru_cache(maxsize=32)
def _digest(path: Path, size: int, changed: int, inode: int) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")
