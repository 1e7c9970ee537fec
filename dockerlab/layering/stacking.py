"""레이어를 아래에서 위로 쌓습니다. 규칙은 OCI 이미지 규격의 'Applying Changesets'입니다."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from dockerlab.layering.model import FOLDER, Changes, File, Layer, Waste
from dockerlab.layering.uncollected import uncollected


@dataclass(frozen=True)
class Stacked:
    """레이어를 모두 쌓은 결과입니다."""

    tree: Mapping[str, tuple[File, int]]
    changes: tuple[Changes, ...]
    wasted: tuple[Waste, ...]


def stack(layers: Sequence[Layer]) -> Stacked:
    """레이어를 차례로 쌓습니다."""
    view = _View()
    with uncollected():
        changes = tuple(view.apply(layer, number) for number, layer in enumerate(layers))
    wasted = sorted(view.wasted, key=lambda waste: (-waste.size, waste.path, waste.stored))
    return Stacked(MappingProxyType(view.tree), changes, tuple(wasted))


class _View:
    """What is seen from the top, while layers are laid on it."""

    def __init__(self) -> None:
        self.tree: dict[str, tuple[File, int]] = {}
        # What was put into each folder that stands; some may be gone. Sets would take several times as much.
        self.children: dict[str, list[str]] = {}
        self.wasted: list[Waste] = []
        # Contents with several names: (layer, first name) -> names still seen.
        self.names: dict[tuple[int, str], int] = {}
        # Names whose content an earlier layer stored (a hard link into it).
        self.borrowed: dict[str, tuple[int, str]] = {}

    def apply(self, layer: Layer, number: int) -> Changes:
        # Whiteouts speak only of the layers below, wherever they stand in the tar. Later ones of a path
        # that is gone already do nothing.
        gone: dict[str, None] = {}
        for path in layer.whiteouts:
            self._remove(path, number, gone)
        for folder in layer.opaque:
            for child in self.children.pop(folder.rstrip("/"), ()):
                self._remove(child, number, gone)
        added, changed = [], []
        tree, children = self.tree, self.children
        for file in layer.files:
            path = file.path
            parent = path.rpartition("/")[0]
            siblings = children.get(parent)
            if siblings is None:
                self._make_folder(parent, number, gone)
                siblings = children[parent] = []
            before = tree.get(path)
            if before is None:
                siblings.append(path)
                (changed if path in gone else added).append(path)
            elif file.kind != FOLDER or before[0].kind != FOLDER:
                changed.append(path)
                self._remove(path, number, gone)
            elif _owner(before[0]) != _owner(file) and before[0].mode >= 0:
                changed.append(path)
            tree[path] = (self._count_name(file, number) if file.twin else file, number)
        deleted = [path for path in gone if path not in tree and self._folder_stands(path)]
        return Changes(tuple(sorted(added)), tuple(sorted(changed)), tuple(sorted(deleted)))

    def _folder_stands(self, path: str) -> bool:
        """Whether only ``path`` itself, and not the folder around it, was taken away."""
        parent = path.rpartition("/")[0]
        if not parent:
            return True
        above = self.tree.get(parent)
        return above is not None and above[0].kind == FOLDER

    def _make_folder(self, path: str, number: int, gone: dict[str, None]) -> None:
        """A folder that no layer wrote down; engines make it, in the place of whatever was there."""
        missing = []
        while path:
            before = self.tree.get(path)
            if before is not None and before[0].kind == FOLDER:
                break
            missing.append(path)
            path = path.rpartition("/")[0]
        for each in reversed(missing):
            self._remove(each, number, gone)
            self.children.setdefault(each.rpartition("/")[0], []).append(each)
            self.tree[each] = (File(each, FOLDER, mode=-1), number)

    def _count_name(self, file: File, number: int) -> File:
        """One more name of a content, which may lie in a layer below."""
        owner = (number, file.twin)
        original = self.tree.get(file.twin)
        if original is not None and original[1] < number and original[0].kind != FOLDER:
            owner = self.borrowed.get(file.twin, (original[1], original[0].twin or file.twin))
            self.borrowed[file.path] = owner
            file = file._replace(kind=original[0].kind, size=original[0].size, link=original[0].link)
        self.names[owner] = self.names.get(owner, 1) + 1
        return file

    def _remove(self, path: str, number: int, gone: dict[str, None]) -> None:
        waiting = [path]
        while waiting:
            path = waiting.pop()
            found = self.tree.pop(path, None)
            if found is None:
                continue
            gone[path] = None
            file, stored = found
            if file.kind == FOLDER:
                waiting += self.children.pop(path, ())
                continue
            layer, first = owner = self.borrowed.pop(path, (stored, file.twin or path))
            left = self.names.get(owner, 1) - 1
            if left:
                self.names[owner] = left
            elif file.size:
                self.wasted.append(Waste(first, file.size, layer, number))


def _owner(folder: File) -> tuple[int, int, int]:
    return folder.mode, folder.uid, folder.gid
