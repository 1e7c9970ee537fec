"""교실용 묶음: 과정 이미지들을 파일 하나로 내보내고, 네트워크 없이 불러옵니다.

형식은 tar입니다. 이미지마다 ``이름.tar.gz``(docker save의 스트림)가 하나씩 있고, 맨 뒤의 ``bundle.json``이
이름, 크기, SHA-256, CPU 종류를 말합니다. 불러올 때 모두 확인한 뒤에야 엔진에 넣습니다.
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from dockerlab import engine
from dockerlab.errors import BundleBroken, ImageError
from dockerlab.images import course, names, official, origins, savefile
from dockerlab.places import disk_errors
from dockerlab.progress import Report, silent

FORMAT = "dockerlab-images"
VERSION = 1
_NOTE = "bundle.json"
_NOTE_LIMIT = 1024 * 1024
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Bundle:
    """내보낸 묶음입니다. ``size``는 파일의 바이트입니다."""

    path: Path
    size: int
    images: tuple[str, ...]


@dataclass(frozen=True)
class _Part:
    """A bundle's image: where its bytes lie in the file and what they must be."""

    name: str
    offset: int
    size: int
    sha256: str


def export_bundle(
    path: str | os.PathLike[str], report: Report = silent, images: Sequence[str] = names.COURSE
) -> Bundle:
    """과정 이미지들을 파일 하나로 내보냅니다. 없는 이미지는 먼저 준비합니다.

    다 쓴 뒤에야 제 이름을 얻으므로 반쪽짜리 파일은 남지 않습니다. ``DiskFull``을 냅니다.
    """
    target = Path(path)
    connected = engine.connect()
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    with disk_errors(target):
        try:
            with open(part, "w+b") as file:
                parts = []
                for name in images:
                    image = course.ensure(name, report)
                    parts.append(_save(connected.client.api, image, file, report))
                _write_note(file, parts, connected.info["Architecture"])
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return Bundle(target, target.stat().st_size, tuple(images))


def _save(api: Any, image: course.CourseImage, file: BinaryIO, report: Report) -> dict[str, Any]:
    # How long the compressed stream becomes is known at its end; the header is written then.
    header = file.tell()
    file.write(bytes(tarfile.BLOCKSIZE))
    squeeze = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)  # 16: gzip's format
    digest, size, done = hashlib.sha256(), 0, 0
    with engine.errors_of_engine():
        for chunk in api.get_image(image.reference, _CHUNK):
            done += len(chunk)
            report(f"'{image.name}' 이미지 내보내기", done, max(done, image.size))
            size += _put(file, digest, squeeze.compress(chunk))
    size += _put(file, digest, squeeze.flush())
    _member(file, header, f"{image.name}.tar.gz", size)
    return {
        "name": image.name,
        "id": image.id,
        "origin": image.origin,
        "size": size,
        "sha256": digest.hexdigest(),
    }


def _put(file: BinaryIO, digest: Any, data: bytes) -> int:
    digest.update(data)
    return file.write(data)


def _member(file: BinaryIO, header: int, name: str, size: int) -> None:
    file.write(bytes(-size % tarfile.BLOCKSIZE))
    end = file.tell()
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, 0o644, int(time.time())
    file.seek(header)
    file.write(entry.tobuf(tarfile.USTAR_FORMAT))
    file.seek(end)


def _write_note(file: BinaryIO, images: list[dict[str, Any]], machine: str) -> None:
    note = {"format": FORMAT, "version": VERSION, "machine": machine, "images": images}
    body = json.dumps(note, indent=1).encode()
    header = file.tell()
    file.write(bytes(tarfile.BLOCKSIZE))
    file.write(body)
    _member(file, header, _NOTE, len(body))
    file.write(bytes(2 * tarfile.BLOCKSIZE))


def import_bundle(path: str | os.PathLike[str], report: Report = silent) -> list[course.CourseImage]:
    """묶음의 이미지들을 확인한 뒤 엔진에 넣고 돌려줍니다.

    Raises:
        BundleBroken: 파일이 없거나, 잘렸거나, 손상되었거나, 과정 이미지가 아닌 것이 들어 있을 때. 이때는
            아무것도 엔진에 넣지 않습니다.
        ImageError: 다른 종류의 CPU를 위한 묶음이거나, 같은 이름의 다른 이미지가 엔진에 있을 때.
    """
    connected = engine.connect()
    api = connected.client.api
    source = Path(path)
    try:
        file = open(source, "rb")  # noqa: SIM115
    except OSError as error:
        raise broken(source, error.strerror or str(error)) from error
    with file:
        try:
            machine, parts = _read_note(source, file)
            _fits(machine, connected.info["Architecture"])
            for part in parts:
                _verify(source, file, part, report)
        except savefile.Refused as error:
            raise broken(source, str(error)) from error
        before = {part.name: course.found(api, part.name) for part in parts}
        return [_load(api, file, part, before[part.name], report) for part in parts]


