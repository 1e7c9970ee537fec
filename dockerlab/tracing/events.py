"""엔진이 스스로 알리는 이벤트를, 중계와는 다른 연결로 듣습니다."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

import h11

from dockerlab.engine import Endpoint
from dockerlab.tracing.news import News
from dockerlab.tracing.relay import CHUNK, dial


@dataclass(frozen=True)
class Event:
    """엔진의 이벤트 하나입니다. ``at``은 엔진의 벽시계의 초입니다."""

    at: float
    kind: str
    action: str
    id: str
    attributes: Mapping[str, str]

    @property
    def container(self) -> str:
        """이 이벤트가 말하는 컨테이너의 id이고, 없으면 빈 글입니다."""
        return self.id if self.kind == "container" else self.attributes.get("container", "")


class EngineEvents:
    """``since``(엔진의 벽시계)부터의 이벤트를 ``heard``에 모읍니다. ``told``는 하나마다 곧바로 불립니다.

    The stream of an engine that dies just ends, without an error: ``ended`` says so.
    """

    def __init__(self, endpoint: Endpoint, since: float, news: News, told: Callable[[Event], None]) -> None:
        self.endpoint = endpoint
        self.since = since
        self.news = news
        self.told = told
        self.heard: list[Event] = []
        self.ended = False
        self._listening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """듣기 시작합니다. 엔진이 답할 때까지 기다립니다."""
        answered = asyncio.Event()
        self._listening = asyncio.create_task(self._listen(answered))
        asked = asyncio.create_task(answered.wait())
        await asyncio.wait({asked, self._listening}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if self._listening.done():
            self._listening.result()

    async def close(self) -> None:
        """그만 듣습니다."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait({self._listening})

    async def catch_up(self, until: float) -> None:
        """엔진이 기억하는 최근의 이벤트를 물어, 아직 도착하지 않은 것을 더합니다."""
        query = f"since={self.since:.9f}&until={until:.9f}"
        with contextlib.suppress(OSError, h11.ProtocolError):
            past = [event async for event in _stream(self.endpoint, query)]
            known = set(map(_key, self.heard))
            self.heard += [event for event in past if _key(event) not in known]

    async def _listen(self, answered: asyncio.Event) -> None:
        try:
            async for event in _stream(self.endpoint, f"since={self.since:.9f}", answered):
                self.heard.append(event)
                self.told(event)
                self.news.ring()
        except (OSError, h11.ProtocolError):
            pass
        finally:
            self.ended = True
            self.news.ring()


async def _stream(
    endpoint: Endpoint, query: str, answered: asyncio.Event | None = None
) -> AsyncIterator[Event]:
    reader, writer = await dial(endpoint)
    try:
        parser = h11.Connection(h11.CLIENT)
        ask = h11.Request(method="GET", target=f"/events?{query}", headers=[("Host", "docker")])
        writer.write((parser.send(ask) or b"") + (parser.send(h11.EndOfMessage()) or b""))
        rest = b""
        while True:
            event = parser.next_event()
            if event is h11.NEED_DATA:
                parser.receive_data(await reader.read(CHUNK))
            elif isinstance(event, h11.Response):
                if answered is not None:
                    answered.set()
            elif isinstance(event, h11.Data):
                *lines, rest = (rest + event.data).split(b"\n")
                for line in filter(bytes.strip, lines):
                    yield read(line)
            else:
                return
    finally:
        writer.close()


def read(line: str | bytes) -> Event:
    """엔진이 보낸 이벤트 한 줄을 읽습니다."""
    told = json.loads(line)
    actor = told.get("Actor") or {}
    at = told["timeNano"] / 1e9 if told.get("timeNano") else float(told["time"])
    attributes = actor.get("Attributes") or {}
    return Event(at, told.get("Type", ""), told.get("Action", ""), actor.get("ID", ""), attributes)


def _key(event: Event) -> tuple[object, ...]:
    return event.at, event.kind, event.action, event.id, event.container
