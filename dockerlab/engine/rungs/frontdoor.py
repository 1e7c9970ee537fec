"""게스트의 엔진에 닿는 소켓입니다. 말을 마치고 듣기만 하는 클라이언트(half-close)를 대신 챙깁니다.

gvproxy closes a connection both ways as soon as one side has said its last word. The docker command does
just that: it ends its input and goes on reading, so that `docker run` would show nothing. Here such an end is
kept from gvproxy. Where it matters to the engine (an attached standard input), the input has a connection of
its own, which can be closed alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import select
from pathlib import Path

LIMIT = 2**16
GLANCE = 0.5  # seconds between two looks at whether a silent client is still there
ATTACH = re.compile(rb"POST (\S*/containers/[^/?\s]+/attach)\?(\S*) ")
STDIN = re.compile(rb"(?:^|&)stdin=(?:1|true|True)(?=&|$)")
OUTPUT = re.compile(rb"(?:^|&)(?:stdout|stderr|logs)=[^&]*")
EXEC = re.compile(rb"POST (\S*/exec/[^/?\s]+)/start[? ]")

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class FrontDoor:
    """``inner``(gvproxy가 연 소켓) 앞의 소켓 ``path``입니다. 다른 사용자는 열지 못합니다(0600)."""

    def __init__(self, path: Path, inner: Path) -> None:
        self.path = path
        self.inner = inner
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()  # the loop itself would let go of them

    async def open(self) -> None:
        """듣기 시작합니다."""
        self._server = await asyncio.start_unix_server(self._serve, self.path, limit=LIMIT, backlog=1024)
        self.path.chmod(0o600)

    def close(self) -> None:
        """새 연결을 받지 않습니다."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        writers = [to_client]
        try:
            head = await from_client.readuntil(b"\r\n\r\n")
            attach = ATTACH.match(head)
            split = attach is not None and STDIN.search(attach[2]) is not None
            from_engine, to_engine = await asyncio.open_unix_connection(self.inner, limit=LIMIT)
            writers.append(to_engine)
            to_engine.write(_without(STDIN, head) if split else head)
            stdin = to_engine
            if split:
                answer = await from_engine.readuntil(b"\r\n\r\n")
                to_client.write(answer)
                stdin = await self._stdin(_without(OUTPUT, head))
                writers.append(stdin)
            await self._carry((from_client, to_client), (from_engine, stdin), head, split)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # one of the two is gone
        finally:
            for writer in writers:
                writer.close()
            self._serving.discard(task)

    async def _stdin(self, head: bytes) -> asyncio.StreamWriter:
        reader, writer = await asyncio.open_unix_connection(self.inner, limit=LIMIT)
        writer.write(head)
        await reader.readuntil(b"\r\n\r\n")
        return writer

    async def _carry(self, client: Streams, engine: Streams, head: bytes, split: bool) -> None:
        """클라이언트가 아주 떠나거나 엔진이 할 말을 마칠 때까지입니다."""
        said = asyncio.create_task(_pass_on(client[0], engine[1]))
        heard = asyncio.create_task(_pass_on(engine[0], client[1]))
        try:
            await asyncio.wait({said, heard}, return_when=asyncio.FIRST_COMPLETED)
            if split:
                engine[1].close()
            elif said.done() and not _gone(client[1]) and await self._hears_the_end(head):
                return
            while not (heard.done() or _gone(client[1])):
                await asyncio.wait({heard}, timeout=GLANCE)
        finally:
            for task in (said, heard):
                task.cancel()
            await asyncio.wait({said, heard})

    async def _hears_the_end(self, head: bytes) -> bool:
        """그 exec가 표준 입력을 읽는지 엔진에게 묻습니다. 읽는다면 끝을 알려야 합니다."""
        if (match := EXEC.match(head)) is None:
            return False
        reader, writer = await asyncio.open_unix_connection(self.inner, limit=LIMIT)
        try:
            writer.write(b"GET %s/json HTTP/1.0\r\n\r\n" % match[1])
            told = (await reader.read()).partition(b"\r\n\r\n")[2]
            return bool(json.loads(told)["OpenStdin"])
        except (ValueError, KeyError):
            return False
        finally:
            writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(LIMIT):
            writer.write(data)
            await writer.drain()


def _gone(writer: asyncio.StreamWriter) -> bool:
    """Whether the client has closed, and not only ended what it says."""
    socket = writer.get_extra_info("socket")
    if socket is None or socket.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(socket.fileno(), 0)
    return bool(poll.poll(0))


def _without(words: re.Pattern[bytes], head: bytes) -> bytes:
    """The same request without those words of its query."""
    path, _, rest = head.partition(b"?")
    query, _, rest = rest.partition(b" ")
    return b"%s?%s %s" % (path, words.sub(b"", query).lstrip(b"&"), rest)
