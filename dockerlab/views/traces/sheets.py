"""자취를 글과 표로 적습니다: 시간축 위의 일들, 나눈 시간, 프로세스의 나무."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dockerlab.views.sheets import Sheet
from dockerlab.views.text import text
from dockerlab.views.traces.entries import MOST, Entry, brief, entries, milliseconds
from dockerlab.views.traces.words import LANES
from dockerlab.views.units import seconds

if TYPE_CHECKING:
    from dockerlab.tracing import Hop, Trace

AXIS = 32  # columns of a terminal
# Letters whose width no terminal disputes: the drawn boxes are wide in some Korean ones.
WORK, WAIT, MOMENT = "=", "-", "*"
LEGEND = f"{WORK} 일함, {WAIT} 결과를 기다리며 열려 있거나 앞뒤로도 돌고 있음, {MOMENT} 한순간의 일"
_PROCESS_COLUMNS = (
    *("프로세스", "호스트의 PID", "안에서의 PID", "부모의 PID"),
    *("dockerd와 다른 네임스페이스", "cgroup"),
)
_DEPTHS = {"dockerd": 0, "containerd": 1, "shim": 2, "container": 3}
_SEEN_BY = {
    "proc": "이 컴퓨터의 /proc에서 읽었습니다.",
    "container": "엔진이 다른 커널 안에서 돌아, 그 안에 띄운 도우미 컨테이너(--pid=host)로 /proc을 "
    "읽었습니다. 여기서 호스트는 그 커널입니다.",
}
_LONG_ID = re.compile(r"([0-9a-f]{12})[0-9a-f]{20,}")


def trace_text(trace: Trace) -> str:
    """터미널에 보일 글입니다."""
    sheets = [timeline_sheet(trace), processes_sheet(trace, numbers=False)]
    return "\n\n".join(text(sheet) for sheet in sheets if sheet.rows)


def timeline_sheet(trace: Trace) -> Sheet:
    """일어난 순서대로, 줄마다 시간축 위의 자리와 무엇이었는지를 적습니다."""
    shown = entries(trace)
    end = max((each.start + each.seconds for each in shown), default=0.0) or 1e-3
    clock = [milliseconds(each.start) for each in shown]
    taken = [seconds(each.seconds) if each.seconds else "" for each in shown]
    rows = [
        (at.rjust(max(map(len, clock))), LANES[each.lane], f"|{_drawn(each, end)}|", took, _said(each))
        for at, took, each in zip(clock, taken, shown, strict=True)
    ]
    return Sheet(
        caption=caption(trace),
        columns=("시각", "층", f" 0{milliseconds(end).rjust(AXIS - 1)}", "걸린 시간", "무엇"),
        rows=tuple(rows),
        verdict=split_sentence(trace),
        notes=(LEGEND, *remarks(trace)),
    )


def caption(trace: Trace) -> str:
    """자취의 제목입니다."""
    whole = "" if trace.complete else " (빠진 것이 있습니다)"
    return f"{brief(trace.command)}: {seconds(trace.total)}, {len(trace.hops)}가지 일{whole}"


def split_sentence(trace: Trace) -> str:
    """걸린 시간을 층으로 나눈 한 줄입니다."""
    total = trace.total or 1.0
    parts = [f"{LANES[lane]} {seconds(part)}({part / total:.0%})" for lane, part in trace.split().items()]
    return f"나눈 시간: {', '.join(parts)}. 순간마다 그때 일하던 가장 깊은 층의 것으로 셉니다."


def remarks(trace: Trace) -> tuple[str, ...]:
    """빠진 것, 이 엔진에서 볼 수 없는 것, 생략한 것, 시계의 어긋남을 차례로 말합니다."""
    said = [f"빠진 것: {each}" for each in trace.missing]
    said += [f"이 엔진에서 볼 수 없는 것: {each}" for each in trace.notes]
    if len(trace.hops) > MOST:
        said.append(f"앞의 {MOST}가지만 보입니다. 모두 {len(trace.hops):,}가지이고 trace.hops에 있습니다.")
    if trace.bound > 1e-3:
        said.append(
            f"엔진의 시계는 다른 커널에 있어, 이벤트의 시각은 {seconds(trace.bound)}까지 다를 수 있습니다."
        )
    return tuple(said)


def processes_sheet(trace: Trace, *, numbers: bool = True) -> Sheet:
    """프로세스의 나무입니다. 같은 프로세스의 번호를 호스트와 안에서 나란히 적습니다.

    ``numbers``가 거짓이면 네임스페이스의 번호를 빼서, 좁은 터미널에도 한 줄에 들어갑니다.
    """
    hops = sorted(trace.lane("process"), key=_place)
    engine = next((hop for hop in hops if hop.detail["role"] == "dockerd"), None)
    return Sheet(
        caption="프로세스: 위의 것이 아래의 것을 돌봅니다",
        columns=_PROCESS_COLUMNS,
        rows=tuple(_process_row(hop, engine, numbers) for hop in hops),
        notes=tuple(_SEEN_BY[via] for via in sorted({hop.detail["via"] for hop in hops})),
    )


def _place(hop: Hop) -> tuple[str, int]:
    role = hop.detail["role"]
    # The daemons first, then each container under its shim.
    return (hop.detail["container"] if _DEPTHS[role] > 1 else "", _DEPTHS[role])


def _process_row(hop: Hop, engine: Hop | None, numbers: bool) -> tuple[str, ...]:
    detail = hop.detail
    name = hop.what.partition(" (PID ")[0]
    return (
        "  " * _DEPTHS[detail["role"]] + name,
        str(detail["pid"]),
        " → ".join(map(str, detail["inside"])) or "같음",
        str(detail["parent"]),
        "(기준)" if hop is engine else _own(detail["namespaces"], engine, numbers),
        _LONG_ID.sub(r"\1…", detail["cgroup"]),
    )


def _own(namespaces: Mapping[str, int], engine: Hop | None, numbers: bool) -> str:
    """Only those that differ from dockerd's: that is what isolates. Without dockerd, all of them."""
    known = {} if engine is None else engine.detail["namespaces"]
    different = {kind: number for kind, number in namespaces.items() if number != known.get(kind)}
    if not numbers:
        return ", ".join(different) or "없음"
    return ", ".join(f"{kind} {number}" for kind, number in different.items()) or "없음"


def _said(entry: Entry) -> str:
    name = f"{entry.room} {entry.label}" if entry.room else entry.label
    facts = dict(entry.facts)
    if entry.lane == "rest":
        return f"{name}  (보냄 {facts['보낸 본문']}, 받음 {facts['받은 본문']})"
    return name


def _drawn(entry: Entry, end: float) -> str:
    first = min(AXIS - 1, int(max(0.0, entry.start) / end * AXIS))
    if not entry.seconds:
        return " " * first + MOMENT + " " * (AXIS - first - 1)
    last = min(AXIS, max(first + 1, round((entry.start + entry.seconds) / end * AXIS)))
    return " " * first + (WAIT if entry.waiting else WORK) * (last - first) + " " * (AXIS - last)
