"""자취의 hop마다 보여 줄 글을 마련합니다. 위젯, 표, 그림, 글이 모두 이것을 옮겨 적습니다."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dockerlab.views.text import printable
from dockerlab.views.traces.words import PROCESSES, meaning, room, status
from dockerlab.views.units import seconds, size

if TYPE_CHECKING:
    from dockerlab.tracing import Hop, Trace

LONGEST = 4000  # letters of a block; the trace itself keeps more
LONGEST_FACT = 1000
LONGEST_NAME = 100
MOST = 300  # entries; more could be neither drawn nor walked through
_SHORT_ID = re.compile(r"\b([0-9a-f]{4})[0-9a-f]{8}\b")


@dataclass(frozen=True)
class Entry:
    """hop 하나를 보여 줄 글입니다. ``room``은 dockerd의 방이고, ``facts``는 이름과 값입니다."""

    lane: str
    room: str
    label: str
    start: float
    seconds: float
    waiting: bool
    meaning: str
    facts: tuple[tuple[str, str], ...]
    blocks: tuple[tuple[str, str], ...]

    @property
    def when(self) -> str:
        """언제부터 얼마나 걸렸는지입니다. 시각의 단위는 언제나 ms라서 위아래로 견줄 수 있습니다."""
        at = f"{milliseconds(self.start)}에"
        if not self.seconds:
            return f"{at} 일어남"
        return f"{at} 시작, {seconds(self.seconds)} {'동안 열려 있음' if self.waiting else '걸림'}"


def milliseconds(value: float) -> str:
    """시간축의 자리를 적습니다. 명령보다 먼저 있던 것도 0입니다."""
    return f"{max(0.0, value) * 1000:,.1f} ms"


def entries(trace: Trace) -> tuple[Entry, ...]:
    """일어난 순서대로, 많으면 앞의 ``MOST``개까지입니다."""
    return tuple(map(_entry, trace.hops[:MOST]))


def _entry(hop: Hop) -> Entry:
    label, facts, blocks = _DETAILS[hop.lane](hop, hop.detail)
    return Entry(
        lane=hop.lane,
        room=room(hop.detail["type"]) if hop.lane == "dockerd" else "",
        label=brief(label),
        start=hop.start,
        seconds=hop.seconds,
        waiting=hop.waiting,
        meaning=meaning(hop.lane, hop.what, hop.detail.get("role", "")),
        facts=tuple((name, printable(_cut(value, LONGEST_FACT))) for name, value in facts if value),
        blocks=tuple((name, printable(_cut(value, LONGEST))) for name, value in blocks if value),
    )


def brief(text: str) -> str:
    """한 줄에 들어갈 만큼만 남깁니다."""
    line = printable(" ".join(text[: 2 * LONGEST_NAME].split()))
    return line if len(line) <= LONGEST_NAME else line[: LONGEST_NAME - 1] + "…"


Said = tuple[str, list[tuple[str, str]], list[tuple[str, str]]]


def _client(hop: Hop, detail: Mapping[str, Any]) -> Said:
    if "function" in detail:
        return f"{hop.what}()", [("함수", detail["function"])], []
    facts = [("명령", shlex.join(detail["arguments"])), ("종료 코드", str(detail["exit_code"]))]
    return hop.what, facts, [("표준 출력", detail["stdout"]), ("표준 오류", detail["stderr"])]


def _rest(hop: Hop, detail: Mapping[str, Any]) -> Said:
    answered = detail["answered"]
    facts = [
        ("요청", f"{detail['method']} {detail['path']}"),
        ("응답", status(detail["status"])),
        ("보낸 본문", size(detail["sent"])),
        ("받은 본문", size(detail["received"])),
        ("응답이 시작되기까지", "" if answered is None else seconds(answered)),
        ("연결", f"{detail['connection']}번"),
        ("맨 연결", "HTTP를 벗어나 바이트가 그대로 오갔습니다." if detail["upgraded"] else ""),
        ("놓친 것", "" if detail["whole"] or hop.waiting else "응답을 끝까지 보지 못했습니다."),
    ]
    headers = "\n".join(f"{name}: {value}" for name, value in detail["headers"].items())
    kept = [("요청 본문", detail["request"]), ("응답 본문", detail["answer"])]
    return _short(hop.what), facts, [("요청 헤더", headers), *((name, _written(body)) for name, body in kept)]


def _dockerd(hop: Hop, detail: Mapping[str, Any]) -> Said:
    facts = [("이벤트", hop.what), ("대상", detail["id"])]
    if detail["container"] != detail["id"]:
        facts.append(("컨테이너", detail["container"]))
    label = detail["action"] if room(detail["type"]) != "그 밖" else hop.what
    return label, facts, [("속성", _written(detail["attributes"]))]


def _containerd(hop: Hop, detail: Mapping[str, Any]) -> Said:
    facts = [("이벤트", detail["topic"]), ("containerd의 네임스페이스", detail["namespace"])]
    return detail["topic"], [*facts, ("컨테이너", detail["container"])], [("내용", _written(detail["event"]))]


def _runc(hop: Hop, detail: Mapping[str, Any]) -> Said:
    code = detail["exit_code"]
    facts = [
        ("명령", shlex.join(["runc", *detail["arguments"]])),
        ("번들", detail["bundle"]),
        ("종료 코드", "끝나지 않음" if code is None else str(code)),
        ("컨테이너", detail["container"]),
    ]
    return hop.what, facts, []


def _process(hop: Hop, detail: Mapping[str, Any]) -> Said:
    facts = [
        ("무엇", PROCESSES.get(detail["role"], detail["role"])),
        ("호스트의 PID", str(detail["pid"])),
        ("안에서의 PID", " → ".join(map(str, detail["inside"]))),
        ("부모의 PID", str(detail["parent"])),
        ("명령", shlex.join(detail["command"])),
        ("곧 실행할 명령", shlex.join(detail["becomes"])),
        ("cgroup", detail["cgroup"]),
        ("네임스페이스", ", ".join(f"{kind} {number}" for kind, number in detail["namespaces"].items())),
        ("컨테이너", detail["container"]),
    ]
    return hop.what, facts, []


_DETAILS = {
    "client": _client,
    "rest": _rest,
    "dockerd": _dockerd,
    "containerd": _containerd,
    "runc": _runc,
    "process": _process,
}


def _short(what: str) -> str:
    return _SHORT_ID.sub(r"\1…", what)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def _cut(text: str, most: int) -> str:
    rest = len(text) - most
    return text if rest <= 0 else f"{text[:most]}\n… 뒤의 {rest:,}글자는 trace.hops에 있습니다."
