"""엔진의 소켓 앞에 놓는 중계입니다. 바이트는 그대로 지나가고, 곁에서 그 사본을 읽습니다."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from dockerlab.engine import Endpoint
from dockerlab.errors import CannotTrace
from dockerlab.tracing.exchange import Budget, Conversation, Exchange, Open

CHUNK = 256 * 2**10
WAITING = 1024  # clients in the socket's queue

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def dial(endpoint: Endpoint) -> Streams:
    """엔진에 연결합니다. ``OSError``를 그대로 던집니다."""
    if endpoint.path is not None:
        return await asyncio.open_unix_connection(endpoint.path, limit=CHUNK)
    parts = urlsplit(endpoint.url)
    return await asyncio.open_connection(parts.hostname, parts.port or 2375, limit=CHUNK)


class Relay:
    """소켓 하나의 중계입니다. 부르는 쪽의 asyncio 루프에서 돕니다."""

    def __init__(self, endpoint: Endpoint, path: Path) -> None:
        self.endpoint = endpoint
        self.path = path
        self.faults: list[str] = []
        self._exchanges: list[Open] = []
        self._budget = Budget()
        self._connections = 0
        self._serving: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """``DOCKER_HOST``에 적을 주소입니다."""
        return f"unix://{self.path}"

    async def start(self) -> None:
        """듣기 시작합니다. 소켓의 폴더는 나만 들어갈 수 있어야 합니다."""
        self._server = await asyncio.start_unix_server(self._serve, self.path, limit=CHUNK, backlog=WAITING)

    async def close(self) -> None:
        """새 연결을 받지 않고, 남은 연결을 끊습니다."""
        if self._server is not None:
            self._server.close()
        self.path.unlink(missing_ok=True)
        for task in self._serving:
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving)

    async def exchanges(self) -> tuple[Exchange, ...]:
        """지금까지 지나간 요청을 온 순서대로 돌려줍니다.

        In the loop, so that what has already reached the client has been read here, too.
        """
        now = time.perf_counter()
        return tuple(each.seen(now) for each in self._exchanges)

    async def _serve(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        self._connections += 1
        conversation = Conversation(self._connections, self._exchanges, self._budget)
        writers = [to_client]
        try:
            from_engine, to_engine = await dial(self.endpoint)
            writers.append(to_engine)
            await _until_both_end(
                _carry(from_client, to_engine, conversation.from_client),
                _carry(from_engine, to_client, conversation.from_engine),
            )
        except OSError as error:
            if len(writers) == 1:
                self.faults.append(f"엔진과 연결하지 못했습니다({error}).")
        except asyncio.CancelledError:
            pass  # the trace is over; whoever is still connected is cut off
        finally:
            if conversation.unreadable:
                self.faults.append(f"HTTP로 읽을 수 없는 연결이 있었습니다({conversation.unreadable}).")
            if conversation.cut:
                self.faults.append("엔진이 응답하다가 연결을 끊었습니다.")
            for writer in writers:
                writer.transport.abort() if writer.is_closing() else writer.close()
            self._serving.discard(task)


async def _until_both_end(*halves) -> None:
    """두 방향이 모두 끝나거나 하나가 끊길 때까지입니다."""
    tasks = [asyncio.create_task(half) for half in halves]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, note: Callable[[float, bytes], None]
) -> None:
    while data := await reader.read(CHUNK):
        writer.write(data)
        # Before anything else runs: the answer must not be read before its request.
        note(time.perf_counter(), data)
        await writer.drain()
    note(time.perf_counter(), b"")
    # The end of one direction only: `docker run -i` closes its input and still reads the output.
    with contextlib.suppress(OSError):
        writer.write_eof()


def relayable(endpoint: Endpoint) -> None:
    """중계할 수 없는 주소이면 ``CannotTrace``를 던집니다."""
    plain = endpoint.url.startswith(("tcp://", "http://")) and endpoint.certificates is None
    if endpoint.path is None and not plain:
        raise CannotTrace(
            "이 엔진과는 중계를 사이에 둘 수 없습니다.",
            seen=f"{endpoint.origin}: {endpoint.url}",
            todo="유닉스 소켓의 엔진을 쓰십시오. 예: DOCKERLAB_ENGINE=embedded",
        )
