"""제출 하나를 채점합니다. 코드는 방 안에서 돌고, 판정은 밖에서 엔진을 보고 내립니다."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dockerlab import engine
from dockerlab.errors import SubmissionRejected
from dockerlab.exercises import judging, parameters, preparing, tidying
from dockerlab.exercises.model import NOT_YET, PASSED, UNTRIED, Exercise, Given, Verdict
from dockerlab.exercises.observation import View
from dockerlab.grading import answers, ports, sandbox, submission
from dockerlab.grading.desk import Desk
from dockerlab.grading.guard import Guard
from dockerlab.grading.report import GRADED, REJECTED, Report, TaskResult
from dockerlab.progress import Report as Progress
from dockerlab.progress import silent

CELL, WHOLE = 20.0, 120.0  # seconds
_SLOW = 4.0  # how much longer where the engine runs in an emulated or a user-mode kernel
_MOST_CHECKS = 30  # of one task in one submission


def grade(path: Path | str, report: Progress = silent) -> Report:
    """노트북 하나를 채점합니다. 읽을 수 없는 파일이면 까닭을 적은 결과(``rejected``)를 돌려줍니다.

    Raises:
        EngineError: 엔진이 없거나 죽었을 때. 제출의 잘못이 아니므로 결과가 되지 않습니다.
    """
    path = Path(path)
    try:
        content = submission.content(path)
    except SubmissionRejected as rejected:
        return refused(path.name, rejected)
    return grade_content(path.name, content, report)


def grade_content(name: str, content: bytes, report: Progress = silent) -> Report:
    """이미 읽은 노트북을 채점합니다. ``name``은 결과에 적을 이름입니다. 오류는 :func:`grade`와 같습니다."""
    began = time.perf_counter()
    try:
        cells = submission.cells(content)
        exercise = answers.exercise_of(cells)
    except SubmissionRejected as rejected:
        return refused(name, rejected)
    connected = engine.connect(report)
    given = parameters.given(exercise, parameters.fresh_seed(exercise))
    preparing.prepare(exercise, given, connected, report)
    slow = _SLOW if "uml" in str(connected.endpoint.path) or "qemu" in str(connected.endpoint.path) else 1.0
    with engine.errors_of_engine():
        examination = _Examination(exercise, given, connected, slow)
        try:
            tasks = examination.hold(answers.answers(exercise, cells))
        finally:
            examination.desk.clear()
            tidying.tidy(given, connected)  # what the exercise itself had prepared
    spent = time.perf_counter() - began
    return Report(name, GRADED, exercise.number, tasks, seconds=spent, isolation=sandbox.isolation())


def refused(name: str, rejected: SubmissionRejected) -> Report:
    """읽을 수 없는 제출의 결과입니다."""
    return Report(name, REJECTED, reason=f"{rejected.what} {rejected.seen} {rejected.todo}".strip())


class _Examination:
    def __init__(self, exercise: Exercise, given: Given, connected: engine.Engine, slow: float) -> None:
        self._exercise, self._given, self._connected, self._slow = exercise, given, connected, slow
        self._view = View(connected)
        self._verdicts: dict[str, Verdict] = {}
        self._asked: dict[str, int] = {}
        self._lock = threading.Lock()
        self._told: dict[str, Mapping[str, Any]] = {}
        self.desk = Desk(connected, given, WHOLE * slow + 120)

    def hold(self, found: Mapping[str, Sequence[str]]) -> tuple[TaskResult, ...]:
        """Runs all tasks in one kernel; when one of them takes the kernel along, the rest in a new one."""
        end = time.monotonic() + WHOLE * self._slow
        todo = [name for name in self._exercise.names()]
        late: set[str] = set()
        while todo:
            left = end - time.monotonic()
            if left <= 1:
                late |= set(todo)
                break
            in_time = self._run(found, todo, left)
            unchecked = [name for name in todo if name not in self._asked]
            if not in_time and unchecked:
                late.add(unchecked[0])
            todo = unchecked[1:]
        return tuple(self._result(name, found[name], name in late) for name in self._exercise.names())

    def _run(self, found: Mapping[str, Sequence[str]], names: Sequence[str], left: float) -> bool:
        with sandbox.room() as work:
            notebook = answers.assembled(self._exercise, found, names)
            (work / sandbox.NOTEBOOK).write_text(notebook, encoding="utf-8")
            socket = work / sandbox.SOCKET
            known = ports.outside(work, parameters.ports(self._given))
            with known, Guard(socket, self._connected.endpoint, self.desk, self._answer):
                outcome = sandbox.run(work, left, CELL * self._slow)
        self._told |= outcome.cells
        return outcome.in_time

    def _answer(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """What the kernel in the room may ask the grader: what is given, and to be judged now."""
        _, verb, name = path.split("/", 2)
        if verb == "exercise":
            told = {"exercise": self._exercise.number, "token": self._given.token}
            return 200, told | {"values": dict(self._given.values)}
        if name not in self._exercise.names():
            return 404, {"what": f"그런 과제가 없습니다: {name[:40]!r}"}
        with self._lock:  # the state is looked at once at a time
            verdict = self._judged(name, body.get("answer"))
        told = {
            "task": verdict.task,
            "verdict": verdict.verdict,
            "points": verdict.points,
            "max": verdict.max,
        }
        steps = [] if verdict.passed else [(step.right, step.said, step.points) for step in verdict.steps]
        return 200, told | {"steps": steps}

    def _judged(self, name: str, answer: Any) -> Verdict:
        self._asked[name] = asked = self._asked.get(name, 0) + 1
        before = self._verdicts.get(name)
        # An answer is given once: with many, one would be right. A state may be asked about again.
        most = 1 if self._exercise.task(name).asks_value else _MOST_CHECKS
        if before is not None and (before.passed or asked > most):
            return before
        verdict = judging.judge(self._exercise, name, self._view, self._given, answer)
        if before is None or verdict.points >= before.points:
            self._verdicts[name] = verdict
        return verdict

    def _result(self, name: str, sources: Sequence[str], late: bool) -> TaskResult:
        task = self._exercise.task(name)
        verdict = self._verdicts.get(name)
        if verdict is not None and verdict.passed:
            return TaskResult(name, PASSED, verdict.points, task.points, verdict.message)
        said = [verdict.message] if verdict is not None else []
        if answers.untouched(self._exercise, name, sources):
            return TaskResult(name, UNTRIED, 0, task.points, " ".join([*said, "답 셀이 비어 있습니다."]))
        cells = [cell for key, cell in self._told.items() if key.startswith(f"answer-{name}-")]
        if late or any(cell["timed_out"] for cell in cells):
            said.append("시간 한도 안에 끝나지 않았습니다.")
        said += [f"답 셀에서 오류가 났습니다: {cell['error']}" for cell in cells if cell["error"]]
        if verdict is None and not said:
            said.append("검사까지 이르지 못했습니다. 커널이 죽었거나 답으로 낼 수 없는 값입니다.")
        points = verdict.points if verdict is not None else 0
        return TaskResult(name, NOT_YET, points, task.points, " ".join(said))
