"""이미지의 레이어와 파일을 살펴보는 위젯입니다. 커널이 없는 곳에서는 그림과 표가 대신합니다."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html import escape
from typing import Any

import anywidget

from dockerlab import layering
from dockerlab.layering import Image
from dockerlab.views.layers.answers import CONTENT_BYTES, Answers, Reader
from dockerlab.views.layers.figure import layers_figure, stack_html, title_of
from dockerlab.views.progress import bar
from dockerlab.views.widgets import source, with_twins


def explore(image: str | Image, other: str | Image | None = None) -> LayerExplorer:
    """이미지의 레이어와 파일을 살펴보는 위젯을 돌려줍니다. 둘을 주면 함께 쓰는 레이어를 견줍니다.

    ``lab.layers``가 읽는 이름은 모두 됩니다. ``container://이름``이면 읽기·쓰기 레이어가 맨 위에 놓입니다.
    """
    given = [image] if other is None else [image, other]
    with bar() as report:
        images = [layering.layers(one, report) if isinstance(one, str) else one for one in given]
    return LayerExplorer(images, [_reader(one) for one in given])


class LayerExplorer(anywidget.AnyWidget):
    """레이어 더미와 파일의 나무입니다. 화면은 보이는 만큼만 물어서 받습니다."""

    _esm = source("layers/stack.js", "layers/tree.js", "layers/explorer.js")
    _css = source("layers/explorer.css")

    def __init__(self, images: Sequence[Image], readers: Sequence[Reader]) -> None:
        self.images = tuple(images)
        self._answers = Answers(images, readers)
        super().__init__()
        self.on_msg(self._asked)

    def _asked(self, _widget: Any, asked: dict[str, Any], _buffers: Any) -> None:
        self.send({"to": asked["from"], "ask": asked["ask"], **self._answers.answer(asked)})

    def __repr__(self) -> str:
        return f"LayerExplorer({title_of(self.images)})"

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        drawing = layers_figure(*self.images)
        data, metadata = with_twins(
            super()._repr_mimebundle_(**options),
            plain=drawing.text,
            html=stack_html(self.images),
            png=drawing.png(),
        )
        return data, {**metadata, **drawing.metadata()}

    def _ipython_display_(self) -> None:
        """Two outputs: without a kernel only the best kind of each is shown, the picture and the table."""
        from IPython.display import display

        data, metadata = self._repr_mimebundle_()
        table, said = data.pop("text/html"), data.pop("text/plain")
        title = f"레이어 탐색기: {title_of(self.images)}"
        display({**data, "text/plain": title}, raw=True, metadata=metadata)
        folded = f"<details><summary>표로 읽기: {escape(title)}</summary>{table}</details>"
        display({"text/html": folded, "text/plain": said}, raw=True)


def _reader(given: str | Image) -> Reader:
    """Where the contents of files come from: the place that was named, or the engine by the image's id."""
    if isinstance(given, Image):
        live = bool(given.layers) and given.layers[-1].writable
        given = f"container://{given.name}" if live else given.id
    return partial(_read, given)


def _read(place: str, path: str, layer: int) -> layering.FileContent:
    return layering.read_file(place, path, layer, limit=CONTENT_BYTES)
