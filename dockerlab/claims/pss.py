"""호스트에서 본 프로세스의 메모리입니다. Linux의 /proc이 보일 때만 압니다.

PSS(proportional set size)는 혼자 쓰는 메모리에, 여럿이 나눠 쓰는 메모리의 제 몫을 더한 것입니다. 여러
프로세스의 PSS는 더해도 겹치지 않습니다. 출처: Linux 커널 문서 ``Documentation/filesystems/proc.rst``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from dockerlab.containers import Container

_PROC = Path("/proc")
_SHIM = "containerd-shim"
_ENGINE = ("dockerd", "containerd")


def of(pids: Iterable[int]) -> int | None:
    """프로세스들의 PSS를 더한 바이트입니다. 하나라도 볼 수 없으면 ``None``입니다."""
    total = 0
    for pid in pids:
        try:
            rollup = (_PROC / str(pid) / "smaps_rollup").read_text()
        except OSError:
            return None
        total += next(_kilobytes(line) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total


def of_container(container: Container) -> int | None:
    """컨테이너의 프로세스와 그 shim의 PSS(바이트)입니다. 호스트에서 볼 수 없으면 ``None``입니다."""
    inside, shims = container.host_pids(), _shims(container.id)
    return of((*inside, *shims)) if inside and shims else None


def of_engine(container: str) -> int:
    """그 컨테이너를 돌보는 엔진(dockerd와 containerd)의 PSS(바이트)입니다. 볼 수 없으면 0입니다."""
    shims = _shims(container)
    if not shims:
        return 0
    # The engine's daemons share the shim's PID namespace; other engines on this machine may not count.
    try:
        place = os.stat(_PROC / str(shims[0]) / "ns/pid").st_ino
        daemons = [pid for pid, words in _commands() if Path(words[0]).name in _ENGINE]
        ours = [pid for pid in daemons if os.stat(_PROC / str(pid) / "ns/pid").st_ino == place]
    except OSError:
        return 0
    return of(ours) or 0


def available() -> int | None:
    """지금 쓸 수 있는 메모리(바이트)입니다. Linux가 아니면 ``None``입니다."""
    try:
        lines = (_PROC / "meminfo").read_text().splitlines()
    except OSError:
        return None
    return next((_kilobytes(line) for line in lines if line.startswith("MemAvailable:")), None)


def _shims(container: str) -> list[int]:
    return [
        pid for pid, words in _commands() if container in words and any(_SHIM in word for word in words[:4])
    ]


def _commands() -> Iterator[tuple[int, list[str]]]:
    """Every process with the words of its command; a loader may come before the program's name."""
    for entry in _PROC.glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:
            continue  # it ended while we looked
        yield int(entry.name), words


def _kilobytes(line: str) -> int:
    return int(line.split()[1]) * 1024
