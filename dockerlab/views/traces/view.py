"""자취를 엔진의 구조 그림 위에서 들여다보는 위젯입니다."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from dockerlab.views.traces.entries import Entry, entries
from dockerlab.views.traces.figure import trace_figure
from dockerlab.views.traces.html import trace_html
from dockerlab.views.traces.lanes import AFTER, lanes, length, ticks
from dockerlab.views.traces.sheets import caption, processes_sheet, remarks, trace_text
from dockerlab.views.traces.words import LANES, ROLES
from dockerlab.views.units import seconds, tick
from dockerlab.views.widgets import source, with_twins

if TYPE_CHECKING:
    from dockerlab.tracing import Trace

LARGEST = 600_000  # bytes of details in one widget: Jupyter's messages should stay below 1 MB
_ELSEWHERE = (("자세한 내용", "너무 커서 여기에는 뺐습니다. trace.hops에 있습니다."),)


class TraceView(anywidget.AnyWidget):
    """자취(``Trace``)를 층과 시간으로 늘어놓고, 일마다 열어 보게 합니다."""

    _esm = source("traces/view.js")
    _css = source("traces/view.css")
    story = traitlets.Dict(read_only=True).tag(sync=True)

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        super().__init__()
        self.set_trait("story", story(trace))

    def __repr__(self) -> str:
        return f"TraceView({self.trace.command!r})"

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        drawing = trace_figure(self.trace)
        data, metadata = with_twins(
            super()._repr_mimebundle_(**options),
            plain=trace_text(self.trace),
            html=trace_html(self.trace),
            png=drawing.png(),
        )
        return data, {**metadata, **drawing.metadata()}


def display_trace(trace: Trace) -> None:
    """노트북에 자취를 보입니다. 위젯(커널이 없으면 그림)이 먼저, 같은 내용의 표가 그 아래에 접혀 있습니다."""
    from IPython.display import display

    # Two outputs: where there is no widget, GitHub and JupyterLab show only the best kind of each.
    data, metadata = TraceView(trace)._repr_mimebundle_()
    table, said = data.pop("text/html"), data.pop("text/plain")
    display({**data, "text/plain": caption(trace)}, raw=True, metadata=metadata)
    folded = f"<details><summary>표로 읽기: {escape(caption(trace))}</summary>{table}</details>"
    display({"text/html": folded, "text/plain": said}, raw=True)


def story(trace: Trace) -> dict[str, Any]:
    """위젯이 그릴 것입니다. 글은 모두 여기서 정하고, 위젯은 옮겨 적기만 합니다."""
    shown = entries(trace)
    axis = length(shown)
    left = LARGEST
    told = []
    for entry in shown:
        facts, blocks = (entry.facts, entry.blocks) if left > 0 else (_ELSEWHERE, ())
        left -= sum(len(text.encode()) for _, text in (*facts, *blocks))
        told.append(_told(entry, axis) | {"facts": facts, "blocks": blocks})
    total = trace.total or 1.0
    processes = processes_sheet(trace)
    return {
        "title": caption(trace),
        "entries": told,
        "ticks": [{"at": at / axis, "label": tick(at, "s")} for at in ticks(axis / AFTER)],
        "lanes": [
            {
                "key": lane.key,
                "name": lane.name,
                "role": ROLES[lane.key],
                "rooms": [{"name": room.name, "rows": room.rows} for room in lane.rooms],
            }
            for lane in lanes(shown, axis)
        ],
        "split": [
            {"lane": lane, "name": LANES[lane], "took": seconds(spent), "share": spent / total}
            for lane, spent in trace.split().items()
        ],
        "processes": {
            "caption": processes.caption,
            "columns": processes.columns,
            "rows": processes.rows,
            "notes": processes.notes,
        },
        "remarks": remarks(trace),
    }


def _told(entry: Entry, axis: float) -> dict[str, Any]:
    return {
        "lane": LANES[entry.lane],
        "room": entry.room,
        "label": entry.label,
        "when": entry.when,
        "left": max(0.0, entry.start) / axis,
        "width": entry.seconds / axis,
        "waiting": entry.waiting,
        "meaning": entry.meaning,
    }
