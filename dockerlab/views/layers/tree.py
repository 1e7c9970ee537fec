"""이미지에 있었던 모든 파일의 나무입니다. 거르고 찾고 늘어놓아, 물은 줄만 돌려줍니다."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from dockerlab.layering import File, Image
from dockerlab.layering.model import FOLDER
from dockerlab.views.layers.scope import DELETED, MARKS, NOWHERE, Scope, all_paths, scope

NAME, SIZE, WASTE = ORDERS = "name", "size", "waste"


@dataclass(frozen=True)
class Query:
    """보고 싶은 것입니다. ``layer``가 없으면 이미지 전체, ``marks``가 0이면 거르지 않습니다.

    ``flat``이면 폴더 없이 늘어놓습니다. ``toggled``는 ``opened``(모두 펼침)와 반대인 폴더들의 번호입니다.
    """

    layer: int | None = None
    marks: int = 0
    search: str = ""
    order: str = NAME
    flat: bool = False
    opened: bool = False
    toggled: frozenset[int] = frozenset()


class Row(NamedTuple):
    """한 줄입니다. ``node``는 경로의 번호, ``level``은 깊이(1부터), 펼칠 것이 없으면 ``opened``도 없습니다.

    ``size``와 ``waste``는 폴더이면 그 안의 합, ``layer``는 담은 레이어, ``inside``는 폴더 안의 표시입니다.
    """

    node: int
    level: int
    file: File
    opened: bool | None
    size: int
    waste: int
    layer: int
    marks: int
    inside: int


class Listing(NamedTuple):
    """맞는 줄 전체의 수, 맞는 파일의 수(접힌 폴더 안도 셈), 그리고 물은 만큼의 줄입니다."""

    total: int
    files: int
    rows: list[Row]


class _Found(NamedTuple):
    """What a query keeps, before folders are opened and closed."""

    files: int
    matches: list[bool]
    kept: list[bool]  # matches, and the folders around them
    full: list[bool]  # folders with something kept inside
    sizes: list[int]
    wastes: list[int]
    inside: list[int]


class FileTree:
    """이미지 하나의 나무입니다. 어느 레이어에든 있는 경로마다 번호가 하나씩 있고, 번호는 바뀌지 않습니다."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._paths = all_paths(image)
        self._numbers = {path: number for number, path in enumerate(self._paths)}
        self._parents = [self._numbers.get(path.rpartition("/")[0], NOWHERE) for path in self._paths]
        self._ends = list(range(1, len(self._paths) + 1))  # where the inside of a folder ends
        for node in range(len(self._paths) - 1, -1, -1):
            if (parent := self._parents[node]) != NOWHERE:
                self._ends[parent] = max(self._ends[parent], self._ends[node])
        self._searched: list[str] = []
        # Scrolling and opening ask again and again for parts of the same answer.
        self._scope = lru_cache(maxsize=6)(self._make_scope)
        self._found = lru_cache(maxsize=3)(self._find)
        self._listed = lru_cache(maxsize=3)(self._list)

    def listing(self, query: Query, start: int = 0, count: int = 100) -> Listing:
        """``query``에 맞는 줄 가운데 ``start``번째(0부터)부터 ``count``줄입니다."""
        nodes, found = self._listed(query), self._found(query.layer, query.marks, query.search)
        start = max(start, 0)
        rows = [self._row(node, query, found) for node in nodes[start : start + max(count, 0)]]
        return Listing(len(nodes), found.files, rows)

    def parent(self, query: Query, node: int) -> int | None:
        """그 번호를 담은 폴더가 ``query``의 몇 번째 줄인지입니다. 맨 위에 있으면 없습니다."""
        nodes = self._listed(query)
        if query.flat or not 0 <= node < len(self._paths) or self._parents[node] == NOWHERE:
            return None
        return nodes.index(self._parents[node])

    def counts(self, layer: int | None) -> dict[int, int]:
        """표시마다 파일의 수입니다. 폴더는 세지 않습니다."""
        seen = self._scope(layer)
        marks = [
            mark
            for mark, file in zip(seen.marks, seen.files, strict=True)
            if mark and file is not None and file.kind != FOLDER
        ]
        return {mark: sum(1 for each in marks if each & mark) for mark in MARKS}

    def file(self, node: int, layer: int | None) -> tuple[File, int] | None:
        """그 레이어에서 본(지웠으면 지우기 전의) 파일과, 그것을 담은 레이어의 번호입니다."""
        if not 0 <= node < len(self._paths):
            return None
        seen = self._scope(layer)
        file = seen.files[node]
        return None if file is None else (file, seen.layers[node])

    def _make_scope(self, layer: int | None) -> Scope:
        return scope(self._image, self._paths, self._numbers, self._parents, layer)

    def _find(self, layer: int | None, marks: int, search: str) -> _Found:
        seen, amount = self._scope(layer), len(self._paths)
        matches = [file is not None for file in seen.files]
        if marks:
            matches = [one and mark & marks != 0 for one, mark in zip(matches, seen.marks, strict=True)]
        if search:
            self._searched = self._searched or [path.casefold() for path in self._paths]
            needle = search.casefold()
            matches = [one and needle in path for one, path in zip(matches, self._searched, strict=True)]
        files, kept, full = 0, matches.copy(), [False] * amount
        sizes, wastes, inside = [0] * amount, [0] * amount, [0] * amount
        for node in range(amount - 1, -1, -1):
            if not kept[node]:
                continue
            mark = seen.marks[node]
            if matches[node]:
                file = seen.files[node]
                files += file.kind != FOLDER
                wastes[node] += seen.waste[node]
                # What is deleted has no place any more, unless it is what was asked for.
                if not file.twin and (marks or not mark & DELETED):
                    sizes[node] += file.size
            if (parent := self._parents[node]) != NOWHERE:
                kept[parent] = full[parent] = True
                sizes[parent] += sizes[node]
                wastes[parent] += wastes[node]
                inside[parent] |= inside[node] | (mark if matches[node] else 0)
        return _Found(files, matches, kept, full, sizes, wastes, inside)

    def _list(self, query: Query) -> list[int]:
        found = self._found(query.layer, query.marks, query.search)
        if query.flat:
            files = self._scope(query.layer).files
            nodes = [n for n, one in enumerate(found.matches) if one and files[n].kind != FOLDER]
            return nodes if query.order == NAME else sorted(nodes, key=self._weight(query, found))
        if query.order == NAME:
            return self._in_order(query, found)
        return self._by_weight(query, found)

    def _in_order(self, query: Query, found: _Found) -> list[int]:
        listed, node = [], 0
        while node < len(self._paths):
            if found.kept[node]:
                listed.append(node)
            inside = found.kept[node] and (query.opened != (node in query.toggled))
            node = node + 1 if inside else self._ends[node]
        return listed

    def _by_weight(self, query: Query, found: _Found) -> list[int]:
        children: dict[int, list[int]] = {}
        for node in self._in_order(query, found):
            children.setdefault(self._parents[node], []).append(node)
        listed, waiting, weight = [], [NOWHERE], self._weight(query, found)
        while waiting:
            node = waiting.pop()
            if node != NOWHERE:
                listed.append(node)
            waiting += reversed(sorted(children.get(node, ()), key=weight))
        return listed

    def _weight(self, query: Query, found: _Found) -> Callable[[int], tuple[int, int]]:
        """Large first; what weighs the same stays in the order of its name."""
        if query.order == WASTE:
            return lambda node: (-found.wastes[node], node)
        return lambda node: (-self._size(node, query, found), node)

    def _size(self, node: int, query: Query, found: _Found) -> int:
        file = self._scope(query.layer).files[node]
        return found.sizes[node] if file.kind == FOLDER else file.size

    def _row(self, node: int, query: Query, found: _Found) -> Row:
        seen = self._scope(query.layer)
        return Row(
            node=node,
            level=1 if query.flat else self._paths[node].count("/"),
            file=seen.files[node],
            opened=query.opened != (node in query.toggled) if found.full[node] and not query.flat else None,
            size=self._size(node, query, found),
            waste=found.wastes[node],
            layer=seen.layers[node],
            marks=seen.marks[node],
            inside=found.inside[node],
        )
