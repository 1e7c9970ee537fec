"""연습 문제의 값, 판정, 힌트와 채점 결과를 한 장에 담습니다."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dockerlab.views.sheets import Sheet

if TYPE_CHECKING:
    from dockerlab.exercises import Given, Hint, Verdict
    from dockerlab.exercises.standing import Standing
    from dockerlab.grading import Report

_RIGHT, _WRONG = "○", "×"
_HINTS = 3


def given_sheet(given: Given) -> Sheet:
    """나에게 정해진 이름과 수입니다."""
    return Sheet(
        caption=f"연습 {given.exercise}: 나에게 정해진 값",
        columns=("이렇게 쓰면", "이 값이 됩니다"),
        rows=tuple((f"given.{name}", str(value)) for name, value in given.values.items()),
    )


def verdict_sheet(verdict: Verdict) -> Sheet:
    """판정, 본 것, 통과한 뒤의 해설입니다. 제목의 글은 채점할 때 nbval이 견줍니다."""
    return Sheet(
        caption=f"{verdict.task} {verdict.verdict} ({verdict.points}/{verdict.max}점)",
        columns=("", "엔진에서 본 것", "점수") if verdict.steps else (),
        rows=tuple(
            (_RIGHT if step.right else _WRONG, step.said, f"{step.points if step.right else 0}/{step.points}")
            for step in verdict.steps
        ),
        verdict=verdict.explanation,
    )


def hint_sheet(hint: Hint) -> Sheet:
    """힌트 한 걸음입니다."""
    more = "" if hint.step in (0, _HINTS) else "한 번 더 실행하면 다음 힌트를 보여 줍니다."
    step = f" {hint.step}/{_HINTS}" if hint.step else ""
    return Sheet(caption=f"{hint.task} 힌트{step}", verdict=hint.text, notes=(more,) if more else ())


def report_sheet(report: Report) -> Sheet:
    """제출 하나의 채점 결과입니다."""
    if report.status != "graded":
        return Sheet(caption=f"{report.file}: 채점할 수 없습니다", verdict=report.reason)
    notes = ()
    if report.isolation == "none":
        notes = (
            "이 컴퓨터에서는 네임스페이스로 가두지 못하여, 프로세스 묶음과 한도로만 가두고 채점했습니다. "
            "모르는 사람의 제출은 root이거나 사용자 네임스페이스를 쓸 수 있는 컴퓨터에서 채점하십시오.",
        )
    return Sheet(
        caption=f"{report.file}: {report.score}/{report.max}점",
        columns=("과제", "판정", "점수", "까닭"),
        rows=tuple(
            (task.task, task.verdict, f"{task.points}/{task.max}", task.message) for task in report.tasks
        ),
        notes=notes,
    )


def practice_sheet(standings: Sequence[Standing]) -> Sheet:
    """연습 문제마다 어디까지 했는지입니다."""
    return Sheet(
        caption="나의 연습 문제",
        columns=("연습", "통과한 과제", "채점한 점수", "상태"),
        rows=tuple(
            (
                f"{each.number}. {each.title}",
                f"{each.passed}/{each.tasks}",
                "–" if each.graded is None else f"{each.graded}/{each.max}",
                each.state,
            )
            for each in standings
        ),
        notes=("채점한 점수는 노트북의 단추로 채점한 것 가운데 가장 좋은 것입니다.",),
    )


def class_sheet(reports: Sequence[Report]) -> Sheet:
    """학급 전체의 요약입니다. 채점하지 못한 것은 이름을 듭니다."""
    refused = [report for report in reports if report.status != "graded"]
    return Sheet(
        caption=f"제출 {len(reports)}개, 채점하지 못한 것 {len(refused)}개",
        columns=("제출", "점수", "통과한 과제"),
        rows=tuple(
            (
                report.file,
                f"{report.score}/{report.max}" if report.status == "graded" else "채점할 수 없음",
                f"{sum(task.verdict == '통과' for task in report.tasks)}/{len(report.tasks)}",
            )
            for report in reports
        ),
    )
