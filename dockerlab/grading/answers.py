"""제출한 노트북에서 학습자의 셀만 골라, 손대지 않은 연습 노트북에 넣습니다."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from dockerlab.errors import SubmissionRejected
from dockerlab.exercises.catalog import exercises
from dockerlab.exercises.generation import check_source, setup_source
from dockerlab.exercises.model import PASSED, Exercise
from dockerlab.grading.submission import Cell

_CHECK = re.compile(r"""^\s*lab\s*\.\s*check\(\s*["']((?:\d\d|capstone)-\d+)["']""", re.MULTILINE)
_HEADING = re.compile(r"^#+\s*과제\s+((?:\d\d|capstone)-\d+)\b", re.MULTILINE)
_SETUP = re.compile(r"""lab\s*\.\s*exercise\(\s*["'](\w+)["']""")
_BUTTON = re.compile(r"""\s*lab\s*\.\s*grade_button\(\s*["']\w+["']\s*\)\s*\Z""")
_OWN_ID = re.compile(r"(?:answer|check|task)-((?:\d\d|capstone)-\d+)\Z")


def exercise_of(cells: Sequence[Cell]) -> Exercise:
    """어느 연습 문제의 노트북인지 알아냅니다. 과제가 가장 많이 나오는 것입니다."""
    votes: dict[str, int] = {}
    for cell in cells:
        for pattern, text in ((_OWN_ID, cell.id), (_CHECK, cell.source), (_HEADING, cell.source)):
            for name in pattern.findall(text):
                votes[name.partition("-")[0]] = votes.get(name.partition("-")[0], 0) + 1
        for number in _SETUP.findall(cell.source):
            votes[number] = votes.get(number, 0) + 1
    known = {number: count for number, count in votes.items() if number in exercises()}
    if not known:
        raise SubmissionRejected(
            "어느 연습 문제의 노트북인지 알 수 없습니다.",
            seen="과제의 제목도, 검사 셀도, 준비 셀도 없습니다.",
            todo="exercises 폴더의 노트북에 답을 적어 제출하십시오.",
        )
    return exercises()[max(known, key=lambda number: known[number])]


def answers(exercise: Exercise, cells: Sequence[Cell]) -> dict[str, tuple[str, ...]]:
    """과제마다 학습자가 적은 코드 셀들입니다. 준비 셀과 검사 셀은 아무리 고쳐 놓았어도 버립니다.

    A cell belongs to the task whose answer cell it is; else (the learner's own cell, the upper half of a
    split one, a copy) to the next check cell after it; else to the heading above it.
    """
    names = exercise.names()
    found: dict[str, list[str]] = {name: [] for name in names}
    checks = [_checked(cell) for cell in cells]
    heading = names[0]
    for at, cell in enumerate(cells):
        own = _OWN_ID.match(cell.id)
        told = _HEADING.search(cell.source) if cell.kind == "markdown" else None
        if told and told[1] in found:
            heading = told[1]
        if cell.kind != "code" or checks[at] or cell.id in ("setup", "grade"):
            continue
        if _SETUP.search(cell.source) or _BUTTON.match(cell.source):
            continue
        if not cell.source.strip():
            continue
        if own and cell.id.startswith("answer-") and own[1] in found:
            found[own[1]].append(cell.source)
            continue
        following = next((name for name in checks[at:] if name in found), None)
        found[following or heading].append(cell.source)
    return {name: tuple(sources) for name, sources in found.items()}


def _checked(cell: Cell) -> str | None:
    """The task that a check cell is of, by what it says or, edited, by its id."""
    if cell.kind != "code":
        return None
    if cell.id.startswith("check-") and (own := _OWN_ID.match(cell.id)):
        return own[1]
    lines = [line for line in cell.source.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    said = _CHECK.match(cell.source.lstrip())
    return said[1] if said and len(lines) == 1 else None


def untouched(exercise: Exercise, name: str, given: Sequence[str]) -> bool:
    """답 셀이 처음 그대로인지입니다."""
    stub = exercise.task(name).stub.strip()
    return all(source.strip() in ("", stub) for source in given)


def assembled(exercise: Exercise, answers: Mapping[str, Sequence[str]], names: Sequence[str]) -> str:
    """``names``의 과제만 담은, 채점할 노트북의 글입니다. 검사 셀에는 통과했을 때의 출력이 적혀 있습니다."""
    cells = [_cell("setup", setup_source(exercise), {"role": "setup"})]
    for name in names:
        task = exercise.task(name)
        if task.asks_value:  # what an earlier task answered is no answer to this one
            cells.append(_cell(f"clear-{name}", "answer = None", {"role": "setup", "task": name}))
        for at, source in enumerate(answers[name]):
            cells.append(_cell(f"answer-{name}-{at}", source, {"role": "answer", "task": name}))
        check = _cell(f"check-{name}", check_source(name, task), {"role": "check", "task": name})
        said = {"text/plain": expected(name, task.points)}
        told = {"output_type": "execute_result", "data": said, "metadata": {}, "execution_count": 1}
        cells.append(check | {"execution_count": 1, "outputs": [told]})
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def _cell(identity: str, source: str, told: dict[str, str]) -> dict[str, Any]:
    # Written by hand: importing nbformat takes longer than all else here together.
    made = {"cell_type": "code", "id": identity, "source": source, "metadata": {"dockerlab": told}}
    return made | {"execution_count": None, "outputs": []}


def expected(name: str, points: int) -> str:
    """검사 셀이 통과했을 때 찍히는 글입니다."""
    return f"{name} {PASSED} ({points}/{points}점)"
