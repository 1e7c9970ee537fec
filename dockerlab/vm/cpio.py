"""initramfs를 담는 newc 형식의 cpio 묶음을 씁니다. 루트 권한 없이 장치 파일도 담을 수 있습니다.

형식의 출처: Linux 커널 문서 ``Documentation/driver-api/early-userspace/buffer-format.rst``.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True)
class Entry:
    """묶음 속의 항목 하나입니다. ``mode``는 종류와 권한을 함께 담은 ``st_mode``입니다."""

    path: str
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)


def directory(path: str) -> Entry:
    """폴더 항목을 만듭니다."""
    return Entry(path, stat.S_IFDIR | 0o755)


def file(path: str, data: bytes, *, executable: bool = False) -> Entry:
    """보통 파일 항목을 만듭니다."""
    return Entry(path, stat.S_IFREG | (0o755 if executable else 0o644), data)


def character_device(path: str, major: int, minor: int) -> Entry:
    """문자 장치 항목을 만듭니다."""
    return Entry(path, stat.S_IFCHR | 0o600, device=(major, minor))


def tree(folder: Path, under: str) -> Iterator[Entry]:
    """폴더 속의 모든 것을 ``under`` 아래에 둔 항목들입니다."""
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        name = f"{under}/{path.relative_to(folder)}"
        if path.is_symlink():
            yield Entry(name, status.st_mode, os.fsencode(os.readlink(path)))
        elif path.is_dir():
            yield Entry(name, status.st_mode)
        else:
            yield Entry(name, status.st_mode, path.read_bytes())


def archive(entries: Iterable[Entry]) -> bytes:
    """항목들을 newc 묶음 하나로 이어 붙입니다. 빠진 윗 폴더는 채워 넣습니다.

    결과의 길이는 512의 배수라서 다른 묶음의 뒤에 그대로 이어 붙일 수 있습니다. 커널은 이어 붙인
    묶음을 차례로 풀고, 같은 경로는 뒤의 것이 이깁니다.
    """
    packed = bytearray()
    for number, entry in enumerate(_with_parents(entries), start=1):
        packed += _record(number, entry)
    packed += _record(0, Entry("TRAILER!!!", 0))
    return bytes(packed) + bytes(-len(packed) % 512)


def _with_parents(entries: Iterable[Entry]) -> list[Entry]:
    complete: dict[str, Entry] = {}
    for entry in entries:
        path = entry.path.strip("/")
        for parent in reversed(PurePosixPath(path).parents):
            if parent.name:
                complete.setdefault(str(parent), directory(str(parent)))
        complete[path] = Entry(path, entry.mode, entry.data, entry.device)
    return list(complete.values())


def _record(inode: int, entry: Entry) -> bytes:
    name = entry.path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    # Times and owners are zero, so that the same input always gives the same bytes.
    fields = (inode, entry.mode, 0, 0, links, 0, len(entry.data), 0, 0, *entry.device, len(name), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return _padded(header + name) + _padded(entry.data)


def _padded(part: bytes) -> bytes:
    return part + bytes(-len(part) % 4)
