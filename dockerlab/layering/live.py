"""컨테이너를 읽습니다: 이미지의 레이어들과, 그 위에서 지금 바뀌고 있는 읽기·쓰기 레이어."""

from __future__ import annotations

import base64
import json
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dockerlab import engine
from dockerlab.layering.budget import Budget
from dockerlab.layering.contents import Wanted, scan
from dockerlab.layering.cursor import CHUNK, Cursor
from dockerlab.layering.daemon import read_engine
from dockerlab.layering.model import DEVICE, FILE, FOLDER, PIPE, SYMLINK, File, Image, Layer
from dockerlab.layering.tar import entries
from dockerlab.progress import Report, silent

INSTRUCTION = "읽기·쓰기 레이어"
_CHANGED, _ADDED, _DELETED = 0, 1, 2  # as the engine numbers them
# Go's os.FileMode, which the engine speaks, is not the kernel's.
_GO_KINDS = ((1 << 31, FOLDER), (1 << 27, SYMLINK), (1 << 26, DEVICE), (1 << 25, PIPE))
_GO_BITS = ((1 << 23, stat.S_ISUID), (1 << 22, stat.S_ISGID), (1 << 20, stat.S_ISVTX))


@dataclass(frozen=True)
class Writable:
    """컨테이너의 읽기·쓰기 레이어가 어느 순간에 담고 있던 것입니다.

    ``added``와 ``changed``는 지금 보이는 파일, ``deleted``는 가려서 보이지 않게 된 경로입니다. ``size``는
    엔진이 센, 이 레이어에 저장된 바이트입니다. 아래 레이어의 파일은 한 글자만 고쳐도 통째로 저장됩니다.
    """

    container: str
    added: tuple[File, ...]
    changed: tuple[File, ...]
    deleted: tuple[str, ...]
    size: int


def writable(container: str, report: Report = silent) -> Writable:
    """컨테이너의 읽기·쓰기 레이어를 읽습니다. 이미지는 읽지 않으므로 빠릅니다."""
    api = engine.connect(report).client.api
    with engine.errors_of_engine():
        told = api.inspect_container(container)
        kinds = {each["Path"]: each["Kind"] for each in api.diff(told["Id"]) or ()}
        layer = _layer(api, told["Id"], kinds, {}, Budget(), report)
        sized = api.get(api._url("/containers/{0}/json", told["Id"]), params={"size": True})
        api._raise_for_status(sized)
    # A folder is told to be changed when something in it is; only its own change is one.
    touched = {path.rpartition("/")[0] for path in kinds}
    return Writable(
        told["Id"],
        added=tuple(file for file in layer.files if kinds[file.path] == _ADDED),
        changed=tuple(
            file
            for file in layer.files
            if kinds[file.path] == _CHANGED and not (file.kind == FOLDER and file.path in touched)
        ),
        deleted=layer.whiteouts,
        size=int(sized.json().get("SizeRw") or 0),
    )


def read_container(name: str, budget: Budget, report: Report) -> Image:
    """컨테이너의 이미지와 읽기·쓰기 레이어를 읽습니다. 컨테이너가 돌고 있으면 읽는 순간의 모습입니다."""
    connected = engine.connect(report)
    api = connected.client.api
    with engine.errors_of_engine():
        told = api.inspect_container(name)
        image = read_engine(told["Image"], budget, report)
        kinds = {each["Path"]: each["Kind"] for each in api.diff(told["Id"]) or ()}
        layer = _layer(api, told["Id"], kinds, image.tree(), budget, report)
    return Image(image.id, (*image.layers, layer), told["Name"].removeprefix("/"))


def read_live_file(name: str, wanted: Wanted) -> None:
    """컨테이너에서 지금 보이는 파일 하나의 내용을 읽습니다."""
    api = engine.connect().client.api
    with engine.errors_of_engine():
        chunks, _ = api.get_archive(name, wanted.path, CHUNK)
        cursor = Cursor(chunks)
        for file, size in entries(cursor, Budget()):
            if file.kind == FILE:
                wanted.data, wanted.size = cursor.read(min(size, wanted.limit)), file.size
            break


def _layer(
    api: Any,
    container: str,
    kinds: Mapping[str, int],
    below: Mapping[str, tuple[File, int]],
    budget: Budget,
    report: Report,
) -> Layer:
    files: dict[str, File] = {}
    whiteouts = tuple(path for path, kind in kinds.items() if kind == _DELETED)
    present = [path for path, kind in kinds.items() if kind != _DELETED]
    for done, path in enumerate(present, 1):
        if path not in files:
            found = _added if kinds[path] == _ADDED else _changed
            files |= {file.path: file for file in found(api, container, path, below, budget)}
        report("읽기·쓰기 레이어 읽기", done, len(present))
    # What came in between by a folder's archive but not in the diff belongs to a mount.
    listed = tuple(files[path] for path in present if path in files)
    return Layer("", INSTRUCTION, listed, whiteouts, writable=True)


def _added(api, container, path, below, budget) -> Iterator[File]:
    """A new file or folder, with everything in it, by one request."""
    import docker.errors

    try:
        chunks, _ = api.get_archive(container, path, CHUNK)
    except docker.errors.NotFound:
        return  # gone in the meantime
    parent = path.rpartition("/")[0]
    for file in scan(Cursor(chunks), budget).files:
        yield file._replace(path=parent + file.path, twin=parent + file.twin if file.twin else "")


def _changed(api, container, path, below, budget) -> Iterator[File]:
    """What was there before. Its content stays where it is; a changed file may be large."""
    answer = api.head(api._url("/containers/{0}/archive", container), params={"path": path})
    header = answer.headers.get("X-Docker-Container-Path-Stat")
    if not answer.ok or header is None:
        return
    told = json.loads(base64.b64decode(header))
    before = below[path][0] if path in below else File(path)
    kind = next((kind for bit, kind in _GO_KINDS if told["mode"] & bit), FILE)
    mode = told["mode"] & 0o777 | sum(ours for theirs, ours in _GO_BITS if told["mode"] & theirs)
    yield before._replace(
        path=path,
        kind=kind,
        size=told["size"] if kind == FILE else 0,
        mode=mode,
        link=told.get("linkTarget", "") if kind == SYMLINK else "",
        twin="",
    )
