"""실측 아래에서, 설명을 펼치기 전에 본 것을 자기 말로 적는 칸입니다."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from dockerlab.course import journal
from dockerlab.course.lessons import current
from dockerlab.course.prediction import Outcome
from dockerlab.views.course.sheets import outcome_sheet
from dockerlab.views.html import html
from dockerlab.views.text import text
from dockerlab.views.widgets import source, with_twins

ASK = "위에서 본 것을 한 문장으로 적어 본 뒤에, 아래의 설명을 펼쳐 보십시오."


class RestateWidget(anywidget.AnyWidget):
    """한 문장을 적는 칸입니다. 적거나 건너뛰면, 노트북에서 다음에 나오는 접힌 설명이 펼쳐집니다."""

    _esm = source("course/restate.js")
    _css = source("course/restate.css")
    ask = traitlets.Unicode(ASK).tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)

    def __init__(self, lesson: str, question: str) -> None:
        self._lesson, self._question = lesson, question
        super().__init__(text=_written_before(lesson, question))
        self.on_msg(self._restated)

    def _restated(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        self.text = str(content["text"])
        journal.write(self._lesson, "restated", question=self._question, text=self.text)

    def __repr__(self) -> str:
        return ASK

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return with_twins(super()._repr_mimebundle_(**options), plain=ASK, html=f"<p><em>{ASK}</em></p>")


def display_outcome(outcome: Outcome) -> None:
    """예상과 실측의 표를 보이고, 수업 안이라면 그 아래에 적는 칸을 둡니다."""
    from IPython.display import display

    sheet = outcome_sheet(outcome)
    display({"text/html": html(sheet), "text/plain": text(sheet)}, raw=True)
    if current():
        display(RestateWidget(current(), outcome.question))


def _written_before(lesson: str, question: str) -> str:
    written = [
        event.facts["text"]
        for event in journal.read(lesson)
        if event.kind == "restated" and event.facts["question"] == question
    ]
    return written[-1] if written else ""
