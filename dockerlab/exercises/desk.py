"""학습자가 앉는 책상입니다: 연습 문제를 펴고, 검사를 받고, 힌트를 청합니다.

While a submission is being graded there is nobody to be trusted in the kernel: what is given and how it is
judged comes from the grader, over a socket (``DOCKERLAB_GRADER``), and nothing is judged here.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
from typing import Any

from dockerlab.errors import NotPassedYet, UsageMistake
from dockerlab.exercises.model import Given, Hint, Step, Verdict, paragraph

GRADER = "DOCKERLAB_GRADER"
NBVAL = "PYTEST_VERSION"
"""``pytest --nbval-lax``로 자기 파일을 점검할 때 pytest가 정합니다. 그때는 오류만이 셀을 떨어뜨립니다."""
LONGEST_ANSWER = 64 * 1024
_PLAIN = (str, int, float, bool, type(None))


def grading() -> bool:
    """채점기가 이 커널을 돌리고 있는지입니다."""
    return bool(os.environ.get(GRADER))


def exercise(number: str) -> Given:
    """연습 문제를 펴고, 나에게 정해진 이름과 수를 돌려줍니다. 이름과 수는 사람마다 다릅니다."""
    if grading():
        from dockerlab.engine import belongings

        told = _ask_grader(f"/exercise/{number}", {})
        belongings.adopt(told["token"])
        return Given(told["exercise"], told["token"], told["values"])
    from dockerlab import engine
    from dockerlab.exercises import catalog, parameters, preparing, record, tidying

    wanted = catalog.exercise(number)
    seed = record.seed(number)
    if seed is None:
        seed = record.keep_seed(number, parameters.fresh_seed(wanted))
    given = parameters.given(wanted, seed)
    connected = engine.connect()
    if NBVAL in os.environ:
        tidying.tidy(given, connected)  # all cells run again: names that are taken would be errors
    preparing.prepare(wanted, given, connected)
    if connected.endpoint.path is not None:
        os.environ["DOCKER_HOST"] = connected.endpoint.url  # so that `!docker ps` sees the same engine
    return given


def check(task: str, answer: Any = None) -> Verdict:
    """과제를 검사하여 판정을 돌려줍니다. 엔진의 지금 상태를 보며, 몇 번이든 다시 할 수 있습니다."""
    plain = _plain(answer)
    if grading():
        told = _ask_grader(f"/check/{task}", {"answer": plain})
        steps = tuple(Step(*step) for step in told["steps"])
        return Verdict(told["task"], told["verdict"], told["points"], told["max"], steps)
    from dockerlab import engine
    from dockerlab.exercises import catalog, judging, parameters, record
    from dockerlab.exercises.observation import View

    wanted = catalog.of_task(task)
    seed = record.seed(wanted.number)
    if seed is None:
        raise UsageMistake(
            f"연습 {wanted.number}을(를) 아직 펴지 않았습니다.",
            todo=f'맨 위의 준비 셀(lab.exercise("{wanted.number}"))부터 실행하십시오.',
        )
    given = parameters.given(wanted, seed)
    verdict = judging.judge(wanted, task, View(engine.connect()), given, plain)
    record.tried(verdict)
    if not verdict.passed and NBVAL in os.environ:
        raise NotPassedYet(f"과제 {task}: {verdict.verdict}", seen=verdict.message)
    return verdict


def hint(task: str) -> Hint:
    """다음 힌트를 보여 줍니다. 세 걸음이고, 명령을 그대로 알려 주지는 않습니다."""
    if grading():
        return Hint(task, 0, "채점하는 동안에는 힌트가 없습니다.")
    from dockerlab.exercises import catalog, record

    hints = catalog.of_task(task).task(task).hints
    step = record.next_hint(task, len(hints))
    return Hint(task, step, paragraph(hints[step - 1]))


def tidy(number: str) -> tuple[str, ...]:
    """연습 문제에서 만든 것을 치우고, 지운 것의 이름을 돌려줍니다. 나에게 정해진 이름의 것만 지웁니다."""
    from dockerlab import engine
    from dockerlab.exercises import catalog, parameters, record, tidying

    wanted = catalog.exercise(number)
    seed = record.seed(number)
    if seed is None:
        return ()
    return tidying.tidy(parameters.given(wanted, seed), engine.connect())


def _plain(value: Any, depth: int = 0) -> Any:
    """답을 JSON으로 옮길 수 있는 것으로만 다시 만듭니다."""
    if depth > 8:
        raise _unusable(value)
    if type(value) in _PLAIN:
        return value
    if isinstance(value, list | tuple):
        return [_plain(each, depth + 1) for each in value]
    if isinstance(value, dict):
        return {str(key): _plain(each, depth + 1) for key, each in value.items()}
    raise _unusable(value)


def _unusable(value: Any) -> UsageMistake:
    return UsageMistake(
        "답으로 낼 수 없는 값입니다.",
        seen=f"값의 종류: {type(value).__name__}",
        todo="수, 글, 참·거짓, 또는 그 목록으로 답하십시오.",
    )


class _Connection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(os.environ[GRADER])


def _ask_grader(path: str, body: dict[str, Any]) -> Any:
    connection = _Connection("grader")
    try:
        content = json.dumps(body)
        if len(content) > LONGEST_ANSWER:
            raise UsageMistake("답이 너무 깁니다.", seen=f"{len(content):,}글자", todo="짧게 답하십시오.")
        connection.request("POST", path, content)
        answer = connection.getresponse()
        told = json.loads(answer.read())
    finally:
        connection.close()
    if answer.status != 200:
        raise UsageMistake(told["what"], seen=told.get("seen", ""), todo=told.get("todo", ""))
    return told
