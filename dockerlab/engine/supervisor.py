"""내장 엔진을 지키는 프로세스입니다. 노트북 커널들이 함께 쓰고, 마지막 노트북 커널이 사라지면 끝냅니다.

A client is a connection to ``control.sock``: it is told the state in lines of JSON and holds the
engine alive for as long as it stays open, so that even ``kill -9`` gives its lease back.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dockerlab.engine import rungs

LISTEN_WITHIN = 60.0  # seconds to hear why it failed, for whoever started it
LEAST_IDLE = 10.0  # seconds for whoever started it to come back as a client, however short the plan's are


@dataclass(frozen=True)
class Plan:
    """엔진 하나가 쓰는 자리들입니다."""

    rung: str
    run: str  # sockets, owned by this supervisor
    data: str  # what is kept between engines
    idle: float  # seconds without a client before it stops
    settings: dict[str, Any]  # for the rung's keeper

    @property
    def url(self) -> str:
        return f"unix://{self.run}/docker.sock"


class Supervisor:
    """한 사용자의 내장 엔진 하나를 시작하고, 지키고, 멈춥니다."""

    def __init__(self, plan: Plan, listening: Callable[[], object]) -> None:
        self.plan = plan
        self.listening = listening
        self.run = Path(plan.run)
        self.clients: set[asyncio.StreamWriter] = set()
        self.state: dict[str, Any] = {"state": "starting"}
        self.changed = asyncio.Event()
        self.told_to_stop = False
        self.heard = asyncio.Event()
        keeper = rungs.rung(plan.rung).Keeper
        self.keeper = keeper(self.run, Path(plan.data), plan.settings, self.say)

    async def supervise(self) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.stop)
        control = await asyncio.start_unix_server(self.serve_client, self.run / "control.sock")
        try:
            self.listening()
            if await self.started():
                await self.wait_until_unused()
            elif not self.told_to_stop:
                with contextlib.suppress(TimeoutError):  # who started us has yet to hear why
                    await asyncio.wait_for(self.heard.wait(), LISTEN_WITHIN)
        finally:
            # From here on a newcomer finds no socket, starts its own supervisor and waits for the lock.
            control.close()
            (self.run / "control.sock").unlink(missing_ok=True)
            if self.state["state"] == "ready":
                self.tell({"state": "stopped"})
            await self.keeper.stop()
            for client in list(self.clients):
                client.close()

    def stop(self) -> None:
        self.told_to_stop = True
        self.changed.set()

    # --- clients ------------------------------------------------------------------------------
    async def serve_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.clients.add(writer)
        self.changed.set()
        writer.write(json.dumps(self.state).encode() + b"\n")
        self.note_if_told()
        with contextlib.suppress(OSError):
            await reader.read()  # returns when the client is gone, however it went
        self.clients.discard(writer)
        self.changed.set()
        writer.close()

    def tell(self, state: dict[str, Any]) -> None:
        self.state = state
        for client in self.clients:
            client.write(json.dumps(state).encode() + b"\n")
        self.note_if_told()

    def say(self, step: str) -> None:
        """시작하는 동안 지금 하는 일을 알립니다."""
        self.tell({"state": "starting", "step": step})

    def note_if_told(self) -> None:
        if self.clients and self.state["state"] == "failed":
            self.heard.set()

    # --- the engine ---------------------------------------------------------------------------
    async def started(self) -> bool:
        """엔진을 시작합니다. 기다리던 이가 모두 떠나면 그만둡니다."""
        starting = asyncio.create_task(self.keeper.start())
        await self.unless_unused(starting, max(self.plan.idle, LEAST_IDLE))
        if not starting.done():
            starting.cancel()
            await asyncio.wait({starting})
            return False
        try:
            told = starting.result()
        except (rungs.StartFailed, OSError) as error:
            self.tell({"state": "failed", "log": str(error)})
            return False
        self.tell({"state": "ready", "rung": self.plan.rung, "url": self.plan.url, **told})
        return True

    async def wait_until_unused(self) -> None:
        ended = asyncio.create_task(self.keeper.wait())
        await self.unless_unused(ended, self.plan.idle)
        ended.cancel()

    async def unless_unused(self, task: asyncio.Task[Any], idle: float) -> None:
        """일이 끝나거나, 쓰는 이가 없어지거나, 멈추라는 말을 들을 때까지 기다립니다."""
        while not task.done() and not self.told_to_stop:
            self.changed.clear()
            changed = asyncio.create_task(self.changed.wait())
            limit = None if self.clients else idle
            done, _ = await asyncio.wait({task, changed}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()
            if not done and not self.clients:
                self.told_to_stop = True


def main() -> None:
    plan = Plan(**json.loads(sys.argv[1]))
    listening, says_listening = os.pipe()
    # Not a child of the kernel: Jupyter ends a kernel's children with it.
    if os.fork():
        os.close(says_listening)
        os._exit(0 if os.read(listening, 1) else 1)  # nothing to read: it died before it listened
    os.close(listening)
    os.setsid()
    with open(Path(plan.run, "lock"), "w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if answering(Path(plan.run, "control.sock")):
                    os.write(says_listening, b"1")
                    return  # another newcomer was faster
                time.sleep(0.02)  # the former engine is still stopping
        Path(plan.run, "control.sock").unlink(missing_ok=True)
        asyncio.run(Supervisor(plan, lambda: os.write(says_listening, b"1")).supervise())


def answering(path: Path) -> bool:
    """그 소켓에서 누군가 듣고 있는지 봅니다."""
    with socket.socket(socket.AF_UNIX) as tried:
        try:
            tried.connect(str(path))
        except OSError:
            return False
    return True


def command(plan: Plan) -> list[str]:
    """이 파일을 프로세스로 부르는 명령입니다."""
    return [sys.executable, "-m", "dockerlab.engine.supervisor", json.dumps(asdict(plan))]


if __name__ == "__main__":
    main()
