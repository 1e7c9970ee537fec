"""레이어 tar 하나를 읽어, 담긴 파일과 가리는 경로(whiteout)로 나눕니다."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field

from dockerlab.layering.budget import Budget
from dockerlab.layering.cursor import Cursor, Leaper, unreadable
from dockerlab.layering.model import FILE, FOLDER, File
from dockerlab.layering.paths import clean
from dockerlab.layering.tar import HARD_LINK, entries

_WHITEOUT = ".wh."
_MARK = "/" + _WHITEOUT
_OPAQUE = ".wh..wh..opq"
_MOST_CLASHES = 64
_AUFS = ".wh..wh."  # what AUFS kept for itself; Docker leaves it out too


@dataclass(frozen=True)
class Contents:
    """레이어 tar 하나의 내용입니다. 어느 이미지의 몇 번째 레이어인지는 모릅니다.

    ``checked``는 모든 바이트를 다이제스트와 견주었는지입니다. 아니면 헤더만 읽은 것입니다.
    """

    files: tuple[File, ...]
    whiteouts: tuple[str, ...]
    opaque: tuple[str, ...]
    size_tar: int
    checked: bool = True


@dataclass
class Wanted:
    """내용까지 읽을 파일입니다: 레이어의 diff id, 경로, 한도(바이트). 읽은 것이 ``data``에 남습니다."""

    diff_id: str
    path: str
    limit: int
    data: bytes | None = None
    size: int = 0


def scan(cursor: Cursor | Leaper, budget: Budget, wanted: Wanted | None = None) -> Contents:
    """tar를 끝까지 읽습니다. 같은 경로가 여러 번 나오면 마지막 것이 남습니다."""
    gathered = _Gathered()
    for file, stored in entries(cursor, budget):
        path = file.path
        if _MARK in path:
            folder, _, name = path.rpartition("/")
            if name.startswith(_WHITEOUT):
                gathered.hide(folder or "/", name)
                continue
        if path != "/":
            gathered.put(path, file)
            if wanted is not None and path == wanted.path:
                _keep(wanted, file, stored, cursor)
    cursor.drain()
    return Contents(gathered.named(), tuple(gathered.whiteouts), tuple(gathered.opaque), cursor.position)


def _keep(wanted: Wanted, file: File, stored: int, cursor: Cursor | Leaper) -> None:
    if file.kind != FILE:
        wanted.data = None
        return
    if file.size != stored:
        raise unreadable("구멍(sparse)이 있는 파일의 내용은 보여 주지 못합니다.")
    wanted.data = cursor.read(min(file.size, wanted.limit))
    wanted.size = file.size


@dataclass
class _Gathered:
    """What a layer says, while it is read. All names of a content have the very same file, the first one."""

    files: dict[str, File] = field(default_factory=dict)
    whiteouts: dict[str, None] = field(default_factory=dict)
    opaque: dict[str, None] = field(default_factory=dict)
    folders: set[str] = field(default_factory=lambda: {""})  # that have something in them
    linked: bool = False
    clashes: int = 0

    def hide(self, folder: str, name: str) -> None:
        if name == _OPAQUE:
            self.opaque[folder] = None
        elif not name.startswith(_AUFS):
            hidden = name[len(_WHITEOUT) :]
            if hidden in ("", ".", ".."):
                raise unreadable(f"지울 이름이 없는 삭제 표시가 있습니다: {posixpath.join(folder, name)!a}")
            self.whiteouts[posixpath.join(folder, hidden)] = None

    def put(self, path: str, file: File) -> None:
        before = self.files.pop(path, None)  # popped: the last one stands last
        if path in self.folders and file.kind != FOLDER:
            self._empty(path)
        parent = path.rpartition("/")[0]
        if parent not in self.folders:
            self._make_room(parent)
        if file.kind == HARD_LINK:
            self.linked = True
            target = clean(file.link)
            original = self.files.get(target) or (before if target == path else None)
            if original is not None and original.kind != FOLDER:
                file = original
            else:
                file = file._replace(link=target)
        self.files[path] = file

    def _empty(self, path: str) -> None:
        """A folder becomes something else: what was in it goes, as when a tar is unpacked."""
        self.clashes += 1
        if self.clashes > _MOST_CLASHES:
            raise unreadable(f"같은 경로를 폴더와 파일로 거듭 바꿉니다: {path!a}")
        inside = path + "/"
        self.files = {each: told for each, told in self.files.items() if not each.startswith(inside)}
        self.folders = {each for each in self.folders if each != path and not each.startswith(inside)}

    def _make_room(self, parent: str) -> None:
        """Everything above a path is a folder, whatever it was before."""
        while parent not in self.folders:
            self.folders.add(parent)
            above = self.files.get(parent)
            if above is not None and above.kind != FOLDER:
                del self.files[parent]
            parent = parent.rpartition("/")[0]

    def named(self) -> tuple[File, ...]:
        """Files, of which the first with a content has its bytes and the others its name."""
        return tuple(_named(self.files) if self.linked else self.files.values())


def _named(found: dict[str, File]) -> Iterator[File]:
    first: dict[int, str] = {}
    for path, each in found.items():
        if each.kind == HARD_LINK:  # into a layer below, or to nothing
            yield each._replace(path=path, kind=FILE, link="", twin=each.link)
            continue
        twin = first.setdefault(id(each), path)
        yield (
            each if twin == each.path == path else each._replace(path=path, twin="" if twin == path else twin)
        )
