"""엔진이 다른 커널(VM) 안에서 돌 때, 그 커널의 PID 네임스페이스에 우리 컨테이너를 두어 /proc을 읽습니다."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from pathlib import Path
from typing import Any

from dockerlab import engine, images
from dockerlab.engine import Engine, wire
from dockerlab.errors import CannotTrace, DockerlabError
from dockerlab.tracing.clock import READINGS, Clock
from dockerlab.tracing.processes import NAMESPACES, Process, described
from dockerlab.tracing.relay import Streams, dial

SCRIPT = Path(__file__).with_name("look-inside.sh")
RECORD, FIELD, END = b"\x1e", b"\x1f", b"\x04\n"
LINK = re.compile(r"(\w+) -> \w+:\[(\d+)\]")


class Lookout:
    """도우미 컨테이너입니다. 읽기만 하며, 자취가 끝나면 지웁니다."""

    def __init__(self, connected: Engine) -> None:
        self.engine = connected
        self._container: Any = None
        self._streams: Streams | None = None
        self._turn = asyncio.Lock()
        self._daemons: tuple[Process, ...] = ()

    async def start(self) -> None:
        """컨테이너를 띄우고 그 입출력에 잇습니다. 할 수 없으면 까닭을 ``CannotTrace``로 던집니다."""
        try:
            self._container = await asyncio.to_thread(self._created)
            self._streams = await self._attached()
            await asyncio.to_thread(self._started)
            self._daemons = await self._looked("daemons")
        except (DockerlabError, OSError) as error:
            why = error.what if isinstance(error, DockerlabError) else str(error)
            raise CannotTrace(f"도우미 컨테이너를 띄우지 못했습니다. {why}") from error

    async def close(self) -> None:
        """연결을 끊고 컨테이너를 지웁니다."""
        if self._streams is not None:
            self._streams[1].close()
        if self._container is not None:
            with contextlib.suppress(DockerlabError):
                await asyncio.to_thread(self._removed)

    async def clock(self) -> Clock:
        """그 커널의 벽시계입니다. 엔진에게 물을 때보다 오가는 시간이 짧아 더 정확합니다."""
        readings = []
        for _ in range(READINGS):
            before = time.perf_counter()
            wall = float(await self._ask("now", b"\n"))
            after = time.perf_counter()
            readings.append(Clock(wall - (before + after) / 2, (after - before) / 2))
        return min(readings, key=lambda clock: clock.bound)

    async def snapshot(self, container: str) -> tuple[Process, ...]:
        """지금 그 컨테이너를 돌리는 프로세스들입니다. 이미 끝난 것은 없습니다."""
        told = await asyncio.to_thread(wire.ask, self.engine.endpoint, "GET", f"/containers/{container}/json")
        pid = told.body["State"]["Pid"] if told.good else 0
        seen = [each.playing(each.role, container) for each in self._daemons]
        for process in await self._looked(str(pid)) if pid else ():
            seen.append(process.playing("container" if process.pid == pid else "shim", container))
        return tuple(seen)

    async def _looked(self, asked: str) -> tuple[Process, ...]:
        told = await self._ask(asked, END)
        return read(told, time.perf_counter())

    def _created(self) -> Any:
        reference = images.ensure("tiny").reference
        with engine.errors_of_engine():
            return self.engine.client.containers.create(
                reference, ["sh", "-c", SCRIPT.read_text(encoding="utf-8")], labels=engine.labels(),
                # SYS_PTRACE: or the namespaces of processes with more capabilities could not be read.
                pid_mode="host", cgroupns="host", cap_drop=["ALL"], cap_add=["SYS_PTRACE"],
                security_opt=["no-new-privileges"], network_mode="none", read_only=True, mem_limit="32m",
                stdin_open=True, log_config={"Type": "none"},
            )  # fmt: skip

    def _started(self) -> None:
        with engine.errors_of_engine():
            self._container.start()

    def _removed(self) -> None:
        with engine.errors_of_engine():
            self._container.remove(force=True, v=True)

    async def _attached(self) -> Streams:
        reader, writer = await dial(self.engine.endpoint)
        path = f"/containers/{self._container.id}/attach?stream=1&stdin=1&stdout=1"
        head = f"POST {path} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
        writer.write(head.encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in answer.partition(b"\r\n")[0]:
            writer.close()
            raise OSError(answer.partition(b"\r\n")[0].decode("latin-1"))
        return reader, writer

    async def _ask(self, word: str, end: bytes) -> bytes:
        """One question at a time; the answer comes in frames of eight bytes and what they announce."""
        assert self._streams is not None
        reader, writer = self._streams
        async with self._turn:
            writer.write(f"{word}\n".encode())
            heard = b""
            while not heard.endswith(end):
                frame = await reader.readexactly(8)
                heard += await reader.readexactly(int.from_bytes(frame[4:], "big"))
            return heard.removesuffix(end)


def read(told: bytes, now: float) -> tuple[Process, ...]:
    """도우미의 말을 읽습니다. ``now``는 그 말이 나온 때(시간축의 초)입니다."""
    uptime, *records = told.split(RECORD)
    booted = now - float(uptime)
    found = []
    for record in records:
        fields = [field.decode("utf-8", "replace") for field in record.split(FIELD)]
        if len(fields) == 5 and fields[0].strip():
            *files, links = fields
            numbers = {kind: int(inode) for kind, inode in LINK.findall(links) if kind in NAMESPACES}
            found.append(described(*files, numbers, booted))
    return tuple(found)
