"""자취의 그림입니다: 엔진의 층마다 줄이 있고 시간이 왼쪽에서 오른쪽으로 흐릅니다."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dockerlab.views import style
from dockerlab.views.drawing import Drawing
from dockerlab.views.traces.entries import Entry, entries
from dockerlab.views.traces.lanes import AFTER, Lane, lanes, length, ticks
from dockerlab.views.traces.sheets import caption, remarks, split_sentence, trace_text
from dockerlab.views.traces.words import LANES
from dockerlab.views.units import tick

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dockerlab.tracing import Trace

WIDTH = 10.0
ROW = 0.21  # inches
COLOURS = dict(zip(LANES, style.COLOURS, strict=True))


def trace_figure(trace: Trace) -> Drawing:
    """자취를 그림으로 그립니다. 막대는 걸린 시간, 빗금은 기다린 시간, 마름모는 한순간의 일입니다."""
    shown = entries(trace)
    axis = length(shown)
    drawn = lanes(shown, axis)
    height = sum(len(room.rows) for lane in drawn for room in lane.rooms) + 0.5 * len(drawn)
    with style.korean():
        figure = style.canvas(WIDTH, 0.9 + ROW * height)
        axes = figure.subplots()
        _lanes(axes, drawn, shown)
        total = axis / AFTER
        axes.set_xlim(0, axis)
        axes.set_ylim(height, -0.1)
        axes.set_xticks(ticks(total), [tick(at, "s") for at in ticks(total)])
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x")
        style.title(figure, caption(trace))
        style.footnotes(figure, [split_sentence(trace), *(f"※ {each}" for each in remarks(trace))])
        style.settle(figure)
    return Drawing(caption(trace), figure, trace_text(trace))


def _lanes(axes: Axes, drawn: Sequence[Lane], shown: Sequence[Entry]) -> None:
    top = 0.0
    for lane in drawn:
        first = top
        for room in lane.rooms:
            if room.name:
                axes.annotate(
                    room.name, (0, top + 0.5), (-8, 0), xycoords=("axes fraction", "data"),
                    textcoords="offset points", ha="right", va="center", fontsize=8,
                    color=style.INK if any(room.rows) else style.PALE,
                )  # fmt: skip
            for row in room.rows:
                for number in row:
                    _entry(axes, top, shown[number])
                top += 1
        axes.annotate(
            lane.name, (0, (first + top) / 2), (-80, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", ha="right", va="center", fontsize=10,
        )  # fmt: skip
        top += 0.5
        if lane is not drawn[-1]:
            axes.axhline(top - 0.25, color=style.FAINT, linewidth=0.8)
            axes.annotate(
                "↓", (0, top - 0.25), (-100, 0), xycoords=("axes fraction", "data"),
                textcoords="offset points", ha="center", va="center", fontsize=10, color=style.PALE,
            )  # fmt: skip


def _entry(axes: Axes, top: float, entry: Entry) -> None:
    colour = COLOURS[entry.lane]
    start = max(0.0, entry.start)
    if entry.seconds:
        axes.barh(
            top + 0.5, entry.seconds, left=start, height=0.8, color=_pale(colour),
            edgecolor=colour, linewidth=0.9, hatch="////" if entry.waiting else None,
        )  # fmt: skip
    else:
        axes.plot([start], [top + 0.5], "D", color=colour, markersize=5)
    offset = 2 if entry.seconds else 6
    label = axes.annotate(
        entry.label, (start, top + 0.5), (offset, 0), textcoords="offset points", va="center", fontsize=7.5
    )
    label.set_bbox({"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.6})


def _pale(colour: str) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    return tuple(1 - 0.3 * (1 - part) for part in to_rgb(colour))
