"""레이어 탐색기가 묻는 것에 답합니다. 화면도 커널도 모르고, 물은 만큼만 작은 JSON으로 돌려줍니다."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from dockerlab.errors import DockerlabError
from dockerlab.layering import FileContent, Image, shown
from dockerlab.views.layers.file_story import file_facts, story
from dockerlab.views.layers.file_text import readable
from dockerlab.views.layers.scope import NOWHERE
from dockerlab.views.layers.stack import Level, comparison_facts, image_facts, layer_facts, levels
from dockerlab.views.layers.tree import NAME, ORDERS, FileTree, Query, Row
from dockerlab.views.units import size

CONTENT_BYTES = 2**16
_ROWS = 200
_NAME = 240
_LONG_TEXT = 20_000
_TOGGLED = 20_000

Reader = Callable[[str, int], FileContent]


class Answers:
    """이미지 하나, 또는 견줄 이미지 둘에 대한 답입니다.

    ``readers``는 이미지마다 경로와 레이어를 받아 파일의 내용을 읽는 함수입니다. 답은 1 MB보다 작습니다.
    """

    def __init__(self, images: Sequence[Image], readers: Sequence[Reader]) -> None:
        self.images = tuple(images)
        self._readers = tuple(readers)
        self._trees: dict[int, FileTree] = {}

    @cached_property
    def levels(self) -> tuple[tuple[Level, ...], ...]:
        """이미지마다의 층입니다."""
        return levels(self.images)

    def answer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """``what``에 따라 답합니다: ``stack``, ``scope``, ``rows``, ``parent``, ``file``, ``content``."""
        kinds = {
            "stack": self._stack,
            "scope": self._scope,
            "rows": self._rows,
            "parent": self._parent,
            "file": self._file,
            "content": self._content,
        }
        return kinds[asked["what"]](asked)

    def _stack(self, _asked: Mapping[str, Any]) -> dict[str, Any]:
        told = [
            {
                "name": _cut(image.name) or "이름 없는 이미지",
                "size": size(image.size_unpacked),
                "waste": size(image.wasted_bytes) if image.wasted_bytes else "",
                "levels": [_level(level) for level in stack],
            }
            for image, stack in zip(self.images, self.levels, strict=True)
        ]
        comparison = comparison_facts(self.images) if len(self.images) > 1 else []
        return {"images": told, "comparison": comparison}

    def _scope(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What the details of a layer (or of the image) say, and how many files each filter would keep."""
        at, layer = self._where(asked)
        image = self.images[at]
        counts = list(self._tree(at).counts(layer).values())
        if layer is None:
            title = f"이미지 {_cut(image.name)} 전체"
            return {"title": title, "facts": image_facts(image), "counts": counts}
        level = self.levels[at][layer]
        instruction = shown(level.instruction[:_LONG_TEXT]) or "(기록 없음)"
        facts = layer_facts(image, level, len(self.images) > 1)
        return {"title": level.name, "instruction": instruction, "facts": facts, "counts": counts}

    def _rows(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        at, query = self._query(asked)
        start = int(asked.get("start", 0))
        listing = self._tree(at).listing(query, start, min(int(asked.get("count", _ROWS)), _ROWS))
        rows = [self._row(row, at, query.flat) for row in listing.rows]
        return {"total": listing.total, "files": listing.files, "start": start, "rows": rows}

    def _parent(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        at, query = self._query(asked)
        return {"place": self._tree(at).parent(query, int(asked["node"]))}

    def _query(self, asked: Mapping[str, Any]) -> tuple[int, Query]:
        at, layer = self._where(asked)
        return at, Query(
            layer=layer,
            marks=int(asked.get("marks", 0)),
            search=str(asked.get("search", ""))[:_NAME],
            order=asked["order"] if asked.get("order") in ORDERS else NAME,
            flat=bool(asked.get("flat")),
            opened=bool(asked.get("opened")),
            toggled=frozenset(asked.get("toggled", ())[:_TOGGLED]),
        )

    def _row(self, row: Row, at: int, flat: bool) -> list[Any]:
        file = row.file
        name = _cut(file.path if flat else file.path.rpartition("/")[2], tail=flat)
        link = f" → {_cut(file.link)}" if file.link else ""
        layer = None if row.layer == NOWHERE else row.layer
        return [
            row.node, row.level, name + link, file.kind, row.opened, size(row.size),
            size(row.waste) if row.waste else "", layer, row.marks, row.inside,
        ]  # fmt: skip

    def _file(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        at, layer = self._where(asked)
        found = self._tree(at).file(int(asked["node"]), layer)
        if found is None:
            return {}
        file, _ = found
        events = story(self.images[at], self.levels[at], file.path)
        told = [
            {
                "layer": layer,
                "sentence": sentence,
                "instruction": "" if self.levels[at][layer].writable else self.levels[at][layer].brief,
            }
            for layer, sentence in events
        ]
        return {
            "path": shown(file.path),
            "facts": file_facts(file),
            "story": told,
            "readable": file.kind == "file",
        }

    def _content(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        at, layer = self._where(asked)
        found = self._tree(at).file(int(asked["node"]), layer)
        if found is None:
            return {}
        file, stored = found
        try:
            content = self._readers[at](file.path, stored)
        except DockerlabError as error:
            return {"error": [shown(line) for line in error.lines()]}
        text, read_as = readable(content.data, content.truncated)
        said = f"{size(content.size)}, {read_as}"
        if content.truncated:
            said += f", 앞의 {size(len(content.data))}만"
        return {"text": text, "said": said}

    def _where(self, asked: Mapping[str, Any]) -> tuple[int, int | None]:
        at, layer = int(asked.get("image", 0)), asked.get("layer")
        if not 0 <= at < len(self.images) or (
            layer is not None and not 0 <= int(layer) < len(self.images[at].layers)
        ):
            raise IndexError(f"no such image or layer: {at}, {layer}")
        return at, None if layer is None else int(layer)

    def _tree(self, at: int) -> FileTree:
        if at not in self._trees:
            self._trees[at] = FileTree(self.images[at])
        return self._trees[at]


def _level(level: Level) -> dict[str, Any]:
    return {
        "number": level.number,
        "name": level.name,
        "kind": level.kind,
        "writable": level.writable,
        "shared": level.shared,
        "common": level.common,
        "instruction": "컨테이너가 바꾼 것은 모두 여기에 담깁니다" if level.writable else level.brief,
        "size": size(level.size),
        "part": round(level.part, 4),
        "waste": size(level.hides) if level.hides else "",
    }


def _cut(name: str, tail: bool = False) -> str:
    """A name of at most ``_NAME`` letters, safe to show; of a long path the end tells more."""
    if tail:
        said = shown(name[-_NAME:])
        return said if len(name) <= _NAME and len(said) <= _NAME else "…" + said[1 - _NAME :]
    said = shown(name[:_NAME])
    return said if len(name) <= _NAME and len(said) <= _NAME else said[: _NAME - 1] + "…"
