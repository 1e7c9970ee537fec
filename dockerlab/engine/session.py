"""이 프로세스가 만드는 모든 것에 다는 라벨과, 이 프로세스를 지켜보는 파수꾼입니다.

A session is one process. It begins when the first thing is made and needs no ending: the watcher notices
when the process is gone, however it went.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import json
import math
import os
import platform
import select
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from dockerlab import places
from dockerlab.engine import processes
from dockerlab.engine.endpoint import Endpoint
from dockerlab.engine.objects import DEADLINE, HOST, OBJECT, OWNER, SESSION

LIFETIME = 3600.0  # seconds granted to what names no deadline of its own
LONGEST = 7 * 86400  # seconds; what any deadline may be
ROUNDING = 5  # seconds


@dataclass
class _Session:
    id: str
    pid: int
    owner: str
    directory: Path
    numbers: itertools.count = field(default_factory=lambda: itertools.count(1))
    # All the watcher must know, kept for a successor should it be killed.
    engines: dict[str, dict] = field(default_factory=dict)
    watched: list[dict] = field(default_factory=list)
    deadlines: dict[str, float] = field(default_factory=dict)  # as labelled: by the clock that never jumps
    pipe: int | None = None


_lock = threading.RLock()
_session: _Session | None = None
_engine: Endpoint | None = None


def labels(deadline: float | None = None, *, kind: str = "container") -> dict[str, str]:
    """엔진에 만드는 것 하나에 다는 라벨입니다. 처음 부르면 파수꾼이 시작됩니다.

    한 번 부를 때마다 번호가 달라지므로 하나에 한 번씩 부릅니다. 컨테이너는 지금부터 ``deadline``초(정하지
    않으면 한 시간)가 지나면 치워집니다. 이미지를 만들 때는 ``kind="image"``로 부릅니다.
    """
    with _lock:
        session = _begun()
        wall, now = time.time(), time.monotonic()
        # Rounded, so that a thousand runs do not wake the watcher a thousand times in a measurement.
        until = math.ceil((wall + (LIFETIME if deadline is None else deadline)) / ROUNDING) * ROUNDING
        label, due = str(until), now + until - wall
        if session.deadlines.get(label, -math.inf) > due - 1:  # less: the clock was set back since
            _tell(session)
        else:
            session.deadlines = {one: at for one, at in session.deadlines.items() if at > now} | {label: due}
            _tell(session, {"deadline": label, "due": due})
        return {
            SESSION: session.id,
            HOST: host(),
            OWNER: session.owner,
            DEADLINE: label,
            OBJECT: f"{kind}-{next(session.numbers)}",
        }


def watch_process(pid: int) -> None:
    """이 프로세스와 함께 끝나야 하는 자식(QEMU 등)을 파수꾼에게 알립니다."""
    since = processes.started(pid)
    if since is None:
        return
    with _lock:
        session = _begun()
        told = {"process": pid, "started": since}
        session.watched.append(told)
        # On disk too, for a sweep after both this process and the watcher were killed.
        with (session.directory / "processes").open("a") as file:
            file.write(f"{pid}:{since}\n")
        _tell(session, told)


def session_id() -> str:
    """이 프로세스의 세션 이름입니다."""
    with _lock:
        return _begun().id


def session_directory() -> Path:
    """이 세션의 임시 폴더입니다. 프로세스가 어떻게 끝나든 파수꾼이 지웁니다."""
    with _lock:
        session = _begun()
        _tell(session)
        return session.directory


def use_engine(endpoint: Endpoint) -> None:
    """지금부터 무엇을 만들 엔진을 파수꾼에게 알립니다. 파수꾼을 시작하지는 않습니다."""
    global _engine
    with _lock:
        _engine = endpoint
        if _session is not None and _session.pid == os.getpid():
            told = _described(endpoint)
            _session.engines[endpoint.url] = told
            _tell(_session, told)


def current_id() -> str | None:
    """세션이 시작되었으면 그 이름입니다."""
    return _session.id if _session is not None and _session.pid == os.getpid() else None


@functools.cache
def host() -> str:
    """이 컴퓨터(앞)와, 이번 부팅의 이 사용자와 pid 네임스페이스(뒤)를 나타내는 글입니다.

    Only with the whole of it equal does an owner's pid mean anything here: pids of another boot, of
    another namespace (a notebook in a container) or hidden ones of another user (hidepid) do not.
    """
    if platform.system() == "Linux":
        machine = _first_line("/etc/machine-id") or _first_line("/var/lib/dbus/machine-id")
        boot = _first_line("/proc/sys/kernel/random/boot_id")
        with contextlib.suppress(OSError):
            boot += f" {os.stat('/proc/self/ns/pid').st_ino}"
    else:
        machine = f"{uuid.getnode():x}"
        asked = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]
        boot = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    machine = machine or platform.node()
    return f"{_digest(machine)}-{_digest(f'{machine} {boot} {os.getuid()}')}"


def _digest(text: str) -> str:
    return hashlib.sha256(f"dockerlab {text}".encode()).hexdigest()[:16]


def _first_line(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _begun() -> _Session:
    global _session
    pid = os.getpid()
    if _session is None or _session.pid != pid:
        identity = uuid.uuid4().hex
        directory = places.runtime_dir("session", identity)
        owner = f"{pid}:{processes.started(pid)}"
        with places.disk_errors(directory / "owner"):
            (directory / "owner").write_text(json.dumps({HOST: host(), OWNER: owner}))
        _session = _Session(identity, pid, owner, directory)
        if _engine is not None:
            _session.engines[_engine.url] = _described(_engine)
    return _session


def _described(endpoint: Endpoint) -> dict:
    told = {
        "engine": endpoint.url,
        "kind": endpoint.kind,
        "origin": endpoint.origin,
        "certificates": endpoint.certificates,
    }
    if endpoint.kind == "embedded" and endpoint.path is not None:
        # The embedded engine stops with its last lease; the watcher still needs it then.
        told["lease"] = str(endpoint.path.with_name("control.sock"))
    return told


def _tell(session: _Session, told: dict | None = None) -> None:
    """파수꾼에게 한 줄을 씁니다. 파수꾼이 없으면 먼저 시작하고, 아는 것을 모두 알려 줍니다."""
    if session.pipe is not None and not _gone(session.pipe):
        news = [told] if told else []
    else:
        if session.pipe is not None:
            os.close(session.pipe)
        session.pipe = _start_watcher(session)
        deadlines = [{"deadline": label, "due": due} for label, due in session.deadlines.items()]
        news = [*session.engines.values(), *session.watched, *deadlines]
    for one in news:
        # A watcher that is stopped must not stop the learner; labels and files know everything too.
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(session.pipe, json.dumps(one).encode() + b"\n")


def _gone(pipe: int) -> bool:
    watch = select.poll()
    watch.register(pipe, 0)  # errors are always reported
    return bool(watch.poll(0))


def _start_watcher(session: _Session) -> int:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    # The shell ends at once, so the watcher is nobody's child: Jupyter ends a kernel's children with it.
    # Its own process session keeps it from signals to the kernel's process group. -P: a file of the
    # learner's named like a module of Python's must not be imported.
    since = session.owner.partition(":")[2]
    watcher = [sys.executable, "-P", "-m", "dockerlab.engine.watcher"]
    watcher += [session.id, str(session.pid), since, str(session.directory)]
    try:
        with places.disk_errors(session.directory / "watcher.log"):
            log = (session.directory / "watcher.log").open("ab")
        with log:
            subprocess.run(
                ["/bin/sh", "-c", 'exec 3<&0; "$@" <&3 3<&- &', "sh", *watcher],
                stdin=reading,
                stdout=log,
                stderr=log,
                start_new_session=True,
                check=True,
            )
    finally:
        os.close(reading)
    return writing


def _after_fork() -> None:
    """갈라진 자식은 새 세션입니다. 부모의 줄을 놓지 않으면 부모가 죽어도 파수꾼이 모릅니다."""
    global _lock, _session
    _lock = threading.RLock()
    if _session is not None and _session.pipe is not None:
        with contextlib.suppress(OSError):
            os.close(_session.pipe)
    _session = None


os.register_at_fork(after_in_child=_after_fork)
