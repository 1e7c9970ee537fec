"""``dockerlab lab``이 처음 여는 쪽입니다. 수업의 목록과 나의 진도, 다음에 할 수업을 보입니다."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dockerlab.course.standing import Progress, Standing
from dockerlab.exercises.standing import Standing as Practised

FILE = "HOME.md"


def homepage(progress: Progress, practised: Sequence[Practised]) -> str:
    """과정 폴더에 둘 Markdown입니다. 링크는 그 폴더에서 시작합니다."""
    rows = "\n".join(map(_row, progress.standings))
    practice = "\n".join(map(_practised, practised))
    now = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
    return f"""\
# 실험으로 배우는 Docker 개념과 아키텍처

수업 {len(progress.standings)}개 가운데 **{progress.done}개**를 끝냈습니다. {_next(progress.next)}

| | 수업 | 묻는 것 | 시간 | 잰 질문 | 답한 문제 | 상태 |
|---|---|---|---|---|---|---|
{rows}

## 연습 문제

| | 연습 | 통과한 과제 | 채점한 점수 | 상태 |
|---|---|---|---|---|
{practice}

{now}의 진도입니다. 지금의 진도는 노트북에서 `lab.lessons()`로, 학습 기록은 `lab.record()`로 봅니다.
기록은 이 컴퓨터에만 있고 어디로도 보내지 않습니다. [이 과정에 대하여](README.md)
"""


def _next(standing: Standing | None) -> str:
    if standing is None:
        return "모두 끝냈습니다. 수고하셨습니다."
    word = "이어서 할" if standing.opened else "다음"
    return f"{word} 수업은 {_link(standing)}입니다."


def _row(standing: Standing) -> str:
    lesson = standing.lesson
    return (
        f"| {lesson.number} | {_link(standing)} | {lesson.asks} | 약 {lesson.minutes}분 "
        f"| {standing.measured} | {standing.answered}/{standing.asked} | {standing.state} |"
    )


def _practised(each: Practised) -> str:
    link = f"[{each.title}](exercises/{each.file})"
    graded = "–" if each.graded is None else f"{each.graded}/{each.max}"
    return f"| {each.number} | {link} | {each.passed}/{each.tasks} | {graded} | {each.state} |"


def _link(standing: Standing) -> str:
    return f"[{standing.lesson.title}](notebooks/{standing.lesson.file})"
