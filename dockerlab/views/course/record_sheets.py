"""학습자의 기록을 여러 장(``Sheet``)에 담습니다: 진도, 점검표, 비교표, 사전·사후, 수업마다의 예상과 답."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dockerlab.course import quiz
from dockerlab.course.examples import is_example
from dockerlab.course.journal import Event
from dockerlab.course.lessons import Lesson
from dockerlab.course.record import Record
from dockerlab.course.standing import Progress, Standing
from dockerlab.errors import UsageMistake
from dockerlab.views.course.sheets import counted, plain, said
from dockerlab.views.sheets import Sheet, value
from dockerlab.views.units import between, times
from dockerlab.views.words import accelerator, case, conditions

_NOT_YET = "아직"


def progress_sheet(progress: Progress) -> Sheet:
    """수업마다 어디까지 했는지와, 다음에 할 수업입니다."""
    rows = (
        (str(each.lesson), str(each.measured), f"{each.answered}/{each.asked}", each.state)
        for each in progress.standings
    )
    return Sheet(
        caption="나의 진도",
        columns=("수업", "잰 질문", "답한 문제", "상태"),
        rows=tuple(rows),
        verdict=str(progress),
        notes=("기록은 이 컴퓨터의 과정 자료 폴더에만 있고, 어디로도 보내지 않습니다.",),
    )


def checklist_sheet(record: Record) -> Sheet:
    """점검표입니다. 얻지 못한 줄에는 무엇이 남았는지를 적습니다."""
    ticks = record.checklist()
    earned = sum(tick.earned for tick in ticks)
    return Sheet(
        caption="점검표",
        columns=("묶음", "무엇을", "근거", "표시"),
        rows=tuple(
            (
                tick.part,
                tick.says,
                ", ".join(map(_proof, tick.standings)),
                "✓ 얻음" if tick.earned else _NOT_YET,
            )
            for tick in ticks
        ),
        verdict=f"{len(ticks)}줄 가운데 {earned}줄을 얻었습니다.",
        notes=("수업에서 하나 이상 직접 재고, 그 수업의 문제를 모두 맞히면 얻습니다.",),
    )


def comparison_sheet(record: Record) -> Sheet:
    """책의 값과 내가 잰 값입니다. 03번 수업에서 남긴 표로만 만들어집니다."""
    table = record.comparison()
    if table is None:
        return Sheet(
            caption="책의 값과 내가 잰 값",
            verdict="아직 잰 것이 없습니다. 03번 수업을 끝까지 실행하면 여섯 줄이 채워집니다.",
        )
    machine = case("vm", table["vm"].get("accelerator"))
    engine = table["engine"]
    told = (
        f"Docker 엔진 {engine.get('version', '')} ({engine.get('where') or engine.get('kind', '')})",
        f"VM 가속기 {accelerator(table['vm'].get('accelerator'))}",
        conditions(table["machine"]),
    )
    return Sheet(
        caption="책의 값과 내가 잰 값",
        columns=("비교", "책: VM", f"나: {machine}", "책: 컨테이너", "나: 컨테이너", "n"),
        rows=tuple(
            (
                row["title"],
                row["book_vm"],
                _side(row, "vm"),
                row["book_container"],
                _side(row, "container"),
                str(row["n"]),
            )
            for row in table["rows"]
        ),
        notes=("대괄호는 중앙값의 95 % 구간입니다.", " · ".join(filter(None, told))),
    )


def growth_sheet(record: Record) -> Sheet:
    """배우기 전의 첫 답과 배운 뒤의 마지막 답을 생각마다 나란히 놓습니다."""
    growth = record.growth()
    marks = {True: "맞음", False: "다름", None: _NOT_YET}
    before = sum(each.before is True for each in growth)
    after = sum(each.after is True for each in growth)
    return Sheet(
        caption="같은 열 가지 생각, 배우기 전과 뒤",
        columns=("생각", "배우기 전", "배운 뒤"),
        rows=tuple((each.idea, marks[each.before], marks[each.after]) for each in growth),
        verdict=f"배우기 전에는 {len(growth)}개 가운데 {before}개, 배운 뒤에는 {after}개를 맞혔습니다.",
    )


def lesson_sheets(record: Record) -> tuple[Sheet, ...]:
    """수업마다의 예상과 실측, 그리고 적은 문장, 남긴 값, 답입니다. 비어 있는 것은 뺍니다."""
    sheets = (
        *(_outcomes_sheet(record, each.lesson) for each in record.progress.standings),
        Sheet(
            "내 말로 적은 것",
            columns=("수업", "질문", "문장"),
            rows=tuple(
                (each.lesson, each.facts["question"], each.facts["text"]) for each in record.sentences()
            ),
        ),
        Sheet(
            "남긴 값",
            columns=("수업", "이름", "값"),
            rows=tuple(_kept_row(each) for each in record.kept() if "table" not in each.facts),
            notes=_conditions(each for each in record.kept() if "table" not in each.facts),
        ),
        Sheet(
            "문제의 답",
            columns=("수업", "문제", "마지막 답", "판정", "짚어 본 오해"),
            rows=tuple(filter(None, map(_answer_row, record.answers()))),
        ),
    )
    return tuple(sheet for sheet in sheets if sheet.rows)


def _proof(standing: Standing) -> str:
    number = standing.lesson.number
    return f"{number}번: 잰 질문 {standing.measured}개, 맞힌 문제 {standing.right}/{standing.asked}"


def _side(row: Mapping[str, Any], side: str) -> str:
    shown = value(row[side], row["unit"])
    interval = row[f"{side}_interval"]
    return f"{shown} [{between(*interval, row['unit'])}]" if interval else shown


def _outcomes_sheet(record: Record, lesson: Lesson) -> Sheet:
    events = [event for event in record.outcomes() if event.lesson == lesson.number]
    return Sheet(
        f"예상과 실측: {lesson.number}. {lesson.title}",
        columns=("질문", "무엇", "예상", "실측", "실측 ÷ 예상"),
        rows=tuple(row for event in events for row in _outcome_rows(event)),
        notes=_conditions(events),
    )


def _outcome_rows(event: Event) -> list[tuple[str, ...]]:
    unit, question = event.facts["unit"], event.facts["question"]
    mark = " (답을 본 뒤에 고침)" if event.facts["changed"] else ""
    guessed = {line["name"]: line["predicted"] for line in event.facts["lines"]}
    if not mark and is_example(event.lesson, question, guessed):
        mark = " (노트북의 예 그대로)"
    rows = []
    for line in event.facts["lines"]:
        predicted, measured = line["predicted"], line["measured"]
        both = all(isinstance(each, int | float) for each in (predicted, measured))
        if both:
            judged = times(measured / predicted) if predicted else ""
        else:
            judged = "맞음" if predicted == measured else "다름"
        rows.append((
            question, plain(line["name"]), said(predicted, unit) + mark,
            said(measured, unit) + counted(line.get("evidence")), judged,
        ))  # fmt: skip
    return rows


def _kept_row(event: Event) -> tuple[str, ...]:
    shown = said(event.facts["value"], event.facts["unit"]) + counted(event.facts["evidence"])
    return event.lesson, event.facts["name"], shown


def _conditions(events: Iterable[Event]) -> tuple[str, ...]:
    """Where these were measured, each place once: usually one line a lesson."""
    told: dict[str, None] = {}
    for event in events:
        facts = dict(event.facts.get("where") or {"date": event.at})
        facts.pop("load", None)  # it differs at every question
        told[conditions(facts)] = None
        for line in event.facts.get("lines", ()):
            way = ((line.get("evidence") or {}).get("metadata") or {}).get("accelerator")
            if way:
                told[f"{plain(line['name'])}: {accelerator(way)}"] = None
    return tuple(told)


def _answer_row(event: Event) -> tuple[str, ...] | None:
    """``None`` for a question that the course no longer asks."""
    facts = event.facts
    try:
        question = quiz.find(facts["quiz"]).question(facts["question"])
        question.judge(facts["answer"])
    except UsageMistake:
        return None
    answer = facts["answer"]
    shown = question.choices[answer].text if question.choices else " → ".join(answer)
    judged = "맞음" if facts["right"] else "다름"
    return event.lesson, question.ask.strip(), shown, judged, ", ".join(facts["misconceptions"])
