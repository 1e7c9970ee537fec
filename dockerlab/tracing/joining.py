"""따로 기록한 것들을 컨테이너의 id와 시간으로 이어 자취의 hop으로 만듭니다."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from dockerlab.tracing.containerd import Notice
from dockerlab.tracing.events import Event
from dockerlab.tracing.exchange import Exchange
from dockerlab.tracing.hops import Hop
from dockerlab.tracing.processes import Process
from dockerlab.tracing.runc import Call

# Requests that stay open to hear of something, and do not make the engine work.
WAITS = re.compile(r"/containers/[^/]+/(wait|attach|logs|stats|resize)|/events|/exec/[^/]+/resize")
WHOLE_ID = re.compile(r"[0-9a-f]{64}")
KERNEL_TICK = 0.01  # seconds; when a process began is known no better, and rounded down
NAMED = re.compile(r"/(containers|networks|volumes|images|exec)/([^/]+)")


def answer(exchange: Exchange) -> Any:
    """응답의 JSON이고, JSON이 아니거나 앞부분뿐이면 ``None``입니다."""
    try:
        return json.loads(exchange.answer)
    except ValueError:
        return None


def expected(exchanges: Iterable[Exchange]) -> Iterator[tuple[str, str]]:
    """성공한 요청이라면 엔진이 알려야 하는 이벤트들입니다: (일, 컨테이너의 id나 이름)."""
    for one in exchanges:
        if not one.whole or one.status is None or not 200 <= one.status < 300:
            continue
        path = one.bare_path
        told = answer(one)
        if one.method == "POST" and path == "/containers/create" and isinstance(told, dict):
            yield "create", told.get("Id", "")
        elif one.method == "POST" and (match := re.fullmatch(r"/containers/([^/]+)/start", path)):
            yield "start", match[1]
        elif one.method == "POST" and (match := re.fullmatch(r"/containers/([^/]+)/wait", path)):
            yield ("destroy" if "condition=removed" in one.path else "die"), match[1]
        elif one.method == "DELETE" and (match := re.fullmatch(r"/containers/([^/]+)", path)):
            yield "destroy", match[1]


class Mentioned:
    """기록한 요청들이 말한 것들입니다. 이벤트가 이 자취의 것인지 여기에 비추어 봅니다."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        exchanges = tuple(exchanges)
        self._names = {name for one in exchanges for _, name in NAMED.findall(one.bare_path)}
        orders = (one for one in exchanges if one.method != "GET")
        self._told = b"\n".join(b"\n".join((one.path.encode(), one.request, one.answer)) for one in orders)
        self._known: dict[str, bool] = {}

    def includes(self, id: str, name: str = "") -> bool:
        """그 id나 이름을 말한 요청이 있었는지 봅니다. 사람은 id의 앞부분만 적기도 합니다."""
        if id not in self._known:
            self._known[id] = bool(id) and self._mentions(id)
        return self._known[id] or name in self._names

    def _mentions(self, id: str) -> bool:
        short = id.removeprefix("sha256:")[:12].encode()
        return id in self._names or short in self._told or any(id.startswith(name) for name in self._names)


def rest_hops(exchanges: Iterable[Exchange]) -> Iterator[Hop]:
    """요청과 응답입니다."""
    for one in exchanges:
        status = one.status if one.status is not None else "답 없음"
        yield Hop(
            "rest",
            one.start,
            one.seconds,
            f"{one.method} {WHOLE_ID.sub(lambda id: id[0][:12], one.bare_path)} → {status}",
            {
                "connection": one.connection,
                "method": one.method,
                "path": one.path,
                "status": one.status,
                "answered": None if one.answered is None else one.answered - one.start,
                "sent": one.sent,
                "received": one.received,
                "upgraded": one.upgraded,
                "whole": one.whole,
                "headers": dict(one.headers),
                "request": readable(one.request),
                "answer": readable(one.answer),
            },
            waiting=one.upgraded or bool(WAITS.fullmatch(one.bare_path)),
        )


