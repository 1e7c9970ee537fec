"""죽은 세션이 남긴 것을 찾아 치웁니다. 파수꾼까지 함께 죽었을 때를 위한 마지막 대비책입니다.

Never calls a prune endpoint: on older engines it takes the learner's volumes along. What is removed is
named by its full id, and its labels are read again right before.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dockerlab import places
from dockerlab.engine import processes, session
from dockerlab.engine.endpoint import Endpoint
from dockerlab.engine.objects import COURSE_IMAGE, DEADLINE, HOST, KINDS, OWNER, SESSION, listed, remove
from dockerlab.engine.translation import engine_lost
from dockerlab.errors import EngineNotFound

GRACE = 60.0  # seconds after a deadline; the owner and its watcher come first


@dataclass(frozen=True)
class Leftover:
    """남은 것 하나입니다.

    ``kind``는 container, network, volume, plugin, image, process, directory 가운데 하나입니다.
    """

    kind: str
    id: str
    name: str
    why: str


def sweep(dry_run: bool = False, mine: bool = False) -> tuple[Leftover, ...]:
    """죽은 세션이 남긴 것을 지우고, 지운 것을 돌려줍니다. 과정 이미지는 남깁니다.

    이 컴퓨터의 이 사용자가 만들었고 만든 프로세스가 끝난 것만 지웁니다. 그 프로세스를 여기서 볼 수 없으면
    (다시 켜기 전의 것, 다른 네임스페이스의 것) 기한이 지난 것만 지웁니다.
    ``mine``이면 지금 세션의 것도 지우고, ``dry_run``이면 지울 것을 찾기만 합니다. 엔진이 없으면 폴더와
    프로세스만 봅니다. 엔진이 있는데 답하지 않으면 :class:`EngineError`를 던집니다.
    """
    found = _sweep_directories(dry_run)
    endpoint = _endpoint()
    if endpoint is None:
        return found
    with _engine_errors():
        return _sweep_engine(endpoint, dry_run, mine) + found


def clean(dry_run: bool = False, images: bool = False) -> tuple[Leftover, ...]:
    """남은 것과 지금 세션의 것을 지웁니다. ``images``면 과정 이미지도 지웁니다."""
    found = sweep(dry_run, mine=True)
    endpoint = _endpoint() if images else None
    if endpoint is None:
        return found
    with _engine_errors():
        return found + _remove_course_images(endpoint, dry_run)


_swept: set[tuple[int, str]] = set()


def sweep_once(endpoint: Endpoint) -> None:
    """이 프로세스에서 처음일 때만 치웁니다. 치우지 못해도 학습을 막지 않습니다."""
    key = (os.getpid(), endpoint.url)
    if key in _swept:
        return
    _swept.add(key)
    try:
        _sweep_engine(endpoint, dry_run=False, mine=False)
    except (OSError, http.client.HTTPException):
        pass  # the engine was asked right before this; the next session tries again
    _sweep_directories(dry_run=False)


def _endpoint() -> Endpoint | None:
    from dockerlab.engine.search import discover

    discovery = discover(download=False)
    if discovery.failure is not None and not isinstance(discovery.failure, EngineNotFound):
        raise discovery.failure
    return discovery.endpoint


@contextlib.contextmanager
def _engine_errors() -> Iterator[None]:
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        raise engine_lost(f"{type(error).__name__}: {error}") from error


def _sweep_engine(endpoint: Endpoint, dry_run: bool, mine: bool) -> tuple[Leftover, ...]:
    found = []
    for kind in KINDS:
        for thing in listed(endpoint, kind, SESSION):
            why = _why(thing.labels, mine)
            if why is None:
                continue
            if dry_run or remove(endpoint, thing, lambda labels: _why(labels, mine) is not None):
                found.append(Leftover(kind, thing.id, thing.name, why))
    return tuple(found)


def _why(labels: dict[str, str], mine: bool) -> str | None:
    """치워도 되는 까닭입니다. 치우면 안 되면 ``None``입니다."""
    here = session.host()
    made_at = labels.get(HOST, "")
    if mine and labels.get(SESSION) == session.current_id():
        return "지금 세션이 만들었습니다."
    if made_at == here:
        pid, _, since = labels.get(OWNER, "").partition(":")
        if pid.isdigit() and since and not processes.alive(int(pid), since):
            return f"만든 프로세스(pid {pid})가 이미 끝났습니다."
        return None  # its watcher keeps its deadlines, by a clock that nobody sets
    # Made in another boot, namespace or account of this machine: its owner cannot be looked up from here.
    if made_at.split("-")[0] == here.split("-")[0] and _over(labels.get(DEADLINE)):
        return "이 컴퓨터에서 만들었고 정해 둔 기한이 지났습니다."
    return None


def _over(deadline: str | None) -> bool:
    """기한이 지났는지 봅니다. 아무도 정할 수 없을 만큼 먼 것은 틀린 시계가 적은 것입니다."""
    left = _number(deadline) - time.time()
    return left < -GRACE or session.LONGEST + GRACE < left < math.inf


def _number(text: str | None) -> float:
    try:
        return float(text or "inf")
    except ValueError:
        return float("inf")


def _sweep_directories(dry_run: bool) -> tuple[Leftover, ...]:
    """죽은 세션의 프로세스를 끝내고 임시 폴더를 지웁니다."""
    found = []
    for directory in sorted(places.runtime_dir("session").iterdir()):
        if not _abandoned(directory):
            continue
        for pid, since in _registered(directory):
            if processes.alive(pid, since):
                found.append(Leftover("process", str(pid), f"pid {pid}", "띄운 프로세스가 이미 끝났습니다."))
                if not dry_run:
                    processes.kill(pid, since)
        found.append(
            Leftover("directory", str(directory), directory.name, "쓰던 프로세스가 이미 끝났습니다.")
        )
        if not dry_run:
            shutil.rmtree(directory, ignore_errors=True)
    return tuple(found)


def _abandoned(directory: Path) -> bool:
    try:
        written = json.loads((directory / "owner").read_bytes())
        pid, _, since = str(written[OWNER]).partition(":")
        made_at = str(written[HOST])
    except (OSError, ValueError, KeyError, TypeError):
        # Killed between making the folder and writing the file: give a living one a minute.
        try:
            return _older(directory, GRACE)
        except OSError:
            return False
    if made_at == session.host():
        return pid.isdigit() and not processes.alive(int(pid), since)
    # The folder is this user's own, but another namespace may share it: then only age tells.
    try:
        return _older(directory, 86400)
    except OSError:
        return False


def _older(directory: Path, seconds: float) -> bool:
    """A folder from the future is one of a wrong clock."""
    return abs(time.time() - directory.stat().st_mtime) > seconds


def _registered(directory: Path) -> list[tuple[int, str]]:
    if not (directory / "owner").exists():
        return []
    try:
        lines = (directory / "processes").read_text().splitlines()
    except OSError:
        return []
    pairs = (line.partition(":") for line in lines)
    return [(int(pid), since) for pid, _, since in pairs if pid.isdigit() and since]


def _remove_course_images(endpoint: Endpoint, dry_run: bool) -> tuple[Leftover, ...]:
    found = []
    for thing in listed(endpoint, "image", COURSE_IMAGE):
        name = thing.labels[COURSE_IMAGE]
        if not thing.name.startswith(f"dockerlab/{name}:"):
            continue  # the learner built it on one of ours

        def unchanged(labels: dict[str, str], name: str = name) -> bool:
            return labels.get(COURSE_IMAGE) == name and SESSION not in labels

        if unchanged(thing.labels) and (dry_run or remove(endpoint, thing, unchanged)):
            found.append(
                Leftover("image", thing.id, thing.name, "과정 이미지입니다. 다시 준비할 수 있습니다.")
            )
    return tuple(found)
