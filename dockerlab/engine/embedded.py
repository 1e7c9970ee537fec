"""내장 엔진(embedded engine)을 빌려 쓰는 쪽입니다: 시작하거나, 이미 있으면 함께 씁니다.

How it is started depends on what this machine allows: see the ladder in rungs/. Who keeps it is in
supervisor.py.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dockerlab import places
from dockerlab.engine import rungs, supervisor
from dockerlab.engine.probe import answers
from dockerlab.errors import DiskFull, DockerlabError, EngineNotFound, EngineStartFailed
from dockerlab.progress import Report, silent

SOCKET_PATH_LIMIT = 107  # bytes, sun_path of Linux
DEEPEST_SOCKET = "exec/containerd/containerd.sock.ttrpc"
ENDS_WITHIN = 10.0  # seconds for a supervisor to notice that its engine is dead
LEAST_ROOM = 2**20  # bytes; with less an engine cannot even write its own settings


@dataclass(frozen=True)
class Lease:
    """빌린 엔진 하나입니다: 빌린 프로세스, 감독자와의 연결, 감독자가 한 말."""

    owner: int
    connection: socket.socket
    said: dict


_lock = threading.Lock()
_leases: dict[Path, Lease] = {}  # by the folder of the engine's sockets
_lost: list[str] = []  # rungs whose engine ended while this process held it


def impossible(rung: str = "") -> str:
    """내장 엔진을(또는 그 방법 ``rung``을) 쓸 수 없는 까닭입니다. 쓸 수 있으면 빈 글입니다."""
    reasons = {}
    for name in _named(rung):
        reason = rungs.rung(name).impossible()
        if not reason:
            return ""
        reasons[rungs.rung(name).TITLE] = reason
    return reason if rung else " ".join(f"{title}: {reason}" for title, reason in reasons.items())


def prepared(rung: str = "") -> bool:
    """내장 엔진을 쓰려고 새로 내려받을 것이 없는지 봅니다."""
    return any(rungs.rung(name).prepared() for name in _named(rung) if not rungs.rung(name).impossible())


def ensure(report: Report = silent, rung: str = "") -> str:
    """내장 엔진을 시작하거나 이미 있는 것에 합류하고, 주소(``unix://…``)를 돌려줍니다.

    ``rung``을 정하지 않으면 이 컴퓨터에서 되는 가장 나은 방법을 씁니다(:mod:`dockerlab.engine.rungs`).
    이 프로세스가 살아 있는 동안 엔진을 빌립니다. 어떻게 끝나든 빌린 것은 돌아갑니다.

    Raises:
        EngineNotFound: 이 컴퓨터에서 쓸 수 있는 방법이 없을 때.
        EngineStartFailed: 시작하지 못했을 때. 엔진이 남긴 마지막 말을 함께 보여 줍니다.
    """
    with _lock:
        lost_before = len(_lost)
        for name in _named(rung):
            if said := _living(name):
                return str(said["url"])
        if len(_lost) > lost_before:
            report("내장 엔진이 도중에 멈췄습니다. 다시 시작합니다", 0, 0)
        failure: DockerlabError = EngineNotFound("내장 엔진을 쓸 수 없습니다.", seen=impossible(rung))
        for name in _named(rung):
            if rungs.rung(name).impossible():
                continue
            try:
                return str(_borrow(_plan(name, report), report)["url"])
            except EngineStartFailed as error:
                failure = error
        raise failure


def running(rung: str = "") -> bool:
    """내장 엔진이 지금 돌고 있는지 봅니다. 시작하지는 않습니다."""
    return any(supervisor.answering(_run_dir(name) / "control.sock") for name in _named(rung))


def said() -> dict:
    """이 프로세스가 빌린 내장 엔진이 자신에 대해 한 말입니다. 빌리지 않았으면 비어 있습니다.

    ``rung``(방법의 이름)과 ``url``은 언제나 있고, 나머지는 방법마다 다릅니다.
    """
    with _lock:
        return next(filter(None, map(_held, rungs.NAMES)), {})


def losses() -> int:
    """이 프로세스가 빌려 쓰는 동안 내장 엔진이 스스로 멈춘 횟수입니다."""
    return len(_lost)


def pid() -> int | None:
    """빌린 내장 엔진에서 호스트가 볼 수 있는 맨 위 프로세스의 번호이고, 없으면 ``None``입니다."""
    return said().get("pid")


def lacks_for_network() -> str:
    """빌린 내장 엔진의 컨테이너가 바깥 네트워크에 닿는 데 없는 것의 이름입니다. 닿으면 빈 글입니다."""
    return said().get("lacks", "")


def _named(rung: str) -> Iterator[str]:
    yield from (rung,) if rung else rungs.NAMES


def _held(rung: str) -> dict | None:
    """이 프로세스가 아직 쥐고 있는 대여입니다. 엔진이 사라졌으면 ``None``입니다."""
    lease = _leases.get(_run_dir(rung))
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
        _lost.append(rung)
    lease.connection.close()
    del _leases[_run_dir(rung)]
    return None


def _living(rung: str) -> dict | None:
    """쥐고 있고, 아직 답하는 엔진의 대여입니다. 죽어 가는 엔진이면 다 죽을 때까지 기다립니다."""
    said = _held(rung)
    if said is not None and not answers(_run_dir(rung) / "docker.sock"):
        _wait_for_end(_leases[_run_dir(rung)].connection)
        said = _held(rung)
    return said


def _wait_for_end(connection: socket.socket) -> None:
    """감독자가 엔진이 멈췄다고 말하거나 사라질 때까지 기다립니다. 바쁜 컴퓨터에서는 엔진보다 늦습니다."""
    ending = select.poll()
    ending.register(connection, select.POLLIN)
    ending.poll(ENDS_WITHIN * 1000)


def _borrow(plan: supervisor.Plan, report: Report) -> dict:
    control = Path(plan.run, "control.sock")
    for _ in range(3):  # it may be stopping at this very moment: then start anew
        connection = _connect(control) or _start(plan, control)
        if connection is None:
            continue
        told = _told(connection, report)
        if told is None:
            connection.close()
            continue
        if told["state"] == "ready" and not answers(Path(plan.run, "docker.sock")):
            _wait_for_end(connection)  # it died, and its supervisor has not seen that yet
            connection.close()
            continue
        if told["state"] == "ready":
            _leases[Path(plan.run)] = Lease(os.getpid(), connection, told)
            return told
        connection.close()
        raise _failed(plan, "내장 Docker 엔진을 시작하지 못했습니다.", str(told.get("log", "")))
    log = _read(Path(plan.run, "dockerd.log")) or _read(Path(plan.run, "supervisor.log"))
    raise _failed(plan, "내장 Docker 엔진이 시작하자마자 멈췄습니다.", log)


def _start(plan: supervisor.Plan, control: Path) -> socket.socket | None:
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
        seen=f"{rungs.rung(plan.rung).TITLE}: {_last_words(log)}",
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


def _told(connection: socket.socket, report: Report) -> dict | None:
    """준비되었거나 실패했다는 말을 들을 때까지 기다립니다. 말없이 끊기면 ``None``입니다."""
    connection.settimeout(rungs.READY_WITHIN + 10)
    heard = b""
    try:
        while True:
            while b"\n" in heard:
                line, heard = heard.split(b"\n", 1)
                told = json.loads(line)
                if told["state"] in ("ready", "failed"):
                    connection.settimeout(None)
                    return told
                if told["state"] == "stopped":
                    return None
                if "step" in told:
                    report(told["step"], 0, 0)
            chunk = connection.recv(65536)
            if not chunk:
                return None
            heard += chunk
    except OSError:
        return None


def _plan(rung: str, report: Report) -> supervisor.Plan:
    run = _run_dir(rung)
    longest = run / DEEPEST_SOCKET
    if len(os.fsencode(longest)) > SOCKET_PATH_LIMIT:
        raise EngineStartFailed(
            "엔진의 소켓을 둘 폴더의 경로가 너무 깁니다.",
            seen=f"{longest} ({len(os.fsencode(longest))}바이트, 한도 {SOCKET_PATH_LIMIT}바이트)",
            todo="DOCKERLAB_HOME을 더 짧은 경로로 정하십시오.",
        )
    return supervisor.Plan(
        rung=rung,
        run=str(run),
        data=str(places.data_dir("engine", rung)),
        idle=float(os.environ.get("DOCKERLAB_ENGINE_IDLE", "10")),
        settings=rungs.rung(rung).settings(run, report),
    )


def _run_dir(rung: str) -> Path:
    return places.runtime_dir("engine", rung).resolve()


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _last_words(log: str) -> str:
    lines = [line for line in log.splitlines() if line.strip()]
    return " / ".join(lines[-2:])[-600:] or "남긴 말이 없습니다."
