"""제출한 코드가 도는 방입니다. 이 컴퓨터가 허락하는 만큼 가두고, 시간이 되면 통째로 없앱니다.

With namespaces (root, or a user who may make them) the room has its own processes, network, /tmp and user,
and dies with its first process. Without, it is a process group with limits; the report says so.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dockerlab
from dockerlab import places
from dockerlab.engine import bundle, processes
from dockerlab.errors import ToolMissing
from dockerlab.exercises.catalog import SOLUTIONS

_SCRIPT = Path(__file__).with_name("sandbox.sh")
UNPRIVILEGED = 61_000  # plus a number: each room has a user of its own, so that limits count its own
_LONGEST_TOLD = 4 * 2**20
# What programs of the system need; everything else in / may be somebody's.
_SYSTEM = {
    *("bin", "boot", "dev", "etc", "gnu", "lib", "lib32", "lib64", "libx32"),
    *("nix", "opt", "proc", "run", "sbin", "sys", "tmp", "usr", "var"),
}
TRIAL = 120.0  # seconds for an empty room; a second is usual, a class on every core takes longer
SOCKET, NOTEBOOK = "engine.sock", "task.ipynb"


@dataclass(frozen=True)
class Outcome:
    """방에서 나온 말입니다. 까닭을 설명하는 데에만 씁니다. ``cells``는 셀 id마다의 결과입니다."""

    cells: Mapping[str, Mapping[str, Any]]
    in_time: bool
    ended: bool


@contextlib.contextmanager
def room() -> Iterator[Path]:
    """제출 하나의 작업 폴더입니다. 나오면 지웁니다. 강제로 끝난 채점기가 남긴 것도 지웁니다."""
    folder = places.runtime_dir("grading")
    for left in folder.iterdir():
        owner, _, since = left.name.partition("-")[0].partition("_")
        if owner.isdigit() and not processes.alive(int(owner), since):
            shutil.rmtree(left, ignore_errors=True)
    work = folder / f"{os.getpid()}_{processes.started(os.getpid())}-{secrets.token_hex(3)}"
    work.mkdir()
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def run(work: Path, deadline: float, cell_timeout: float) -> Outcome:
    """작업 폴더의 노트북을 방 안에서 nbval로 돌립니다. ``deadline``초가 지나면 방을 없앱니다."""
    kind = isolation()
    if kind == "none" and os.geteuid() == 0:
        # Without walls root's `kill -1` would be the end of everything on this machine.
        raise ToolMissing(
            "가둘 수 없는 곳에서는 root로 채점하지 않습니다.",
            seen="이 컴퓨터에서는 네임스페이스를 만들 수 없습니다.",
            todo="root가 아닌 사용자로 채점하십시오. 노트북의 검사 셀은 그대로 쓸 수 있습니다.",
        )
    inside = work if kind == "none" else Path("/tmp")
    program = [
        sys.executable,
        "-P",
        "-m",
        "dockerlab.grading.runner",
        str(inside / NOTEBOOK),
        f"{cell_timeout:g}",
    ]
    mark = secrets.token_hex(8)
    process = subprocess.Popen(
        [*_walls(kind, work), *program],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(inside, mark) | ({} if kind == "none" else {"GRADING_PORTS": "1"}),
        cwd=work,
        start_new_session=True,
    )
    try:
        told, in_time = _listen(process, time.monotonic() + deadline)
    finally:
        _end(process, mark, kind)
    return Outcome(_cells(told), in_time, process.returncode is not None and process.returncode >= 0)


@functools.cache
def isolation() -> str:
    """이 컴퓨터에서 할 수 있는 가두기입니다. ``root``, ``user``(사용자 네임스페이스), ``none``."""
    if not all(map(shutil.which, ("unshare", "setpriv", "mount"))):
        return "none"
    for kind in ("root",) if os.geteuid() == 0 else ("user",):
        with room() as work:
            (work / NOTEBOOK).touch()
            tried = [*_walls(kind, work), "true"]
            try:
                done = subprocess.run(tried, capture_output=True, timeout=TRIAL, check=False)
            except subprocess.TimeoutExpired:
                continue
            if done.returncode == 0:
                return kind
    return "none"


def _walls(kind: str, work: Path) -> list[str]:
    if kind == "none":
        return []
    new = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts", "--net"]
    new += ["--propagation", "private"]
    user = str(UNPRIVILEGED + secrets.randbelow(4000)) if kind == "root" else "0"
    if kind == "user":
        new += ["--user", "--map-root-user"]
    told = [f"HIDDEN={SOLUTIONS}", "HOMES=" + "\n".join(map(str, _not_the_systems()))]
    return [*new, "env", *told, "sh", str(_SCRIPT), str(work), user, sys.executable, *_kept(), "--"]


def _not_the_systems() -> list[Path]:
    """Homes, data, other people's submissions, and the course's own repository: its tests hold answers."""
    found = [each for each in Path("/").iterdir() if each.name not in _SYSTEM and os.access(each, os.R_OK)]
    found += [Path("/run/user"), Path.home()]
    repository = Path(dockerlab.__file__).resolve().parents[1]
    if (repository / "pyproject.toml").is_file():
        found.append(repository)
    return [each for each in dict.fromkeys(found) if each.is_dir() and not each.is_symlink()]


def _kept() -> list[str]:
    """What a kernel needs to run, wherever it is installed; folders inside others only once."""
    needed = {Path(sys.prefix), Path(sys.base_prefix), Path(dockerlab.__file__).parent}
    needed |= {Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")}
    unpacked = bundle.installed()
    if unpacked is not None:
        needed.add(unpacked.root)
    needed = {path.resolve() for path in needed} | {Path(sys.prefix)}
    system = (Path("/usr"), Path("/"))
    kept = [path for path in needed if path not in system and not path.is_relative_to("/usr")]
    return sorted(str(path) for path in kept if not any(other in path.parents for other in kept))


def _environment(inside: Path, mark: str) -> dict[str, str]:
    programs = [os.path.dirname(sys.executable), "/usr/local/bin", "/usr/bin", "/bin"]
    return {
        "PATH": os.pathsep.join(programs),
        "LANG": "C.UTF-8",
        "HOME": str(inside),
        "TMPDIR": str(inside),
        "DOCKER_HOST": f"unix://{inside / SOCKET}",
        "DOCKER_BUILDKIT": "0",
        "DOCKERLAB_GRADER": str(inside / SOCKET),
        "DOCKERLAB_HOME": str(inside / "home"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "GRADING_MARK": mark,
    }


def _listen(process: subprocess.Popen[bytes], end: float) -> tuple[bytes, bool]:
    """What the room says until it ends, or until the time is up."""
    assert process.stdout is not None
    told = bytearray()
    while (left := end - time.monotonic()) > 0:
        if not select.select([process.stdout], [], [], min(left, 1.0))[0]:
            if process.poll() is not None:
                return bytes(told), True  # a stray child still holds the pipe
            continue
        chunk = os.read(process.stdout.fileno(), 65536)
        if not chunk:
            return bytes(told), True
        if len(told) < _LONGEST_TOLD:
            told += chunk
    return bytes(told), False


def _end(process: subprocess.Popen[bytes], mark: str, kind: str) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
    if kind == "none":
        _end_strays(mark)


def _end_strays(mark: str) -> None:
    """Who left the process group still carries the mark in its environment."""
    wanted = f"GRADING_MARK={mark}".encode()
    for _ in range(20):
        strays = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    strays.append(int(entry.name))
        if not strays:
            return
        for pid in strays:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _cells(told: bytes) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for line in told.decode("utf-8", "replace").splitlines():
        try:
            cell = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(cell, dict) and all(isinstance(value, str) for value in cell.values()) and "id" in cell:
            found[cell["id"]] = cell
    return found
