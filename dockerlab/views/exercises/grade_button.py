"""저장한 연습 노트북을 채점하는 단추입니다. 저장은 학습자가 하고, 채점한 결과를 표로 보입니다."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from dockerlab.errors import DockerlabError, UsageMistake
from dockerlab.exercises import catalog, record
from dockerlab.exercises.desk import grading
from dockerlab.grading import Report
from dockerlab.views.exercises.sheets import report_sheet
from dockerlab.views.widgets import source, with_twins


def grade_button(number: str) -> GradeButton:
    """연습 문제를 채점하는 단추를 냅니다. 저장한 파일의 답을 새 이름과 수로 처음부터 다시 채점합니다."""
    if grading():
        raise UsageMistake(
            "채점하는 동안에는 채점할 수 없습니다.", todo="답 셀에서 lab.grade_button을 빼십시오."
        )
    return GradeButton(number, catalog.exercise(number).file_name)


class GradeButton(anywidget.AnyWidget):
    """단추 하나와, 마지막으로 채점한 결과입니다."""

    _esm = source("exercises/grade_button.js")
    _css = source("exercises/grade_button.css")
    number = traitlets.Unicode().tag(sync=True)
    result = traitlets.Dict().tag(sync=True)

    def __init__(self, number: str, file_name: str) -> None:
        self._file_name = file_name
        super().__init__(number=number)
        self.on_msg(self._pressed)

    def grade(self) -> Report:
        """화면 없이 단추를 누릅니다. 결과를 돌려주고, 화면이 있으면 그 결과를 보입니다."""
        return self._graded(None)

    def _pressed(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        try:
            self._graded(content.get("unsaved"))
        except DockerlabError as error:
            self._show("채점하지 못했습니다.", notes=str(error).splitlines())

    def _graded(self, unsaved: bool | None) -> Report:
        from dockerlab.grading import grade

        path = saved_file(self._file_name)
        saved = datetime.fromtimestamp(path.stat().st_mtime)
        report = grade(path)
        if report.exercise == self.number:
            record.graded(self.number, report.score, report.max)
        self._show(f"{report.score}/{report.max}점입니다.", report, [_told(path, saved, unsaved)])
        return report

    def _show(self, said: str, report: Report | None = None, notes: list[str] | None = None) -> None:
        sheet = report_sheet(report) if report is not None else None
        if report is not None and report.status != "graded":
            said, notes = "채점할 수 없는 파일입니다.", [report.reason, *(notes or ())]
        self.result = {
            "at": self.result.get("at", 0) + 1,  # the same result again is news too
            "said": said,
            "caption": sheet.caption if sheet else "",
            "columns": list(sheet.columns) if sheet else [],
            "rows": [list(row) for row in sheet.rows] if sheet else [],
            "notes": [*(notes or ()), *(sheet.notes if sheet else ())],
        }

    def __repr__(self) -> str:
        return (
            f"연습 {self.number}의 채점 단추: 저장한 파일을 처음부터 다시 채점합니다. "
            f"터미널에서는 dockerlab grade exercises/{self._file_name}"
        )

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        command = f"<code>dockerlab grade exercises/{self._file_name}</code>"
        said = f"<p>연습 {self.number}의 채점 단추는 노트북을 실행하면 나옵니다. 터미널에서는 {command}</p>"
        return with_twins(super()._repr_mimebundle_(**options), plain=repr(self), html=said)


def saved_file(name: str) -> Path:
    """이 노트북이 저장된 파일입니다. Jupyter가 알려 준 것을, 없으면 지금 폴더의 ``name``을 봅니다."""
    told = Path(os.environ.get("JPY_SESSION_NAME", ""))
    for path in (told, Path.cwd() / name):
        if path.suffix == ".ipynb" and path.is_file():
            return path
    raise UsageMistake(
        "이 노트북이 저장된 파일을 찾지 못했습니다.",
        seen=f"본 곳: {Path.cwd() / name}",
        todo="노트북의 이름을 바꾸었다면 %grade 다음에 파일의 경로를 적어 채점하십시오.",
    )


def _told(path: Path, saved: datetime, unsaved: bool | None) -> str:
    said = f"채점한 파일: {path.name} ({saved:%H:%M:%S}에 저장한 것)."
    if unsaved:
        return f"{said} 그 뒤로 저장하지 않은 것이 있습니다. 그것까지 채점하려면 저장하고 다시 누르십시오."
    if unsaved is None:
        return f"{said} 그 뒤로 고친 것이 있으면 저장하고 다시 누르십시오."
    return said
