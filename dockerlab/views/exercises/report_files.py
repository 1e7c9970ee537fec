"""채점 결과를 파일로 적습니다. 파일 이름의 끝(.csv, .html, .json, .xml, .txt)이 모양을 정합니다."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from dockerlab.views.exercises.sheets import class_sheet, report_sheet
from dockerlab.views.html import html
from dockerlab.views.text import printable, text

if TYPE_CHECKING:
    from dockerlab.grading import Report

_PAGE = """<!doctype html>
<html lang="ko"><head><meta charset="utf-8"><title>채점 결과</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<style>body {{ font-family: sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em }}</style></head>
<body><h1>채점 결과</h1>
{body}
</body></html>
"""


def as_text(reports: Sequence[Report]) -> str:
    """터미널에서 읽는 글입니다. 여럿이면 요약을 끝에 붙입니다."""
    parts = [text(report_sheet(report)) for report in reports]
    return "\n\n".join([*parts, text(class_sheet(reports))] if len(reports) > 1 else parts) + "\n"


def as_json(reports: Sequence[Report]) -> str:
    """공개된 약속의 JSON입니다. 하나면 객체, 여럿이면 목록입니다."""
    told = [report.as_dict() for report in reports]
    return json.dumps(told[0] if len(told) == 1 else told, ensure_ascii=False, indent=2) + "\n"


def as_html(reports: Sequence[Report]) -> str:
    """브라우저에서 읽는 쪽입니다. 제출에서 온 글은 모두 이스케이프합니다."""
    sheets = [report_sheet(report) for report in reports]
    if len(reports) > 1:
        sheets.insert(0, class_sheet(reports))
    return _PAGE.format(body="\n".join(map(html, sheets)))


def as_csv(reports: Sequence[Report]) -> str:
    """표 계산 프로그램에서 여는 성적부입니다. Excel이 한글을 알아보도록 BOM을 붙입니다."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\r\n")
    tasks = sorted({task.task for report in reports for task in report.tasks})
    table.writerow(["file", "exercise", "status", "score", "max", "reason", *tasks])
    for report in reports:
        points = {task.task: task.points for task in report.tasks}
        row = [report.file, report.exercise, report.status, report.score, report.max, report.reason]
        table.writerow([_cell(value) for value in row] + [points.get(task, "") for task in tasks])
    return "\ufeff" + written.getvalue()


def as_junit(reports: Sequence[Report]) -> str:
    """CI가 읽는 JUnit XML입니다. 제출 하나가 testsuite, 과제 하나가 testcase입니다."""
    root = ElementTree.Element("testsuites")
    for report in reports:
        failed = sum(task.verdict != "통과" for task in report.tasks)
        refused = report.status != "graded"
        counts = {"tests": max(1, len(report.tasks)), "failures": failed, "errors": int(refused)}
        suite = ElementTree.SubElement(
            root, "testsuite", name=_xml(report.file), time=f"{report.seconds:.3f}",
            **{key: str(value) for key, value in counts.items()},
        )  # fmt: skip
        if refused:
            case = ElementTree.SubElement(suite, "testcase", classname=_xml(report.file), name="read")
            ElementTree.SubElement(case, "error", message=_xml(report.reason))
        for task in report.tasks:
            case = ElementTree.SubElement(suite, "testcase", classname=_xml(report.file), name=task.task)
            if task.verdict != "통과":
                ElementTree.SubElement(case, "failure", message=_xml(f"{task.verdict}: {task.message}"))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


FORMATS: dict[str, Callable[[Sequence[Report]], str]] = {
    ".csv": as_csv,
    ".html": as_html,
    ".json": as_json,
    ".xml": as_junit,
    ".txt": as_text,
}


def _cell(value: object) -> object:
    """A cell that begins like a formula would be run by the teacher's spreadsheet."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _xml(content: str) -> str:
    """XML has no way to write most control characters."""
    return "".join(
        letter if letter.isprintable() or letter in " \n\t" else "\ufffd" for letter in printable(content)
    )
