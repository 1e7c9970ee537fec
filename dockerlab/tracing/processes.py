"""엔진의 프로세스를 ``/proc``에서 읽습니다: dockerd, containerd, shim, 그리고 컨테이너의 프로세스."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dockerlab.engine import Endpoint

PROC = Path("/proc")
TICKS = 100  # a second, in what every Linux kernel tells of the start of a process
ERRANDS = ("start", "delete")  # with these words the shim's program starts it, or clears up after it
NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")


@dataclass(frozen=True)
class Process:
    """프로세스 하나입니다.

    ``role``은 dockerd, containerd, shim, container 가운데 하나입니다. ``inside``는 같은 프로세스가 안쪽의 PID
    네임스페이스들에서 갖는 번호(맨 뒤가 가장 안쪽), ``started``는 시간축의 초(10 ms까지만 정확함)입니다.
    ``becomes``는 runc가 만들어 두었을 뿐인 프로세스가 곧 실행할 명령입니다.
    """

    role: str
    pid: int
    parent: int
    inside: tuple[int, ...]
    command: tuple[str, ...]
    namespaces: Mapping[str, int]
    cgroup: str
    started: float
    container: str = ""
    becomes: tuple[str, ...] = ()

    def playing(self, role: str, container: str) -> Process:
        """그 컨테이너를 위해 그 역할을 하는 것으로 적습니다."""
        return replace(self, role=role, container=container)

    @property
    def program(self) -> str:
        """사람이 알아볼 프로그램의 이름입니다."""
        if self.becomes:
            return " ".join(self.becomes)
        return os.path.basename(self.command[0]) if self.command else self.role


def daemon(endpoint: Endpoint) -> int | None:
    """이 커널에서 도는 dockerd의 PID입니다. 다른 커널(VM)에 있거나 찾지 못하면 ``None``입니다."""
    if endpoint.path is None or not hasattr(socket, "SO_PEERCRED"):
        return None
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as asked:
        asked.connect(str(endpoint.path))
        size = struct.calcsize("3i")
        pid, _, _ = struct.unpack("3i", asked.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
        if _name(pid) == "dockerd":
            return pid
        if pid == 1 and endpoint.kind == "system":  # systemd made the socket and handed it over
            return next((each for each in _pids() if _name(each) == "dockerd" and _same_pids(each)), None)
    return None


def snapshot(dockerd: int, container: str) -> tuple[Process, ...]:
    """지금 그 컨테이너를 돌리는 프로세스들을 위에서부터 돌려줍니다. 이미 끝난 것은 없습니다."""
    found = []
    shim = _shim(container)
    if shim is not None:  # first what may end at any moment
        inside = (pid for pid in _children(shim) if _belongs(pid, shim, container))
        found += [_read(pid, "container", container) for pid in inside]
        found.append(_read(shim, "shim", container))
    found += [_read(pid, "containerd", container) for pid in _children(dockerd) if _name(pid) == "containerd"]
    found.append(_read(dockerd, "dockerd", container))
    return tuple(process for process in reversed(found) if process is not None)


def _shim(container: str) -> int | None:
    for pid in sorted(_pids(), reverse=True):  # it is among the newest
        command = _command(pid)
        found = command and "containerd-shim" in command[0] and container in command
        if found and command[-1] not in ERRANDS:
            return pid
    return None


def _belongs(pid: int, shim: int, container: str) -> bool:
    """A shim also has runc as a child, for a while: what is in the container's cgroup is the container's."""
    return container in _cgroup(pid) or _namespace(pid, "pid") != _namespace(shim, "pid")


def described(
    stat: str, status: str, command: str, cgroup: str, namespaces: Mapping[str, int], booted: float
) -> Process:
    """``/proc``의 파일들이 말하는 프로세스입니다. ``booted``는 그 커널이 켜진 때(시간축의 초)입니다.

    역할은 아직 프로그램의 이름일 뿐입니다.
    """
    head, _, rest = stat.rpartition(")")
    pid, _, name = head.partition(" (")
    fields = rest.split()
    numbers = next((line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")), [])
    return Process(
        role=name,
        pid=int(pid),
        parent=int(fields[1]),
        inside=tuple(map(int, numbers[1:])),
        command=tuple(command.rstrip("\0").split("\0")),
        namespaces=namespaces,
        cgroup=_path_of(cgroup),
        started=booted + int(fields[19]) / TICKS,
    )


def _read(pid: int, role: str, container: str = "") -> Process | None:
    try:
        stat = (PROC / str(pid) / "stat").read_text()
        status = (PROC / str(pid) / "status").read_text()
        cgroup = (PROC / str(pid) / "cgroup").read_text()
        command = (PROC / str(pid) / "cmdline").read_text(errors="replace")
    except OSError:
        return None
    namespaces = {kind: inode for kind in NAMESPACES if (inode := _namespace(pid, kind))}
    booted = time.perf_counter() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return described(stat, status, command, cgroup, namespaces, booted).playing(role, container)


def _pids() -> Iterator[int]:
    return (int(entry) for entry in os.listdir(PROC) if entry.isdecimal())


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(PROC / str(pid) / "task"):
            with contextlib.suppress(OSError):
                found += map(int, (PROC / str(pid) / "task" / task / "children").read_text().split())
    return found


def _name(pid: int) -> str:
    try:
        return (PROC / str(pid) / "comm").read_text().strip()
    except OSError:
        return ""


def _command(pid: int) -> tuple[str, ...]:
    try:
        return tuple((PROC / str(pid) / "cmdline").read_text(errors="replace").rstrip("\0").split("\0"))
    except OSError:
        return ()


def _cgroup(pid: int) -> str:
    try:
        return _path_of((PROC / str(pid) / "cgroup").read_text())
    except OSError:
        return ""


def _path_of(cgroup: str) -> str:
    """The path in the hierarchy of processes (v2), or in the one that counts memory (v1)."""
    paths = {kinds: path for _, kinds, path in (line.split(":", 2) for line in cgroup.splitlines())}
    return paths.get("memory") or paths.get("") or ""


def _namespace(pid: int, kind: str) -> int:
    try:
        return os.stat(PROC / str(pid) / "ns" / kind).st_ino
    except OSError:
        return 0


def _same_pids(pid: int) -> bool:
    return _namespace(pid, "pid") == _namespace(os.getpid(), "pid")
