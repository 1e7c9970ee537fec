"""폴더를 엔진이 받는 tar로 묶습니다. 같은 내용이면 언제 어디서 묶어도 같은 바이트입니다."""

from __future__ import annotations

import gzip
import os
import stat
import tarfile
from pathlib import Path

from dockerlab.progress import Report, silent

EPOCH = 1735689600
"""설치 스크립트 대신 우리가 쓴 파일의 시각(2025-01-01 UTC)입니다. 패키지의 파일은 제 시각을 지킵니다."""

_MODES = {"tmp": 0o1777, "var/tmp": 0o1777, "root": 0o700, "etc/shadow": 0o640}


def pack(root: Path, target: Path, made_after: float, report: Report = silent) -> None:
    """``root`` 아래 모든 것을 uid·gid 0의 tar(gzip)로 씁니다. 다 쓴 뒤에 제 이름을 얻습니다.

    ``made_after``(초, 유닉스 시각)보다 새로운 것은 우리가 만든 것이므로 시각을 :data:`EPOCH`로 맞춥니다.
    """
    paths = sorted(_walk(root))
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with (
            open(part, "wb") as raw,
            gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=1, mtime=0) as zipped,
            tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
        ):
            for done, path in enumerate(paths, 1):
                _add(tar, root, path, made_after)
                if done % 256 == 0 or done == len(paths):
                    report("이미지 묶기", done, len(paths))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _walk(root: Path) -> list[str]:
    found = []
    for folder, folders, files in os.walk(root):
        inside = Path(folder).relative_to(root)
        found += [str(inside / name) for name in (*folders, *files)]
    return found


def _add(tar: tarfile.TarFile, root: Path, path: str, made_after: float) -> None:
    spot = root / path
    entry = tar.gettarinfo(spot, arcname=path)
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = _MODES.get(path, stat.S_IMODE(entry.mode))
    # Links and folders carry the moment of unpacking.
    fresh = entry.mtime >= made_after or entry.issym() or entry.isdir()
    entry.mtime = EPOCH if fresh else int(entry.mtime)
    if entry.isreg():
        with open(spot, "rb") as content:
            tar.addfile(entry, content)
    else:
        tar.addfile(entry)
