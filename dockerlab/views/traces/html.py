"""자취를 표로 적은 HTML입니다. 위젯이 없는 곳(GitHub, 커널이 없는 노트북)에서도 열어 볼 수 있습니다."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from dockerlab.views.html import html
from dockerlab.views.traces.entries import Entry, entries, milliseconds
from dockerlab.views.traces.sheets import caption, processes_sheet, remarks, split_sentence
from dockerlab.views.traces.words import LANES
from dockerlab.views.units import seconds

if TYPE_CHECKING:
    from dockerlab.tracing import Trace

_COLUMNS = ("시각", "층", "무엇 (펼쳐 보기)", "걸린 시간")


def trace_html(trace: Trace) -> str:
    """일어난 일의 표와 프로세스의 표입니다. 줄마다 요청, 이벤트, 인자를 펼쳐 볼 수 있습니다."""
    head = "".join(f'<th scope="col">{name}</th>' for name in _COLUMNS)
    body = "".join(map(_row, entries(trace)))
    notes = "".join(f"<li>{escape(each)}</li>" for each in (split_sentence(trace), *remarks(trace)))
    processes = processes_sheet(trace)
    return (
        f'<div class="dockerlab" lang="ko"><table><caption>{escape(caption(trace))}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><ul>{notes}</ul></div>"
        + (html(processes) if processes.rows else "")
    )


def _row(entry: Entry) -> str:
    name = escape(f"{entry.room} {entry.label}".strip())
    facts = "".join(f"<li>{escape(what)}: {escape(value)}</li>" for what, value in entry.facts)
    blocks = "".join(f"<div>{escape(what)}</div><pre>{escape(said)}</pre>" for what, said in entry.blocks)
    meaning = f"<p>{escape(entry.meaning)}</p>" if entry.meaning else ""
    took = seconds(entry.seconds) if entry.seconds else "한순간"
    waited = " (기다림)" if entry.waiting else ""
    return (
        f"<tr><td>{milliseconds(entry.start)}</td><td>{LANES[entry.lane]}</td>"
        f'<td style="text-align:left"><details><summary>{name}</summary>{meaning}<ul>{facts}</ul>{blocks}'
        f"</details></td><td>{took}{waited}</td></tr>"
    )
