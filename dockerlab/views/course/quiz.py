"""문제를 푸는 위젯입니다. 커널이 없는 곳에서는 같은 문제를 글로 보이고, 답과 까닭은 접어 둡니다."""

from __future__ import annotations

import re
from html import escape
from typing import Any

import anywidget
import traitlets

from dockerlab.course import journal
from dockerlab.course import quiz as course
from dockerlab.course.quiz import Question, Quiz, Verdict
from dockerlab.errors import UsageMistake
from dockerlab.views.widgets import source, with_twins

_MARKS = "①②③④⑤⑥⑦⑧⑨⑩"
_PRE = "white-space:pre-wrap;margin:2px 0"


def quiz(name: str) -> QuizWidget:
    """문제를 화면에 냅니다. 답은 나의 기록에 남고, 다시 열면 지난번에 고른 답이 그대로 있습니다."""
    return QuizWidget(course.find(name))


class QuizWidget(anywidget.AnyWidget):
    """문제들과, 고른 답마다의 판정입니다."""

    _esm = source("course/quiz.js")
    _css = source("course/quiz.css")
    title = traitlets.Unicode().tag(sync=True)
    questions = traitlets.List().tag(sync=True)
    answers = traitlets.Dict().tag(sync=True)

    def __init__(self, asked: Quiz) -> None:
        self._quiz = asked
        super().__init__(
            title=asked.title, questions=[_shown(each) for each in asked.questions], answers=_before(asked)
        )
        self.on_msg(self._answered)

    def answer(self, question: str, answer: int | list[str]) -> Verdict:
        """화면 없이 답합니다. 판정을 돌려주고, 화면이 있으면 그 답을 보입니다."""
        verdict = self._quiz.answer(question, answer)
        self.answers = {**self.answers, question: _judged(answer, verdict)}
        return verdict

    def _answered(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        self.answer(content["question"], content["answer"])

    def __repr__(self) -> str:
        return quiz_text(self._quiz)

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        live = super()._repr_mimebundle_(**options)
        return with_twins(live, plain=quiz_text(self._quiz), html=quiz_html(self._quiz))


def quiz_text(asked: Quiz) -> str:
    """문제를 글로 적습니다. 답은 적지 않습니다."""
    lines = [f"문제: {asked.title}"]
    for number, question in enumerate(asked.questions, 1):
        lines.append(f"{number}. {question.ask.strip()}")
        marks = _MARKS if question.choices else "·" * len(question.shown)
        lines += [f"   {mark} {text}" for mark, text in zip(marks, question.shown, strict=False)]
    return "\n".join(lines)


def quiz_html(asked: Quiz) -> str:
    """문제를 HTML로 적습니다. 답과 까닭은 문제마다 접어 둡니다."""
    parts = [f"<div><strong>문제: {inline(asked.title)}</strong></div>"]
    for number, question in enumerate(asked.questions, 1):
        parts.append(f"<div>{number}. {inline(question.ask.strip())}</div>")
        parts.append(_items(question.shown, question))
        parts.append(f"<details><summary>{number}번의 답과 까닭</summary>{_reasons(question)}</details>")
    return f'<div class="dockerlab" lang="ko">{"".join(parts)}</div>'


def inline(text: str) -> str:
    """글을 이스케이프하고, 역따옴표로 감싼 것만 코드로 적습니다."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)).replace("\n", "<br>")


def _items(texts: tuple[str, ...], question: Question) -> str:
    kind = "ol" if question.choices else "ul"
    said = (f'<pre style="{_PRE}">{escape(text)}</pre>' if question.code else inline(text) for text in texts)
    return f"<{kind}>{''.join(f'<li>{each}</li>' for each in said)}</{kind}>"


def _reasons(question: Question) -> str:
    if question.choices:
        said = [
            f"<strong>{'맞습니다.' if choice.right else '아닙니다.'}</strong> {inline(choice.why.strip())}"
            for choice in question.choices
        ]
        return f"<ol>{''.join(f'<li>{each}</li>' for each in said)}</ol>"
    rules = "".join(f"<li>{inline(rule.why.strip())}</li>" for rule in question.rules)
    order = _items(question.lines, question).replace("<ul>", "<ol>").replace("</ul>", "</ol>")
    return f"{order}<div>{inline(question.why.strip())}</div><ul>{rules}</ul>"


def _shown(question: Question) -> dict[str, Any]:
    return {
        "name": question.name,
        "ask": question.ask.strip(),
        "kind": "choice" if question.choices else "order",
        "code": question.code,
        "texts": list(question.shown),
    }


def _before(asked: Quiz) -> dict[str, Any]:
    """The answers given last, judged anew: the reasons may have been written better since."""
    given: dict[str, Any] = {}
    for event in journal.read(asked.lesson):
        if event.kind == "answer" and event.facts["quiz"] == asked.name:
            name, answer = event.facts["question"], event.facts["answer"]
            try:
                given[name] = _judged(answer, asked.question(name).judge(answer))
            except UsageMistake:
                given.pop(name, None)  # the question has changed since
    return given


def _judged(answer: int | list[str], verdict: Verdict) -> dict[str, Any]:
    return {
        "answer": answer,
        "right": verdict.right,
        "reasons": [each.strip() for each in verdict.reasons],
        "misconceptions": list(verdict.misconceptions),
    }
