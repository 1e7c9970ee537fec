"""수업에서 이미지를 만들 재료입니다: Python 런타임만 담은 tar, 네트워크 없이 설치할 휠(wheel)."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dockerlab import engine
from dockerlab.images import course, names
from dockerlab.images.archive import EPOCH
from dockerlab.progress import Report, silent

_DATE = (2025, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Wheel:
    """``pip install``로 설치할 수 있는 파일입니다. 이름은 휠의 규칙을 따릅니다."""

    name: str
    content: bytes = field(repr=False)


def wheel(name: str, version: str, modules: Mapping[str, str]) -> Wheel:
    """모듈들(파일 이름: 내용)을 담은 휠을 만듭니다. 휠은 정해진 목록이 든 zip입니다."""
    plain = name.replace("-", "_")
    about = f"{plain}-{version}.dist-info"
    files = {path: text.encode() for path, text in modules.items()}
    files[f"{about}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    files[f"{about}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: dockerlab\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    lines = [f"{path},sha256={_digest(content)},{len(content)}" for path, content in files.items()]
    files[f"{about}/RECORD"] = "\n".join([*lines, f"{about}/RECORD,,", ""]).encode()
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path, _DATE), content, zipfile.ZIP_DEFLATED)
    return Wheel(f"{plain}-{version}-py3-none-any.whl", whole.getvalue())


def python_runtime(more: Mapping[str, bytes] | None = None, report: Report = silent) -> bytes:
    """과정의 ``python`` 이미지에서 ``debian`` 이미지에 없는 것만 모은 tar입니다.

    Debian 위에 얹으면(``ADD 이것 /``) Python 런타임만 담은 레이어가 됩니다. ``more``는 함께 담을 파일(절대
    경로: 내용)입니다.
    """
    from dockerlab.layering import layers  # which knows the images' names, and so comes after this module

    below, above = (layers(course.ensure(name, report).id, report).tree() for name in ("debian", "python"))
    wanted = {
        path for path, (file, _) in above.items() if path not in below or _told(file) != _told(below[path][0])
    }
    api = engine.connect().client.api
    whole = io.BytesIO()
    with engine.errors_of_engine(), tarfile.open(fileobj=whole, mode="w", format=tarfile.PAX_FORMAT) as tar:
        container = api.create_container(names.reference("python"), ["true"], labels=engine.labels())["Id"]
        try:
            _copy(_Chunks(api.export(container)), tar, wanted)
        finally:
            api.remove_container(container, force=True)
        for path, content in (more or {}).items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode, entry.mtime = len(content), 0o644, EPOCH
            tar.addfile(entry, io.BytesIO(content))
    return whole.getvalue()


def _told(file: Any) -> tuple[Any, ...]:
    """What tells two files apart. Folders carry the moment they were made, which is nothing to tell."""
    return (file.kind, file.size, file.mode, file.link) + ((file.mtime,) if file.kind == "file" else ())


def _copy(source: _Chunks, target: tarfile.TarFile, wanted: set[str]) -> None:
    with tarfile.open(fileobj=source, mode="r|", bufsize=2**20) as whole:
        for member in whole:
            whole.members = []  # else it remembers them all
            if f"/{member.name.strip('/')}" in wanted:
                target.addfile(member, whole.extractfile(member) if member.isreg() else None)


class _Chunks(io.RawIOBase):
    """Chunks as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        parts, missing = [], size
        while missing and (self._left or self._more()):
            parts.append(self._left[:missing])
            missing -= len(parts[-1])
            self._left = self._left[len(parts[-1]) :]
        return b"".join(parts)

    def _more(self) -> bool:
        self._left = next(self._chunks, b"")
        return bool(self._left)


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
