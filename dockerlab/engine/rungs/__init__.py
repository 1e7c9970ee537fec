"""내장 엔진을 띄우는 방법들을 좋은 것부터 늘어놓은 사다리입니다.

A rung is a module of this package with what :class:`Rung` names. Which one is taken is found by trying,
from the top; the supervisor keeps the engine through the rung's ``Keeper``.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from dockerlab.progress import Report

NAMES = ("root", "rootless", "uml", "qemu")
WITH_OWN_KERNEL = ("uml", "qemu")
READY_WITHIN = 180.0  # seconds; the slowest rung boots a whole emulated machine, maybe on a busy one
# Should the supervisor be killed, what it started is killed with it.
DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL")


Say = Callable[[str], None]


class StartFailed(Exception):
    """엔진이 시작하지 못했습니다. 글은 엔진이 남긴 기록이거나 그 까닭입니다."""


class Keeper(Protocol):
    """감독자의 프로세스에서 엔진 하나를 시작하고, 지켜보고, 멈춥니다."""

    def __init__(self, run: Path, data: Path, settings: dict[str, Any], say: Say) -> None: ...

    async def start(self) -> dict[str, Any]:
        """API가 ``docker.sock``에서 답하면 엔진의 사실들을 돌려줍니다. 못 하면 ``StartFailed``입니다."""
        ...

    async def wait(self) -> None:
        """엔진이 스스로 끝날 때까지 기다립니다."""
        ...

    async def stop(self) -> None:
        """엔진을 멈추고 흔적을 치웁니다. 시작하다 만 엔진에도 부를 수 있습니다."""
        ...


class Rung(Protocol):
    """사다리의 한 칸인 모듈에 있는 것들입니다."""

    TITLE: str
    Keeper: type[Keeper]

    def impossible(self) -> str:
        """이 컴퓨터에서 쓸 수 없는 까닭입니다. 내려받지 않고 알 수 있는 것만 봅니다."""
        ...

    def prepared(self) -> bool:
        """내려받을 것이 없는지 봅니다."""
        ...

    def settings(self, run: Path, report: Report) -> dict[str, Any]:
        """필요한 것을 갖추고, ``Keeper``에 건넬 설정을 돌려줍니다."""
        ...


def rung(name: str) -> Rung:
    """이름으로 사다리의 한 칸을 돌려줍니다."""
    return cast(Rung, import_module(f"{__name__}.{name}"))


async def wait_until_answering(path: Path, ended: Callable[[], bool]) -> bool:
    """소켓 ``path``의 엔진이 ``/_ping``에 답할 때까지 기다립니다. ``ended()``가 참이 되면 그만둡니다."""
    loop = asyncio.get_running_loop()
    give_up = loop.time() + READY_WITHIN
    while loop.time() < give_up and not ended():
        with contextlib.suppress(OSError, TimeoutError):
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                writer.write(b"GET /_ping HTTP/1.0\r\n\r\n")
                # A forwarder may accept before there is anything behind it, and then stay silent.
                answer = await asyncio.wait_for(reader.read(), 2)
            finally:
                writer.close()
            if b" 200 " in answer:
                return True
        await asyncio.sleep(0.02)
    return False
