"""레이어 tar 하나를 읽어, 담긴 파일과 가리는 경로(whiteout)로 나눕니다."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field

from dockerlab.layering.budget import DEPTH, Budget
from dockerlab.layering.cursor import Cursor, Leaper, unreadable
from dockerlab.layering.model import FILE, FOLDER, File
from dockerlab.layering.tar import HARD_LINK, Entry, entries

_WHITEOUT = ".wh."
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
    for entry in entries(cursor, budget):
        path = clean(entry.name)
        folder, _, name = path.rpartition("/")
        if name.startswith(_WHITEOUT):
            gathered.hide(folder or "/", name)
        elif path != "/":
            gathered.put(path, entry)
            if wanted is not None and path == wanted.path:
                _keep(wanted, entry, cursor)
    cursor.drain()
    return Contents(gathered.files(), tuple(gathered.whiteouts), tuple(gathered.opaque), cursor.position)


def clean(name: str) -> str:
    """tar의 이름을 ``/``로 시작하는 경로로 고칩니다. 이미지 밖으로 나가는 이름은 거절합니다."""
    if name[:2] == "./":
        name = name[2:]
    plain = name.rstrip("/") if name[-1:] == "/" else name
    if not plain:
        return "/"
    if "//" in plain or "/." in plain or plain[0] in "./":
        parts: list[str] = []
        for part in plain.split("/"):
            if part == "..":
                if not parts:
                    raise unreadable(f"이미지 밖을 가리키는 이름이 있습니다: {name!a}")
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        plain = "/".join(parts)
    if len(plain) > DEPTH and plain.count("/") >= DEPTH:
        raise unreadable(f"폴더가 너무 깊습니다({plain.count('/') + 1}단계): {name[:80]!a}…")
    return "/" + plain


def _keep(wanted: Wanted, entry: Entry, cursor: Cursor | Leaper) -> None:
    if entry.kind != FILE:
        wanted.data = None
        return
    if entry.sparse:
        raise unreadable("구멍(sparse)이 있는 파일의 내용은 보여 주지 못합니다.")
    wanted.data = cursor.read(min(entry.size, wanted.limit))
    wanted.size = entry.size


@dataclass
class _Gathered:
    """What a layer says, while it is read. Hard links to a content have the very same entry."""

    entries: dict[str, Entry] = field(default_factory=dict)
    whiteouts: dict[str, None] = field(default_factory=dict)
    opaque: dict[str, None] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)  # that have something in them
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

    def put(self, path: str, entry: Entry) -> None:
        before = self.entries.pop(path, None)  # popped: the last one stands last
        if path in self.folders and entry.kind != FOLDER:
            self._empty(path)
        self._make_room(path)
        if entry.kind == HARD_LINK:
            self.linked = True
            target = clean(entry.link)
            original = self.entries.get(target) or (before if target == path else None)
            if original is not None and original.kind != FOLDER:
                entry = original
            else:
                entry = entry._replace(link=target)
        self.entries[path] = entry

    def _empty(self, path: str) -> None:
        """A folder becomes something else: what was in it goes, as when a tar is unpacked."""
        self.clashes += 1
        if self.clashes > _MOST_CLASHES:
            raise unreadable(f"같은 경로를 폴더와 파일로 거듭 바꿉니다: {path!a}")
        inside = path + "/"
        self.entries = {each: told for each, told in self.entries.items() if not each.startswith(inside)}
        self.folders = {each for each in self.folders if each != path and not each.startswith(inside)}

    def _make_room(self, path: str) -> None:
        """Everything above a path is a folder, whatever it was before."""
        parent = path.rpartition("/")[0]
        while parent and parent not in self.folders:
            self.folders.add(parent)
            above = self.entries.get(parent)
            if above is not None and above.kind != FOLDER:
                del self.entries[parent]
            parent = parent.rpartition("/")[0]

    def files(self) -> tuple[File, ...]:
        return tuple(_named(self.entries) if self.linked else _plain(self.entries))


def _plain(found: dict[str, Entry]) -> Iterator[File]:
    for path, each in found.items():
        yield File._make((path, *each[1:8], ""))


def _named(found: dict[str, Entry]) -> Iterator[File]:
    """Files, of which the first with a content has its bytes and the others its name."""
    first: dict[int, str] = {}
    for path, each in found.items():
        if each.kind == HARD_LINK:  # into a layer below, or to nothing
            yield File(path, FILE, 0, each.mode, each.uid, each.gid, each.mtime, "", each.link)
            continue
        twin = first.setdefault(id(each), path)
        yield File._make((path, *each[1:8], "" if twin == path else twin))
