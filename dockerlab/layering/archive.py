"""디스크의 이미지를 읽습니다: ``docker save``의 tar, OCI 레이아웃의 tar와 폴더, 압축된 tar."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from dockerlab.errors import ImageUnclear
from dockerlab.layering import stored, stores
from dockerlab.layering.blobs import Scanned, scan_sections, scan_stream
from dockerlab.layering.budget import JSON_BYTES, Budget
from dockerlab.layering.compression import packed, unpacked
from dockerlab.layering.contents import Wanted
from dockerlab.layering.cursor import Cursor, Section, unreadable
from dockerlab.layering.model import FILE, SYMLINK, Image
from dockerlab.layering.names import shown
from dockerlab.layering.paths import clean
from dockerlab.layering.tar import BLOCK, HARD_LINK, entries, is_header
from dockerlab.progress import Report

_LINKS = 8  # links to links, as old layouts have for layers that are used twice


@dataclass(frozen=True)
class Passed:
    """읽은 이미지와 그 설정입니다."""

    image: Image
    config: bytes


class _Sections:
    """Named parts of files: what a tar on disk and a folder have in common."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.found: dict[str, Section] = {}
        self.links: dict[str, str] = {}

    def section(self, place: str) -> Section | None:
        place = _relative(place)
        for _ in range(_LINKS):
            if place in self.found:
                return self.found[place]
            if place not in self.links:
                return None
            place = self.links[place]
        return None

    def document(self, place: str) -> bytes | None:
        section = self.section(place)
        if section is None or section.size > JSON_BYTES:
            return None
        return section.start(section.size)


class _Folder(_Sections):
    """An OCI layout on disk. Files are opened when asked for, and only below the folder."""

    def __init__(self, root: Path, opened: ExitStack) -> None:
        super().__init__(shown(str(root)))
        self._root = root.resolve()
        self._opened = opened

    def section(self, place: str) -> Section | None:
        spot = (self._root / _relative(place)).resolve()
        if not spot.is_relative_to(self._root) or not spot.is_file():
            return None
        file = self._opened.enter_context(open(spot, "rb"))  # noqa: SIM115
        return Section(file, 0, os.fstat(file.fileno()).st_size)


