"""자기 커널을 가진 엔진의 네트워크입니다: 게스트와 바깥을 사용자 공간에서 잇는 gvproxy 하나.

It needs no privilege: to the outside, the guest's connections are those of an ordinary program. Its own
HTTP API opens sockets on the host; the engine's API and the published ports are such sockets.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from pathlib import Path

from dockerlab.engine.rungs import DIES_WITH_US, StartFailed
from dockerlab.engine.rungs.frontdoor import FrontDoor

# What gvproxy gives its network; it knows no other. The guest's scripts name them too.
GUEST = "192.168.127.2"
GUEST_MAC = "5a:94:ef:e4:0c:ee"
API_PORT = 2375
STOP_WITHIN = 2.0


class Gateway:
    """게스트 하나의 네트워크입니다. ``wire``는 게스트가 붙는 소켓입니다."""

    def __init__(self, run: Path, command: list[str]) -> None:
        self.command = command
        self.api = run / "gateway.sock"
        self.wire = run / "wire.sock"
        self.docker = run / "docker.sock"
        self.inner = run / "inner.sock"
        self.door: FrontDoor | None = None
        self.log = run / "network.log"
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, kind: str) -> None:
        """네트워크를 시작합니다. ``kind``는 소켓의 종류입니다(gvproxy의 ``-listen-…``)."""
        self.clear()
        with self.log.open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(*DIES_WITH_US, *self.command, "-listen", f"unix://{self.api}"),
                # It would open a port of the host for the guest's SSH otherwise.
                *("-ssh-port", "-1", f"-listen-{kind}", f"{_scheme(kind)}://{self.wire}"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                umask=0o077,
            )
        while not (self.api.exists() and self.wire.exists()):
            if self.process.returncode is not None:
                raise StartFailed(self.log.read_text(errors="replace")[-2000:])
            await asyncio.sleep(0.01)

    async def connected(self) -> socket.socket:
        """``wire``에 이은 소켓입니다. QEMU는 스스로 잇지 않고 이것을 물려받습니다."""
        while self.process is not None and self.process.returncode is None:
            wire = socket.socket(socket.AF_UNIX)
            try:
                wire.connect(str(self.wire))
            except ConnectionRefusedError:  # its file is there a moment before it listens
                wire.close()
                await asyncio.sleep(0.01)
            except BaseException:
                wire.close()
                raise
            else:
                return wire
        raise StartFailed(self.log.read_text(errors="replace")[-2000:])

    async def open_docker(self) -> None:
        """게스트의 엔진을 ``docker.sock``에서 닿게 합니다. 다른 사용자는 열지 못합니다(0600)."""
        await self.ask("expose", local=str(self.inner), remote=f"tcp://{GUEST}:{API_PORT}", protocol="unix")
        self.inner.chmod(0o600)
        self.door = FrontDoor(self.docker, self.inner)
        await self.door.open()

    async def ask(self, what: str, **wanted: str) -> None:
        """gvproxy에 소켓을 열거나(``expose``) 닫으라고(``unexpose``) 합니다."""
        body = json.dumps(wanted).encode()
        try:
            reader, writer = await asyncio.open_unix_connection(self.api)
            try:
                head = f"POST /services/forwarder/{what} HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                answer = await reader.read()
            finally:
                writer.close()
        except OSError as error:
            raise StartFailed(f"gvproxy: {error}") from error
        if b" 200 " not in answer.partition(b"\r\n")[0]:
            raise StartFailed(f"gvproxy: {answer.decode(errors='replace')}")

    async def wait(self) -> None:
        """네트워크가 스스로 끝날 때까지 기다립니다."""
        assert self.process is not None
        await self.process.wait()

    async def stop(self) -> None:
        """네트워크를 멈추고 소켓을 치웁니다."""
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), STOP_WITHIN)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    self.process.kill()
                await self.process.wait()
        self.clear()

    def clear(self) -> None:
        if self.door is not None:
            self.door.close()
            self.door = None
        for path in (self.api, self.wire, self.docker, self.inner):
            path.unlink(missing_ok=True)


def _scheme(kind: str) -> str:
    return {"bess": "unixpacket", "qemu": "unix"}[kind]
