"""root의 엔진입니다: mount, network, PID 네임스페이스를 따로 가진 진짜 dockerd.

Nothing of it outlives its namespaces, and no system engine notices it: a second dockerd in the host's
network namespace would delete the first one's bridge. root.sh runs inside.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from dockerlab import places
from dockerlab.engine import portbroker, processes
from dockerlab.engine.rungs import DIES_WITH_US, Say, StartFailed, wait_until_answering
from dockerlab.errors import ToolMissing
from dockerlab.progress import Report

TITLE = "네임스페이스 안의 Docker"
PROGRAMS = ("dockerd", "containerd", "containerd-shim-runc-v2", "runc", "iptables")
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NAMESPACES = ("--mount", "--net", "--pid", "--fork")
STOP_WITHIN = 5.0
FIRST = "first-process"  # the file with its pid and start
TRACED = "dockerlab-traced"  # the runtime that tells its calls, beside the default one


def impossible() -> str:
    """이 컴퓨터에서 쓸 수 없는 까닭입니다. 쓸 수 있으면 빈 글입니다."""
    if platform.system() != "Linux":
        return f"Linux에서만 동작합니다(이 컴퓨터: {platform.system()})."
    if os.geteuid() != 0:
        return "root 권한이 필요합니다."
    if not own_binaries() and platform.machine() not in ("x86_64", "aarch64"):
        return f"이 CPU({platform.machine()})에 맞는 엔진 묶음이 없습니다."
    if unshare := shutil.which("unshare", path=SYSTEM_PATH):
        # root in a container often may not: no capability, or a filter of system calls.
        tried = subprocess.run([unshare, *NAMESPACES, "true"], capture_output=True, text=True, check=False)
        if tried.returncode:
            return f"이 root에게는 네임스페이스를 만들 권한이 없습니다({tried.stderr.strip()})."
    return ""


def own_binaries() -> bool:
    """이 컴퓨터에 엔진의 프로그램이 모두 깔려 있는지 봅니다. 그러면 엔진 묶음이 필요 없습니다."""
    return all(shutil.which(name, path=SYSTEM_PATH) for name in PROGRAMS)


def prepared() -> bool:
    """내려받을 것이 없는지 봅니다."""
    from dockerlab.engine import bundle

    return own_binaries() or bundle.installed() is not None


def settings(run: Path, report: Report) -> dict[str, Any]:
    """묶음을 갖추고 그 자리를 돌려줍니다. 도구가 없으면 ``ToolMissing``입니다."""
    cgroup = f"/dockerlab-{hashlib.sha256(os.fsencode(run)).hexdigest()[:12]}"
    options = ["--cgroup-parent", cgroup]
    return places_of(report) | {"namespaces": NAMESPACES, "options": options, "cgroup": cgroup}


def places_of(report: Report) -> dict[str, Any]:
    """묶음과 네트워크 프로그램의 자리입니다."""
    for tool in ("unshare", "setpriv", "mount", "pivot_root"):
        if shutil.which(tool, path=SYSTEM_PATH) is None:
            raise ToolMissing(
                f"내장 엔진에 필요한 {tool} 명령이 없습니다.",
                seen="util-linux 패키지의 프로그램을 찾지 못했습니다.",
                todo="apt-get install -y util-linux mount",
            )
    bundle, network = "", ["slirp4netns"]
    if not own_binaries():
        from dockerlab.engine import bundle as bundles

        made = bundles.ensure(report)
        bundle, network = str(made.root), made.command("slirp4netns")
    return {
        "bundle": bundle,  # "" for the machine's own dockerd
        "network": network,  # how slirp4netns is called
        "root": str(places.data_dir("engine", "mount")),  # an empty folder to build its root file system on
    }


class Keeper:
    """네임스페이스 안의 엔진 하나입니다."""

    def __init__(self, run: Path, data: Path, settings: dict[str, Any], say: Say) -> None:
        self.run = run
        self.data = data
        self.settings = settings
        self.engine: asyncio.subprocess.Process | None = None
        self.network: asyncio.subprocess.Process | None = None
        self.broker: asyncio.Server | None = None

    async def start(self) -> dict[str, Any]:
        """엔진과 그 네트워크를 시작합니다."""
        await self.until_gone()  # a supervisor that was killed has not waited for it
        clear_cgroups(self.settings["cgroup"])
        shutil.rmtree(self.run / "exec", ignore_errors=True)
        for stale in ("docker.sock", "ports.sock"):
            (self.run / stale).unlink(missing_ok=True)
        shutil.rmtree(self.run / "traces", ignore_errors=True)
        (self.run / "traces").mkdir()
        traced = shutil.copy(Path(__file__).with_name("traced-runc.sh"), self.run / TRACED)
        traced.chmod(0o755)
        settings = {"runtimes": {TRACED: {"path": str(traced)}}}
        (self.run / "daemon.json").write_text(json.dumps(settings))
        for folder in (self.data, Path(self.settings["root"])):
            folder.mkdir(parents=True, exist_ok=True)
        self.broker = await asyncio.start_unix_server(portbroker.hand_over, self.run / "ports.sock")
        rooms = Path(__file__).parent.parent
        proxy = [sys.executable, "-I", "-S", str(rooms / "portproxy.py"), str(self.run / "ports.sock")]
        environment = os.environ | {
            "DL_BUNDLE": self.settings["bundle"],
            "DL_ROOT": self.settings["root"],
            "DL_RUN": str(self.run),
            "DL_DATA": str(self.data),
            "DL_OPTIONS": shlex.join(self.settings["options"]),
            "DL_PROXY": shlex.join(proxy),
        }
        log = self.run / "dockerd.log"
        with log.open("wb") as output:
            self.engine = await asyncio.create_subprocess_exec(
                *(*DIES_WITH_US, "unshare", *self.settings["namespaces"], "--kill-child"),
                *("--propagation", "slave", "sh", str(Path(__file__).with_name("root.sh"))),
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        engine = self.engine
        lacks = await self.start_network(engine.pid)
        if not await wait_until_answering(self.run / "docker.sock", lambda: engine.returncode is not None):
            raise StartFailed(log.read_text(errors="replace")[-2000:])
        first = psutil.Process(engine.pid).children()[0]
        (self.run / FIRST).write_text(f"{first.pid}:{processes.started(first.pid)}")
        return {"pid": engine.pid, "lacks": lacks}

    async def start_network(self, pid: int) -> str:
        """엔진을 사용자 공간 네트워크로 바깥과 잇습니다. 잇지 못하면 없는 것의 이름을 돌려줍니다."""
        # setpriv would be found where slirp4netns is not, and fail unheard.
        if shutil.which(self.settings["network"][0]) is None:
            return "slirp4netns"
        if not os.path.exists("/dev/net/tun"):
            return "/dev/net/tun"
        namespace = f"/proc/{pid}/ns/net"
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
                *self.settings["network"],
                # Containers must not reach what listens on the host's loopback.
                *("--configure", "--mtu=65520", "--disable-host-loopback", str(pid), "tap0"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=log,
            )
        return ""

    async def wait(self) -> None:
        """엔진이 스스로 끝날 때까지 기다립니다."""
        assert self.engine is not None
        await self.engine.wait()

    async def stop(self) -> None:
        """엔진을 멈추고, 남은 소켓과 cgroup을 치웁니다."""
        if self.broker is not None:
            self.broker.close()
        (self.run / "ports.sock").unlink(missing_ok=True)
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
        await self.until_gone()
        clear_cgroups(self.settings["cgroup"])
        shutil.rmtree(self.run / "exec", ignore_errors=True)
        (self.run / "docker.sock").unlink(missing_ok=True)

    async def until_gone(self) -> None:
        """앞선 엔진의 네임스페이스가 빌 때까지 기다립니다. 그 첫 프로세스가 맨 나중에 사라집니다.

        Its parent may be gone long before, and a dockerd that is still dying holds its files locked.
        """
        try:
            pid, _, since = (self.run / FIRST).read_text().partition(":")
        except FileNotFoundError:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_WITHIN):
                while processes.alive(int(pid), since):
                    await asyncio.sleep(0.01)
        (self.run / FIRST).unlink(missing_ok=True)


def clear_cgroups(name: str) -> None:
    """엔진이 남긴 빈 cgroup 폴더를 깊은 것부터 지웁니다."""
    if not name:
        return
    for top in [*Path("/sys/fs/cgroup").glob(f"*{name}"), Path(f"/sys/fs/cgroup{name}")]:
        for folder, _, _ in os.walk(top, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(folder)
