"""학습자의 기록입니다: 정해진 값의 씨앗, 해 본 횟수, 본 힌트, 가장 좋은 점수. 이 컴퓨터에만 남습니다."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from dockerlab import places
from dockerlab.exercises.model import Verdict


def seed(exercise: str) -> int | None:
    """그 연습 문제에 정해 둔 씨앗입니다. 아직 없으면 ``None``입니다."""
    found = _read().get("seeds", {}).get(exercise)
    return found if isinstance(found, int) else None


def keep_seed(exercise: str, seed: int) -> int:
    """씨앗을 적어 둡니다. 그사이 다른 노트북이 먼저 적었으면 그것을 돌려줍니다."""
    with _changed() as record:
        return record.setdefault("seeds", {}).setdefault(exercise, seed)


def tried(verdict: Verdict) -> None:
    """검사한 결과를 적습니다. 점수는 가장 좋은 것이 남습니다."""
    with _changed() as record:
        task = record.setdefault("tasks", {}).setdefault(verdict.task, {})
        task["tries"] = task.get("tries", 0) + 1
        task["best"] = max(task.get("best", 0), verdict.points)
        if verdict.passed:
            task.setdefault("passed", datetime.now().astimezone().isoformat(timespec="seconds"))


def next_hint(task: str, last: int) -> int:
    """다음에 보여 줄 힌트의 번호(1부터)를 적고 돌려줍니다. ``last``를 넘지 않습니다."""
    with _changed() as record:
        kept = record.setdefault("tasks", {}).setdefault(task, {})
        kept["hints"] = min(kept.get("hints", 0) + 1, last)
        return kept["hints"]


def graded(exercise: str, score: int, most: int) -> None:
    """저장한 파일을 채점한 점수를 적습니다. 가장 좋은 것이 남습니다."""
    with _changed() as record:
        kept = record.setdefault("grades", {}).setdefault(exercise, {})
        kept |= {"best": max(kept.get("best", 0), score), "max": most}
        kept["at"] = datetime.now().astimezone().isoformat(timespec="seconds")


def grades() -> dict[str, dict[str, Any]]:
    """연습 문제마다 채점한 기록입니다. ``best``, ``max``, ``at``(마지막으로 채점한 때)이 있습니다."""
    return _read().get("grades", {})


def tasks() -> dict[str, dict[str, Any]]:
    """과제마다의 기록입니다. ``tries``, ``best``, ``passed``(통과한 때), ``hints``가 있습니다."""
    return _read().get("tasks", {})


def _path() -> Path:
    return places.record_dir() / "exercises.json"


def _read() -> dict[str, Any]:
    try:
        record = json.loads(_path().read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return record if isinstance(record, dict) else {}


@contextmanager
def _changed() -> Iterator[dict[str, Any]]:
    """Two open notebooks write one after the other; a kill leaves the old file or the new one."""
    path = _path()
    with places.disk_errors(path), path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        record = _read()
        yield record
        whole = path.with_suffix(f".{os.getpid()}.tmp")
        whole.write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")
        os.replace(whole, path)
