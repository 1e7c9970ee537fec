"""자기 커널을 가진 엔진의 게스트입니다: 콘솔로 말을 주고받는 프로세스 하나와 그 네트워크."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

from dockerlab.engine.rungs import DIES_WITH_US, StartFailed, wait_until_answering
from dockerlab.engine.rungs.gateway import Gateway

MEMORY = 512 * 2**20
DOCKERD_STARTS = b"dockerlab: dockerd starts"


class Guest:
    """게스트 하나입니다. 표준 입출력이 그 콘솔이고, 콘솔에 쓴 줄은 guest-init.sh에 내리는 명령입니다."""

    def __init__(self, gateway: Gateway, log: Path) -> None:
        self.gateway = gateway
        self.log = log
        self.process: asyncio.subprocess.Process | None = None
        self.reader: asyncio.Task[None] | None = None
        self.awaited = b""
        self.heard = asyncio.Event()

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def start(self, *command: str, **options: Any) -> int:
        """게스트의 프로세스를 시작하고 그 번호를 돌려줍니다."""
        self.process = await asyncio.create_subprocess_exec(
            *(*DIES_WITH_US, *command),
            cwd="/",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            umask=0o077,
            **options,
        )
        self.reader = asyncio.create_task(self.listen())
        return self.process.pid

    async def listen(self) -> None:
        """게스트의 콘솔을 기록하면서, 기다리는 말이 나오는지 듣습니다."""
        assert self.process is not None and self.process.stdout is not None
        with self.log.open("wb", buffering=0) as log:
            while line := await self.process.stdout.readline():
                log.write(line)
                # Anywhere in the line: QEMU's firmware leaves its escape sequences before the first one.
                if self.awaited and self.awaited in line:
                    self.heard.set()

    async def says(self, what: bytes, within: float, order: str = "") -> bool:
        """``order``를 내리고, ``what``이 든 줄을 기다립니다. 게스트가 먼저 끝나면 거짓입니다."""
        self.awaited, self.heard = what, asyncio.Event()
        self.order(order)
        heard, ended = asyncio.create_task(self.heard.wait()), asyncio.create_task(self.wait())
        try:
            await asyncio.wait({heard, ended}, timeout=within, return_when=asyncio.FIRST_COMPLETED)
            return heard.done()
        finally:
            heard.cancel()
            ended.cancel()

    def order(self, line: str) -> None:
        """게스트의 콘솔에 한 줄을 씁니다."""
        if line:
            assert self.process is not None and self.process.stdin is not None
            with contextlib.suppress(OSError):
                self.process.stdin.write(f"{line}\n".encode())

    async def open_docker(self) -> None:
        """게스트 안의 엔진을 소켓에서 닿게 하고, 답할 때까지 기다립니다."""
        await self.gateway.open_docker()
        if not await wait_until_answering(self.gateway.docker, lambda: not self.running):
            raise StartFailed(self.last_words())

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]

    async def wait(self) -> None:
        """게스트나 그 네트워크가 스스로 끝날 때까지 기다립니다."""
        assert self.process is not None
        both = {asyncio.create_task(self.process.wait()), asyncio.create_task(self.gateway.wait())}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()

    async def stop(self, within: float) -> None:
        """게스트에게 스스로 끝낼 시간을 주고, 그래도 남으면 끝냅니다."""
        if self.process is None:
            return
        if self.running:
            self.order("stop")
            try:
                await asyncio.wait_for(self.process.wait(), within)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    self.process.kill()
                await self.process.wait()
        if self.reader is not None:
            await self.reader
