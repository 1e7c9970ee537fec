"""내장 엔진(embedded engine)을 빌려 쓰는 쪽입니다: 시작하거나, 이미 있으면 함께 씁니다.

The engine is a real dockerd in mount, network and PID namespaces of its own, so that nothing of it
outlives it and no system engine notices it (a second dockerd in the host's network namespace deletes
the first one's bridge). See supervisor.py for who keeps it and embedded.sh for how it starts.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import socket
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

from dockerlab import places
from dockerlab.engine import supervisor
from dockerlab.errors import DiskFull, DockerlabError, EngineStartFailed, ToolMissing
from dockerlab.progress import Report, silent

SOCKET_PATH_LIMIT = 107  # bytes, sun_path of Linux
LEAST_ROOM = 2**20  # bytes; with less an engine cannot even write its own settings
OWN_PROGRAMS = ("dockerd", "containerd", "containerd-shim-runc-v2", "runc", "iptables")
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Lease:
    """빌린 엔진 하나입니다: 빌린 프로세스, 감독자와의 연결, 감독자가 한 말."""

    owner: int
    connection: socket.socket
    said: dict


_lock = threading.Lock()
_leases: dict[Path, Lease] = {}  # by the folder of the engine's sockets


def impossible() -> str:
    """이 컴퓨터에서 내장 엔진을 쓸 수 없는 까닭입니다. 쓸 수 있으면 빈 문자열입니다."""
    if platform.system() != "Linux":
        return f"내장 엔진은 Linux에서만 동작합니다(이 컴퓨터: {platform.system()})."
    if os.geteuid() != 0:
        return "내장 엔진을 시작하려면 root 권한이 필요합니다."
    if not own_binaries() and platform.machine() not in ("x86_64", "aarch64"):
        return f"이 CPU({platform.machine()})에 맞는 엔진 묶음이 없습니다."
    return ""


def ensure(report: Report = silent) -> str:
    """내장 엔진을 시작하거나 이미 있는 것에 합류하고, 주소(``unix://…``)를 돌려줍니다.

    이 프로세스가 살아 있는 동안 엔진을 빌립니다. 어떻게 끝나든 빌린 것은 돌아갑니다.

    Raises:
        EngineStartFailed: 시작하지 못했을 때. 엔진이 남긴 마지막 말을 함께 보여 줍니다.
    """
    with _lock:
        said = _held()
        if said is None:
            said = _borrow(_plan(report))
        return str(said["url"])


def running() -> bool:
    """내장 엔진이 지금 돌고 있는지 봅니다. 시작하지는 않습니다."""
    return supervisor.answering(_run_dir() / "control.sock")


def pid() -> int | None:
    """이 프로세스가 빌린 내장 엔진의 네임스페이스를 연 프로세스의 번호이고, 없으면 ``None``입니다."""
    with _lock:
        said = _held()
    return said["pid"] if said else None


def lacks_for_network() -> str:
    """빌린 내장 엔진의 컨테이너가 바깥 네트워크에 닿는 데 없는 것의 이름입니다. 닿으면 빈 글입니다."""
    with _lock:
        said = _held()
    return said["lacks"] if said else ""


def _held() -> dict | None:
    """이 프로세스가 아직 쥐고 있는 대여입니다. 엔진이 사라졌으면 ``None``입니다."""
    lease = _leases.get(_run_dir())
    if lease is None:
        return None
    if lease.owner == os.getpid():
        try:
            # It speaks again only to say that it stops; an empty answer says it has gone.
            lease.connection.recv(4096, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return lease.said
        except OSError:
            pass
    lease.connection.close()
    del _leases[_run_dir()]
    return None


def _borrow(plan: supervisor.Plan) -> dict:
    control = Path(plan.run, "control.sock")
    for _ in range(3):  # it may be stopping at this very moment: then start anew
        connection = _connect(control) or _start(plan, control)
        if connection is None:
            continue
        said = _told(connection)
        if said is None:
            connection.close()
            continue
        if said["state"] == "ready":
            _leases[Path(plan.run)] = Lease(os.getpid(), connection, said)
            return said
        connection.close()
        raise _failed(plan, "내장 Docker 엔진을 시작하지 못했습니다.", str(said.get("log", "")))
    log = _read(Path(plan.run, "dockerd.log")) or _read(Path(plan.run, "supervisor.log"))
    raise _failed(plan, "내장 Docker 엔진이 시작하자마자 멈췄습니다.", log)


def _start(plan: supervisor.Plan, control: Path) -> socket.socket | None:
    for tool in ("unshare", "setpriv", "mount", "pivot_root"):
        if shutil.which(tool, path=SYSTEM_PATH) is None:
            raise ToolMissing(
                f"내장 엔진에 필요한 {tool} 명령이 없습니다.",
                seen="util-linux 패키지의 프로그램을 찾지 못했습니다.",
                todo="apt-get install -y util-linux mount",
            )
    with places.disk_errors(Path(plan.run, "supervisor.log")):
        log = Path(plan.run, "supervisor.log").open("wb")  # noqa: SIM115  (closed below)
    with log:
        starter = subprocess.Popen(
            supervisor.command(plan), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/"
        )
    # It forks at once and tells when it listens; the supervisor itself is nobody's child.
    if starter.wait() == 0:
        return _connect(control)
    log = _read(Path(plan.run, "supervisor.log"))
    raise _failed(plan, "내장 엔진을 지키는 프로세스가 시작하지 못했습니다.", log)


def _failed(plan: supervisor.Plan, what: str, log: str) -> DockerlabError:
    """시작하지 못한 까닭입니다. 디스크가 가득 차면 기록도 남지 않으므로 남은 자리를 봅니다."""
    free = min(shutil.disk_usage(folder).free for folder in (plan.run, plan.data))
    if free < LEAST_ROOM:
        return DiskFull(
            "디스크에 공간이 없어 내장 Docker 엔진을 시작하지 못했습니다.",
            seen=f"{plan.data}: {free / 2**20:.1f} MiB 남음",
            todo="공간을 비우고 다시 실행하십시오. DOCKERLAB_HOME으로 다른 디스크를 쓸 수도 있습니다.",
        )
    return EngineStartFailed(
        what,
        seen=_last_words(log),
        todo=f"dockerlab doctor로 점검하십시오. 엔진의 기록: {Path(plan.run, 'dockerd.log')}",
    )


def _connect(control: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(control))
    except OSError:
        connection.close()
        return None
    return connection


def _told(connection: socket.socket) -> dict | None:
    """준비되었거나 실패했다는 말을 들을 때까지 기다립니다. 말없이 끊기면 ``None``입니다."""
    connection.settimeout(supervisor.READY_WITHIN + 10)
    heard = b""
    try:
        while True:
            while b"\n" in heard:
                line, heard = heard.split(b"\n", 1)
                said = json.loads(line)
                if said["state"] in ("ready", "failed"):
                    connection.settimeout(None)
                    return said
                if said["state"] == "stopped":
                    return None
            chunk = connection.recv(65536)
            if not chunk:
                return None
            heard += chunk
    except OSError:
        return None


def _plan(report: Report) -> supervisor.Plan:
    run = _run_dir()
    longest = run / "exec/containerd/containerd.sock.ttrpc"
    if len(os.fsencode(longest)) > SOCKET_PATH_LIMIT:
        raise EngineStartFailed(
            "엔진의 소켓을 둘 폴더의 경로가 너무 깁니다.",
            seen=f"{longest} ({len(os.fsencode(longest))}바이트, 한도 {SOCKET_PATH_LIMIT}바이트)",
            todo="DOCKERLAB_HOME을 더 짧은 경로로 정하십시오.",
        )
    bundle, network = "", ["slirp4netns"]
    if not own_binaries():
        from dockerlab.engine import bundle as bundles

        made = bundles.ensure(report)
        bundle, network = str(made.root), made.command("slirp4netns")
    name = hashlib.sha256(os.fsencode(run)).hexdigest()[:12]
    return supervisor.Plan(
        run=str(run),
        data=str(places.data_dir("engine", "data")),
        root=str(places.data_dir("engine", "root")),
        bundle=bundle,
        network=network,
        idle=float(os.environ.get("DOCKERLAB_ENGINE_IDLE", "10")),
        cgroup=f"/dockerlab-{name}",
    )


def _run_dir() -> Path:
    return places.runtime_dir("engine").resolve()


def own_binaries() -> bool:
    """이 컴퓨터에 엔진의 프로그램이 모두 깔려 있는지 봅니다. 그러면 엔진 묶음이 필요 없습니다."""
    return all(shutil.which(name, path=SYSTEM_PATH) for name in OWN_PROGRAMS)


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _last_words(log: str) -> str:
    lines = [line for line in log.splitlines() if line.strip()]
    return " / ".join(lines[-2:])[-600:] or "남긴 말이 없습니다."
