"""학급의 제출을 모두 채점합니다. 여럿을 한꺼번에, 끊겨도 이어서, 하나 때문에 멈추지 않고 합니다."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from dockerlab import places
from dockerlab.errors import DockerlabError, SubmissionRejected, UsageMistake
from dockerlab.exercises import catalog, generation
from dockerlab.grading import examination, submission
from dockerlab.grading.examination import grade_content
from dockerlab.grading.report import REJECTED, Report, from_dict
from dockerlab.progress import Report as Progress
from dockerlab.progress import silent

_UNGRADED = "채점하지 못했습니다"


def submissions(arguments: Iterable[Path]) -> list[Path]:
    """채점할 파일들입니다. 폴더는 그 안의 노트북(아래 폴더까지)으로 풉니다."""
    found: dict[Path, None] = {}
    for argument in arguments:
        if argument.is_dir():
            inside = (each for each in argument.rglob("*.ipynb") if ".ipynb_checkpoints" not in each.parts)
            found |= dict.fromkeys(sorted(inside))
        elif argument.exists():
            found[argument] = None
        else:
            raise UsageMistake("채점할 파일이 없습니다.", seen=str(argument), todo="경로를 확인하십시오.")
    if not found:
        raise UsageMistake("채점할 노트북이 없습니다.", todo="노트북이나, 노트북이 든 폴더를 적으십시오.")
    return list(found)


def grade_all(
    paths: Sequence[Path],
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    journal: Path | None = None,
    report: Progress = silent,
) -> list[Report]:
    """모두 채점하여 ``paths``의 순서대로 돌려줍니다.

    ``journal``이 있으면 끝난 것을 한 줄씩 적어 두고, 다시 부르면 그다음부터 합니다. ``scheduler``는 Dask의
    주소이고, 없으면 이 컴퓨터에서 ``jobs``개씩 합니다.
    """
    kept = Journal(journal)
    names = _names(paths)
    done = {path: found for path in paths if (found := kept.find(names[path], path)) is not None}
    for path in [path for path in paths if path not in done]:
        try:
            submission.content(path)
        except SubmissionRejected as rejected:
            done[path] = examination.refused(names[path], rejected)
    todo = [path for path in paths if path not in done]
    report("채점", len(done), len(paths))
    workers = (
        _on_cluster(scheduler, todo, names) if scheduler else _here(jobs or os.cpu_count() or 1, todo, names)
    )
    with contextlib.closing(workers), contextlib.closing(kept):
        for path, graded in workers:
            done[path] = graded
            kept.add(path, graded)
            report("채점", len(done), len(paths))
    return [done[path] for path in paths]


def one(name: str, content: bytes) -> str:
    """제출 하나를 채점하여 결과의 JSON을 돌려줍니다. 채점기 쪽의 오류도 결과에 적습니다."""
    try:
        graded = grade_content(name, content)
    except DockerlabError as error:
        graded = Report(name, REJECTED, reason=f"{_UNGRADED}: {error.what} {error.seen}")
    return json.dumps(graded.as_dict(), ensure_ascii=False)


class Journal:
    """끝난 채점을 한 줄씩 적은 파일입니다. 제출이나 연습 문제가 바뀌었으면 적힌 것을 쓰지 않습니다."""

    def __init__(self, path: Path | None) -> None:
        self._file = None
        self._found: dict[tuple[str, str], Report] = {}
        if path is None:
            return
        with places.disk_errors(path):
            if path.exists():
                self._read(path.read_text(encoding="utf-8"))
            self._file = path.open("a", encoding="utf-8")

    def _read(self, text: str) -> None:
        for line in text.splitlines():
            try:
                told = json.loads(line)
                self._found[told["report"]["file"], told["of"]] = from_dict(told["report"])
            except (ValueError, KeyError, TypeError):
                continue  # the line that was being written at the kill

    def find(self, name: str, path: Path) -> Report | None:
        """이미 채점한 것이면 그 결과입니다."""
        return self._found.get((name, _digest(path))) if self._found else None

    def add(self, path: Path, graded: Report) -> None:
        """결과를 적습니다. 제출의 잘못이 아닌 실패는 적지 않아, 다음에 다시 합니다."""
        if self._file is None or graded.reason.startswith(_UNGRADED):
            return
        line = json.dumps({"of": _digest(path), "report": graded.as_dict()}, ensure_ascii=False)
        self._file.write(f"\n{line}\n")  # a torn line before it ends here
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """파일을 닫습니다."""
        if self._file is not None:
            self._file.close()


def _digest(path: Path) -> str:
    return hashlib.sha256(_read(path) + _course()).hexdigest()


@functools.cache
def _course() -> bytes:
    texts = (generation.text(exercise) for exercise in catalog.exercises().values())
    return hashlib.sha256("".join(texts).encode()).digest()


def _read(path: Path) -> bytes:
    try:
        return submission.content(path)
    except SubmissionRejected:
        return b""  # gone since it was looked at: graded as an empty file


def _names(paths: Sequence[Path]) -> dict[Path, str]:
    """What a submission is called in the gradebook: its path below what all have in common."""
    whole = [path.absolute() for path in paths]
    common = Path(os.path.commonpath([path.parent for path in whole]))
    return {path: str(each.relative_to(common)) for path, each in zip(paths, whole, strict=True)}


def _here(jobs: int, todo: Sequence[Path], names: dict[Path, str]) -> Iterator[tuple[Path, Report]]:
    """Threads: each waits for the processes of its room. Only as many as work are read in at a time."""
    waiting = iter(todo)
    running: dict[Future[str], Path] = {}
    with ThreadPoolExecutor(jobs) as pool:
        while True:
            while len(running) < jobs and (path := next(waiting, None)) is not None:
                running[pool.submit(one, names[path], _read(path))] = path
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                path = running.pop(future)
                yield path, from_dict(json.loads(future.result()))


def _on_cluster(address: str, todo: Sequence[Path], names: dict[Path, str]) -> Iterator[tuple[Path, Report]]:
    """On the workers of a Dask cluster; what a dead worker had is given to another one."""
    try:
        from distributed import Client, KilledWorker, as_completed
    except ImportError as error:
        raise UsageMistake(
            "여러 컴퓨터에서 채점하는 데 필요한 Dask가 없습니다.",
            seen=str(error),
            todo="pip install 'dockerlab-course[cluster]'로 설치하십시오.",
        ) from error
    try:
        client = Client(address, timeout=5)
    except (OSError, TimeoutError, ValueError) as error:
        raise UsageMistake(
            "Dask의 스케줄러에 연결하지 못했습니다.",
            seen=f"{address}: {error}",
            todo="dask scheduler가 켜져 있는지와 주소를 확인하십시오. 예: tcp://127.0.0.1:8786",
        ) from error
    with client:
        waiting = iter(todo)
        running: dict[object, Path] = {}
        finished = as_completed()

        def give() -> None:
            if (path := next(waiting, None)) is not None:
                future = client.submit(one, names[path], _read(path), pure=False, retries=1)
                running[future.key] = path
                finished.add(future)

        for _ in range(2 * max(1, sum(client.nthreads().values()))):
            give()
        for future in finished:
            path = running.pop(future.key)
            try:
                graded = from_dict(json.loads(future.result()))
            except KilledWorker:
                graded = Report(names[path], REJECTED, reason=f"{_UNGRADED}: 맡은 일꾼이 거듭 죽었습니다.")
            yield path, graded
            give()