def event_hops(events: Iterable[Event], mentioned: Mentioned) -> Iterator[Hop]:
    """dockerd가 알린 일입니다."""
    for event in events:
        name = event.attributes.get("name", "")
        if event.container and event.kind != "container":
            ours = mentioned.includes(event.container)
        else:
            ours = mentioned.includes(event.id, name)
        if ours:
            detail = {
                "type": event.kind,
                "action": event.action,
                "id": event.id,
                "container": event.container,
            }
            detail["attributes"] = dict(event.attributes)
            yield Hop("dockerd", event.at, 0.0, f"{event.kind} {event.action}", detail)


def notice_hops(notices: Iterable[Notice], mentioned: Mentioned) -> Iterator[Hop]:
    """containerd가 알린 일입니다."""
    for notice in notices:
        if mentioned.includes(notice.container):
            detail = {"namespace": notice.namespace, "topic": notice.topic, "container": notice.container}
            detail["event"] = dict(notice.told)
            yield Hop("containerd", notice.at, 0.0, notice.topic, detail)


def runc_hops(calls: Iterable[Call], mentioned: Mentioned) -> Iterator[Hop]:
    """runc를 부른 일입니다."""
    for call in calls:
        if mentioned.includes(call.container):
            detail = {"arguments": list(call.arguments), "bundle": call.bundle, "exit_code": call.code}
            detail["container"] = call.container
            yield Hop("runc", call.start, call.end - call.start, f"runc {call.command}", detail)


def unseen(hops: Iterable[Hop]) -> bool:
    """시작한 컨테이너 가운데 프로세스를 보지 못한 것이 있고, 그럴 까닭이 따로 없었는지 봅니다."""
    hops = tuple(hops)
    looked = any(hop.lane == "process" for hop in hops)
    started = {hop.detail["container"] for hop in hops if hop.what == "container start"}
    return looked and bool(started - {hop.detail["container"] for hop in hops if _is_containers(hop)})


def _is_containers(hop: Hop) -> bool:
    return hop.lane == "process" and hop.detail["role"] == "container"


def process_hops(seen: Iterable[Process], hops: Iterable[Hop], client: Hop, via: str) -> Iterator[Hop]:
    """프로세스들입니다. 언제 시작하고 끝났는지는 runc와 dockerd가 한 말에서 압니다.

    ``via``는 어디에서 읽었는지입니다: 이 커널의 ``proc``, 또는 다른 커널에 보낸 ``container``.
    """
    hops = tuple(hops)
    created, started, died = (_times(hops, what) for what in ("runc create", "runc start", "container die"))
    told = _times(hops, "container start")
    ended = died | _times(hops, "/tasks/exit")
    reaped = ended | _times(hops, "/tasks/delete")
    ours = {hop.detail["container"] for hop in hops if hop.lane in ("runc", "dockerd")}
    for process in {(each.role, each.pid): each for each in seen if each.container in ours}.values():
        container = process.container
        start, stop = process.started + KERNEL_TICK, client.end
        if process.role == "shim":
            start, stop = min(start, created.get(container, start)), reaped.get(container, stop)
        elif process.role == "container":
            start = started.get(container, min(start, told.get(container, start)))
            stop = ended.get(container, stop)
        else:  # there before the command, and after it
            start = client.start
        stop = max(start, stop)
        inside = f", 안에서는 {process.inside[-1]}" if process.inside else ""
        detail = {
            "role": process.role,
            "pid": process.pid,
            "parent": process.parent,
            "inside": list(process.inside),
            "command": list(process.command),
            "becomes": list(process.becomes),
            "namespaces": dict(process.namespaces),
            "cgroup": process.cgroup,
            "container": container,
            "via": via,
        }
        what = f"{process.program} (PID {process.pid}{inside})"
        yield Hop("process", start, stop - start, what, detail, waiting=process.role != "container")


def _times(hops: Iterable[Hop], what: str) -> dict[str, float]:
    return {hop.detail["container"]: hop.start for hop in hops if hop.what == what}


def readable(body: bytes) -> Any:
    """본문을 JSON에 넣을 수 있는 모양으로 바꿉니다."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
