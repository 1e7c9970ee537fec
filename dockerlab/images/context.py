"""이미지를 만들 때 엔진에 보내는 것(빌드 컨텍스트, build context)을 모읍니다. 적어 준 것만 들어갑니다."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from dockerlab.errors import UsageMistake
from dockerlab.images.archive import EPOCH

DOCKERFILE = "Dockerfile"
LARGEST = 256 * 2**20
"""보낼 수 있는 파일을 모두 더한 바이트입니다."""


def packed(dockerfile: str, files: Mapping[str, str | bytes]) -> bytes:
    """Dockerfile과 파일들을 tar로 묶습니다. 같은 내용이면 같은 바이트입니다.

    ``files``는 컨텍스트 안의 상대 경로와 내용입니다. 권한은 0644이고, ``#!``로 시작하면 0755입니다.
    """
    given = {_inside(name): _bytes(name, content) for name, content in files.items()}
    if DOCKERFILE in given:
        raise UsageMistake(
            "Dockerfile이라는 이름의 파일은 함께 넣을 수 없습니다. 적은 글이 그 이름으로 들어갑니다.",
            todo="파일의 이름을 바꾸십시오.",
        )
    if sum(map(len, given.values())) > LARGEST:
        raise _too_large(sum(map(len, given.values())))
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in {DOCKERFILE: dockerfile.encode(), **dict(sorted(given.items()))}.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(content), EPOCH
            entry.mode = 0o755 if content.startswith(b"#!") else 0o644
            tar.addfile(entry, io.BytesIO(content))
    return whole.getvalue()


def read_files(folder: Path, names: Sequence[str]) -> dict[str, bytes]:
    """``folder`` 아래의 파일들을 읽습니다. 폴더를 적으면 그 안의 보통 파일을 모두 읽습니다.

    링크를 따라간 곳이라도 ``folder`` 밖에 있으면 읽지 않고 :class:`UsageMistake`를 냅니다.
    """
    found: dict[str, bytes] = {}
    size = 0
    for name in names:
        for path in _files(folder, _inside(name)):
            size += path.stat().st_size
            if size > LARGEST:
                raise _too_large(size)
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def _files(folder: Path, name: str) -> Iterator[Path]:
    spot = folder / name
    _within(folder, spot, name)
    if spot.is_file():
        yield spot
    elif spot.is_dir():
        for parent, folders, files in os.walk(spot):
            folders.sort()
            for each in sorted(files):
                path = Path(parent, each)
                _within(folder, path, name)
                if stat.S_ISREG(path.stat().st_mode):
                    yield path
    else:
        raise UsageMistake(
            f"파일이 없습니다: {name}",
            seen=f"본 폴더: {folder}",
            todo="노트북이 있는 폴더에서의 경로를 적으십시오.",
        )


def _within(folder: Path, path: Path, name: str) -> None:
    if not path.resolve().is_relative_to(folder.resolve()):
        raise _outside(name)


def _inside(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise _outside(name)
    return str(path)


def _bytes(name: str, content: object) -> bytes:
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, bytes):
        return content
    raise UsageMistake(
        f"파일의 내용은 글이나 바이트여야 합니다: {name}",
        seen=type(content).__name__,
        todo='files={"app.py": "print(1)"}처럼 적으십시오.',
    )


def _outside(name: str) -> UsageMistake:
    return UsageMistake(
        "이 폴더 밖의 파일은 이미지를 만드는 데 쓸 수 없습니다.",
        seen=repr(name),
        todo="파일을 노트북이 있는 폴더 아래로 옮기고, 그 폴더에서의 상대 경로를 적으십시오.",
    )


def _too_large(size: int) -> UsageMistake:
    return UsageMistake(
        "이미지를 만들 때 보낼 파일이 너무 큽니다.",
        seen=f"{size:,}바이트, 한도는 {LARGEST:,}바이트입니다.",
        todo="필요한 파일만 적으십시오.",
    )