def _read_note(source: Path, file: BinaryIO) -> tuple[str, list[_Part]]:
    places: dict[str, tuple[int, int]] = {}
    note: bytes | None = None
    for name, content in savefile.members(file):
        places[name] = (file.tell(), content.size)
        if name == _NOTE and content.size <= _NOTE_LIMIT:
            note = content.read(content.size)
    try:
        told = json.loads(note or b"")
        if told["format"] != FORMAT or told["version"] != VERSION:
            raise broken(source, f"형식 {told['format']!r}, 버전 {told['version']!r}")
        parts = [
            _Part(image["name"], *places[f"{image['name']}.tar.gz"], image["sha256"])
            for image in told["images"]
        ]
        machine = str(told["machine"])
    except (ValueError, KeyError, TypeError) as error:
        raise broken(source, f"{_NOTE} 파일을 읽을 수 없습니다({type(error).__name__}).") from error
    strangers = [part.name for part in parts if part.name not in names.ALL]
    if strangers or not parts or len(places) != len(parts) + 1:
        raise broken(
            source, f"과정 이미지가 아닌 것이 들어 있습니다: {', '.join(map(str, strangers or places))}"
        )
    return machine, parts


def _fits(bundle: str, machine: str) -> None:
    if bundle != machine:
        raise ImageError(
            "이 묶음은 다른 종류의 CPU를 위한 것입니다.",
            seen=f"묶음: {bundle}, 엔진: {machine}",
            todo="이 컴퓨터와 같은 종류의 컴퓨터에서 내보낸 묶음을 쓰십시오.",
        )


def _verify(source: Path, file: BinaryIO, part: _Part, report: Report) -> None:
    digest, done = hashlib.sha256(), 0
    for chunk in _content(file, part):
        digest.update(chunk)
        done += len(chunk)
        report(f"'{part.name}' 확인", done, part.size)
    if digest.hexdigest() != part.sha256:
        raise broken(source, f"{part.name}의 SHA-256이 목록과 다릅니다.")
    problem = savefile.problem(_content(file, part), names.reference(part.name), names.IMAGE_LABEL, part.name)
    if problem:
        raise broken(source, f"{part.name}: {problem}")


def _load(
    api: Any, file: BinaryIO, part: _Part, before: course.CourseImage | None, report: Report
) -> course.CourseImage:
    with engine.errors_of_engine():
        for event in api.load_image(_reported(file, part, report)):
            official.raise_said(event)
        origins.forget()
        loaded = course.found(api, part.name)
        if loaded is None:
            raise ImageError(
                f"'{part.name}' 이미지를 넣었지만 엔진에서 보이지 않습니다.",
                todo="dockerlab doctor로 엔진을 점검하십시오.",
            )
        if before is not None and before.id != loaded.id:
            course.discard(api, before.id)
        return loaded


def _reported(file: BinaryIO, part: _Part, report: Report) -> Iterator[bytes]:
    done = 0
    for chunk in _content(file, part):
        yield chunk
        done += len(chunk)
        report(f"'{part.name}' 이미지 불러오기", done, part.size)


def _content(file: BinaryIO, part: _Part) -> Iterator[bytes]:
    file.seek(part.offset)
    left = part.size
    while left:
        chunk = file.read(min(_CHUNK, left))
        if not chunk:
            raise savefile.Refused("파일이 도중에 끝납니다.")
        left -= len(chunk)
        yield chunk


def broken(source: Path, seen: str) -> BundleBroken:
    """묶음을 쓸 수 없다는 오류입니다."""
    return BundleBroken(
        f"교실용 묶음을 쓸 수 없습니다: {source.name}",
        seen=seen,
        todo="'dockerlab images export'로 만든 파일을 다시 복사하십시오. 엔진에는 아무것도 넣지 않았습니다.",
    )
