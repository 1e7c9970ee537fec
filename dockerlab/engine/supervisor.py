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
import shlex
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from dockerlab.engine import portbroker

READY_WITHIN = 60.0  # a cold disk and a first start of the data root; usually below one second
STOP_WITHIN = 5.0
# Should this supervisor be killed, unshare is killed with it, and the whole namespace with unshare.
DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL")


@dataclass(frozen=True)
class Plan:
    """엔진 하나가 쓰는 자리들입니다."""

    run: str  # sockets, owned by this supervisor
    data: str  # data root
    root: str  # an empty folder to build the engine's root file system on
    bundle: str  # "" for the machine's own dockerd
    network: list[str]  # how slirp4netns is called
    idle: float  # seconds without a client before it stops
    cgroup: str

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
        self.state: dict[str, object] = {"state": "starting"}
        self.changed = asyncio.Event()
        self.told_to_stop = False
        self.heard = asyncio.Event()
        self.engine: asyncio.subprocess.Process | None = None
        self.network: asyncio.subprocess.Process | None = None

    async def supervise(self) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.stop)
        control = await asyncio.start_unix_server(self.serve_client, self.run / "control.sock")
        broker = await asyncio.start_unix_server(portbroker.hand_over, self.run / "ports.sock")
        try:
            self.listening()
            await self.start_engine()
            if self.state["state"] == "ready":
                await self.wait_until_unused()
            else:
                with contextlib.suppress(TimeoutError):  # who started us has yet to hear why
                    await asyncio.wait_for(self.heard.wait(), READY_WITHIN)
        finally:
            # From here on a newcomer finds no socket, starts its own supervisor and waits for the lock.
            for server, name in ((control, "control.sock"), (broker, "ports.sock")):
                server.close()
                (self.run / name).unlink(missing_ok=True)
            if self.state["state"] == "ready":
                self.tell({"state": "stopped"})
            await self.stop_engine()
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

    def tell(self, state: dict[str, object]) -> None:
        self.state = state
        for client in self.clients:
            client.write(json.dumps(state).encode() + b"\n")
        self.note_if_told()

    def note_if_told(self) -> None:
        if self.clients and self.state["state"] == "failed":
            self.heard.set()

    async def wait_until_unused(self) -> None:
        assert self.engine is not None
        ended = asyncio.create_task(self.engine.wait())
        while not ended.done() and not self.told_to_stop:
            self.changed.clear()
            changed = asyncio.create_task(self.changed.wait())
            limit = None if self.clients else self.plan.idle
            done, _ = await asyncio.wait({ended, changed}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()
            if not done and not self.clients:
                break
        ended.cancel()

    # --- the engine ---------------------------------------------------------------------------
    async def start_engine(self) -> None:
        plan = self.plan
        clear_cgroups(plan.cgroup)
        shutil.rmtree(self.run / "exec", ignore_errors=True)
        (self.run / "docker.sock").unlink(missing_ok=True)
        (self.run / "daemon.json").write_text("{}")
        for folder in (plan.data, plan.root):
            Path(folder).mkdir(parents=True, exist_ok=True)
        here = Path(__file__).parent
        proxy = [sys.executable, "-I", "-S", str(here / "portproxy.py"), str(self.run / "ports.sock")]
        environment = os.environ | {
            "DL_BUNDLE": plan.bundle,
            "DL_ROOT": plan.root,
            "DL_RUN": plan.run,
            "DL_DATA": plan.data,
            "DL_CGROUP": plan.cgroup,
            "DL_PROXY": shlex.join(proxy),
        }
        log = self.run / "dockerd.log"
        with log.open("wb") as output:
            self.engine = await asyncio.create_subprocess_exec(
                *DIES_WITH_US,
                *("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"),
                *("--propagation", "slave", "sh", str(here / "embedded.sh")),
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        lacks = await self.start_network()
        answered = await self.wait_until_answering()
        if answered:
            self.tell({"state": "ready", "url": plan.url, "pid": self.engine.pid, "lacks": lacks})
        else:
            self.tell({"state": "failed", "log": log.read_text(errors="replace")[-2000:]})

    async def start_network(self) -> str:
        """엔진을 사용자 공간 네트워크로 바깥과 잇습니다. 잇지 못하면 없는 것의 이름을 돌려줍니다."""
        # setpriv would be found where slirp4netns is not, and fail unheard.
        if shutil.which(self.plan.network[0]) is None:
            return "slirp4netns"
        assert self.engine is not None
        if not os.path.exists("/dev/net/tun"):
            return "/dev/net/tun"
        namespace = f"/proc/{self.engine.pid}/ns/net"
        ours = os.stat("/proc/self/ns/net").st_ino
        while True:
            try:
                if os.stat(namespace).st_ino != ours:
                    break
            except OSError:
                return "dockerd"
            await asyncio.sleep(0.005)
        with (self.run / "network.log").open("wb") as log:
            self.network = await asyncio.create_subprocess_exec(
                *DIES_WITH_US,
                *self.plan.network,
                # Containers must not reach what listens on the host's loopback.
                *("--configure", "--mtu=65520", "--disable-host-loopback"),
                str(self.engine.pid),
                "tap0",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=log,
            )
        return ""

    async def wait_until_answering(self) -> bool:
        assert self.engine is not None
        loop = asyncio.get_running_loop()
        give_up = loop.time() + READY_WITHIN
        while loop.time() < give_up and self.engine.returncode is None:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_unix_connection(self.run / "docker.sock")
                writer.write(b"GET /_ping HTTP/1.0\r\n\r\n")
                answer = await reader.read()
                writer.close()
                if b" 200 " in answer:
                    return True
            await asyncio.sleep(0.02)
        return False

    async def stop_engine(self) -> None:
        for process in (self.engine, self.network):
            if process is None or process.returncode is not None:
                continue
            if process is self.engine:
                # unshare passes no signal on: the namespace's first process is its only child.
                with contextlib.suppress(psutil.NoSuchProcess):
                    for child in psutil.Process(process.pid).children():
                        child.terminate()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), STOP_WITHIN)
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
            await process.wait()
        clear_cgroups(self.plan.cgroup)
        shutil.rmtree(self.run / "exec", ignore_errors=True)
        (self.run / "docker.sock").unlink(missing_ok=True)


def clear_cgroups(name: str) -> None:
    """엔진이 남긴 빈 cgroup 폴더를 깊은 것부터 지웁니다."""
    for top in [*Path("/sys/fs/cgroup").glob(f"*{name}"), Path(f"/sys/fs/cgroup{name}")]:
        for folder, _, _ in os.walk(top, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(folder)


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
        for stale in ("control.sock", "ports.sock"):
            Path(plan.run, stale).unlink(missing_ok=True)
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