class _PassedBy:
    """What was small enough to be a document in a stream that has passed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.documents: dict[str, bytes] = {}
        self.scanned: dict[str, Scanned] = {}
        self.wanted: dict[str, Wanted] = {}
        self.links: dict[str, str] = {}

    def document(self, place: str) -> bytes | None:
        return self.documents.get(self.resolved(place))

    def resolved(self, place: str) -> str:
        place = _relative(place)
        for _ in range(_LINKS):
            place = self.links.get(place, place)
        return place


def read_path(
    path: Path,
    name: str,
    budget: Budget,
    report: Report,
    wanted: Wanted | None = None,
    *,
    verify: bool = False,
) -> Image:
    """파일이나 폴더의 이미지를 읽습니다. ``wanted``가 있으면 그 내용도 읽습니다."""
    with ExitStack() as opened:
        if path.is_dir():
            return _read_sections(_Folder(path, opened), name, budget, report, wanted, verify).image
        file = opened.enter_context(_opened(path))
        source = stored.fingerprint(file, name)
        if source and wanted is None and not verify:
            known = stores.remembered(source, name or shown(path.name))
            if known is not None:
                return known
        whole = Section(file, 0, os.fstat(file.fileno()).st_size)
        if packed(whole.start(4)):
            chunks = _reported(unpacked(whole.pieces(), budget), report)
            passed = read_stream(chunks, name, budget, shown(path.name), wanted=wanted)
        else:
            store = _indexed(whole, file, shown(path.name), budget)
            passed = _read_sections(store, name, budget, report, wanted, verify, source)
        if source and stored.fingerprint(file, name) == source:
            packing = [(layer.digest, layer.size_compressed) for layer in passed.image.layers]
            stored.keep_packing(source, passed.config, packing)
        return passed.image


def _read_sections(
    store: _Sections,
    name: str,
    budget: Budget,
    report: Report,
    wanted: Wanted | None,
    verify: bool,
    source: str = "",
) -> Passed:
    plan = stores.find_plan(store, name, budget)
    contents = {} if verify else stores.cached(plan, source)
    sections, sizes, keep = {}, {}, {}
    for diff_id, blob in zip(plan.diff_ids, plan.blobs, strict=True):
        section = store.section(blob.place)
        if section is None:
            raise unreadable(f"{store.name}에 레이어 {shown(blob.place)[:200]} 파일이 없습니다.")
        looked_for = wanted is not None and wanted.diff_id == diff_id
        # A compressed blob that does not name its digest has to be read for it.
        digest = blob.digest or ("" if packed(section.start(4)) else diff_id)
        if diff_id not in contents or not digest or looked_for:
            sections[blob.place] = section
        if looked_for and wanted is not None:
            keep[blob.place] = wanted
        sizes[blob.place] = (digest, section.size)
    total = sum(section.size for section in sections.values())
    scanned = scan_sections(
        sections, budget, keep, lambda done: report("레이어 읽기", done, total), verify=verify
    )
    contents |= stores.checked(plan, scanned, source)
    packing = sizes | {place: (each.digest, each.size) for place, each in scanned.items() if each.digest}
    return Passed(stores.assembled(plan, contents, packing, name or store.name), plan.config)


def read_stream(
    chunks: Iterable[bytes | memoryview],
    name: str,
    budget: Budget,
    title: str,
    *,
    trusted: bool = False,
    wanted: Wanted | None = None,
) -> Passed:
    """한 번 지나가는 tar에서 이미지를 읽습니다. 무엇이 레이어인지는 다 지나간 뒤에 압니다."""
    passed = _PassedBy(title)
    cursor = Cursor(chunks)
    for file, size in entries(cursor, budget):
        place = file.path[1:]
        if file.kind in (SYMLINK, HARD_LINK):
            passed.links[place] = _target(place, file.link, file.kind)
        elif file.kind == FILE and file.size == size:
            passed.links.pop(place, None)
            start = cursor.read(min(size, BLOCK))
            rest = cursor.pieces(size - len(start))
            if packed(start) or is_header(start):
                if wanted is not None:
                    passed.wanted[place] = replace(wanted)
                passed.scanned[place] = scan_stream(
                    _after(start, rest), budget, trusted=trusted, wanted=passed.wanted.get(place)
                )
            elif start[:1] in (b"{", b"[") and size <= JSON_BYTES:
                budget.document(size)
                passed.documents[place] = b"".join(_after(start, rest))
    cursor.drain()
    plan = stores.find_plan(passed, name, budget)
    scanned = {}
    for diff_id, blob in zip(plan.diff_ids, plan.blobs, strict=True):
        place = passed.resolved(blob.place)
        if place in passed.scanned:
            scanned[blob.place] = passed.scanned[place]
            if wanted is not None and wanted.diff_id == diff_id:
                wanted.data, wanted.size = passed.wanted[place].data, passed.wanted[place].size
    packing = {}
    for diff_id, blob in zip(plan.diff_ids, plan.blobs, strict=True):
        if each := scanned.get(blob.place):
            packing[blob.place] = (each.digest or diff_id, each.size)
    contents = stores.checked(plan, scanned)
    return Passed(stores.assembled(plan, contents, packing, name or title), plan.config)


def _after(start: bytes, rest: Iterable) -> Iterator[bytes | memoryview]:
    yield start
    yield from rest


def _indexed(whole: Section, file: BinaryIO, name: str, budget: Budget) -> _Sections:
    """Where each file of a tar lies."""
    store = _Sections(name)
    if not is_header(whole.start(BLOCK)):
        raise unreadable(f"{name}: tar가 아닙니다.")
    cursor = whole.cursor()
    for each, size in entries(cursor, budget):
        place = each.path[1:]
        store.links.pop(place, None)
        store.found.pop(place, None)
        if each.kind in (SYMLINK, HARD_LINK):
            store.links[place] = _target(place, each.link, each.kind)
        elif each.kind == FILE and each.size == size:
            store.found[place] = Section(file, cursor.position, size)
    return store


def _target(place: str, link: str, kind: str) -> str:
    if kind == HARD_LINK:
        return clean(link)[1:]
    folder = "" if link.startswith("/") else place.rpartition("/")[0]
    return clean(f"{folder}/{link}")[1:]


def _relative(place: str) -> str:
    return clean(place)[1:]


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """A plain file only: a pipe or a device may never end."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise unreadable(f"{shown(str(path))}: 보통 파일이 아닙니다.")
        file = open(path, "rb")  # noqa: SIM115
    except OSError as error:
        raise ImageUnclear(
            f"파일을 열 수 없습니다: {shown(str(path))}",
            seen=error.strerror or str(error),
            todo="경로와 권한을 확인하십시오.",
        ) from error
    with file:
        yield file


def _reported(chunks: Iterable[bytes | memoryview], report: Report) -> Iterator[bytes | memoryview]:
    done = 0
    for chunk in chunks:
        yield chunk
        done += len(chunk)
        report("레이어 읽기", done, None)
    report("레이어 읽기", done, max(done, 1))
