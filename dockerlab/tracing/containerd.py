"""containerd의 이벤트를 그 옆의 명령 ``ctr events``로 듣습니다. containerd의 소켓에 닿을 때만 됩니다."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dockerlab.engine import Endpoint, bundle, processes
from dockerlab.errors import CannotTrace
from dockerlab.tracing.clock import seconds
from dockerlab.tracing.news import News

SYSTEM_SOCKET = Path("/run/containerd/containerd.sock")
LIMIT = 10.0  # seconds for one ctr
# 2026-11-24 05:07:07.896759487 +0000 UTC moby /tasks/start {"container_id": …}
FENCE = re.compile(r"dockerlab-(\d+)-(\d+)-.*")  # the pid and the start of who made it
LINE = re.compile(r"(\S+) (\S+) ([+-]\d\d)(\d\d) \S+ (\S+) (/\S+) (.*)")


@dataclass(frozen=True)
class Notice:
    """containerd의 이벤트 하나입니다. ``at``은 containerd의 벽시계의 초입니다."""

    at: float
    namespace: str
    topic: str
    told: Mapping[str, Any]

    @property
    def container(self) -> str:
        """이 이벤트가 말하는 컨테이너의 id이고, 없으면 빈 글입니다."""
        return self.told.get("container_id") or self.told.get("id") or ""


def ctr(endpoint: Endpoint) -> list[str]:
    """이 엔진의 containerd를 부르는 ``ctr`` 명령입니다. 닿을 수 없으면 까닭을 ``CannotTrace``로 던집니다."""
    address = _socket(endpoint)
    if address is None:
        raise CannotTrace("이 엔진의 containerd는 다른 커널 안에 있거나 그 소켓이 여기서 보이지 않습니다.")
    if not os.access(address, os.R_OK | os.W_OK):
        raise CannotTrace(f"containerd의 소켓({address})을 열 권한이 없습니다.")
    if program := shutil.which("ctr"):
        return [program, "--address", str(address)]
    unpacked = bundle.installed()
    if unpacked is None:
        raise CannotTrace("containerd에게 물을 ctr 명령이 없습니다.", todo="dockerlab setup")
    return unpacked.command("ctr", "--address", str(address))


def _socket(endpoint: Endpoint) -> Path | None:
    if endpoint.path is None:
        return None
    beside = endpoint.path.with_name("exec") / "containerd" / "containerd.sock"
    if endpoint.kind == "embedded":
        return beside if beside.is_socket() else None
    return SYSTEM_SOCKET if endpoint.kind == "system" and SYSTEM_SOCKET.is_socket() else None


def read(line: str) -> Notice | None:
    """``ctr events``의 한 줄을 읽습니다. 모르는 줄이면 ``None``입니다."""
    match = LINE.fullmatch(line.strip())
    if match is None:
        return None
    date, clock, hours, minutes, namespace, topic, told = match.groups()
    try:
        return Notice(seconds(f"{date}T{clock}{hours}:{minutes}"), namespace, topic, json.loads(told))
    except ValueError:
        return None


class ContainerdEvents:
    """containerd의 이벤트를 ``heard``에 모읍니다.

    ctr does not say when it listens, so it is asked: a namespace of our own is made until its event comes.
    The same at the end tells that everything before it has come, too.
    """

    def __init__(self, command: list[str], news: News) -> None:
        self.command = command
        self.news = news
        self.heard: list[Notice] = []
        self.ended = False
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """듣기 시작합니다. 정말 들리는 것을 확인하고 돌아옵니다."""
        self._process = await asyncio.create_subprocess_exec(
            *self.command, "events",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=2**20,
        )  # fmt: skip
        self._listening = asyncio.create_task(self._listen(self._process))
        heard, _ = await asyncio.gather(self.fence("begin"), self._sweep())
        self.ended = self.ended or not heard

    async def fence(self, word: str) -> bool:
        """지금까지의 이벤트가 모두 올 때까지 기다립니다. 이벤트를 들을 수 없게 되었으면 거짓입니다."""
        name = f"dockerlab-{os.getpid()}-{processes.started(os.getpid())}-{id(self)}-{word}"
        for _ in range(50):
            if self.ended or await self._ask("namespaces", "create", name):
                return False
            await self._ask("namespaces", "remove", name)
            if await self.news.until(lambda: self.ended or self._heard_of(name), 0.2):
                return not self.ended
        return False

    async def close(self) -> None:
        """그만 듣습니다."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        if self._listening is not None:
            await self._listening

    async def _sweep(self) -> None:
        """Removes the namespaces of those who were killed before they could."""
        listing = await asyncio.create_subprocess_exec(
            *self.command, "--timeout", f"{LIMIT:.0f}s", "namespaces", "ls", "-q",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        names, _ = await listing.communicate()
        for name in names.decode().split():
            made = FENCE.fullmatch(name)
            if made and not processes.alive(int(made[1]), made[2]):
                await self._ask("namespaces", "remove", name)

    def _heard_of(self, name: str) -> bool:
        return any(notice.told.get("name") == name for notice in self.heard)

    async def _ask(self, *arguments: str) -> int:
        asked = await asyncio.create_subprocess_exec(
            *self.command, "--timeout", f"{LIMIT:.0f}s", *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        return await asked.wait()

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            notice = read(line.decode(errors="replace"))
            if notice is not None:
                self.heard.append(notice)
                self.news.ring()
        self.ended = True
        self.news.ring()
