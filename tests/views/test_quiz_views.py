"""Twins of the quiz and of the box before an explanation: the same for everybody, whatever was answered."""

import re

import pytest

from dockerlab.course import journal, quiz
from dockerlab.views import formatters
from dockerlab.views.course.quiz import QuizWidget, inline, quiz_html, quiz_text
from dockerlab.views.course.restate import ASK, RestateWidget

ASKED = quiz.find("03-one-root")


@pytest.fixture(autouse=True)
def record(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKERLAB_RECORD", str(tmp_path / "record"))


def bundle(widget):
    data, _ = widget._repr_mimebundle_()
    return data


def test_the_words_ask_and_do_not_answer():
    said = quiz_text(ASKED)
    for question in ASKED.questions:
        assert question.ask in said and all(text in said for text in question.shown)
        assert not any(choice.why in said for choice in question.choices)


def test_the_static_twin_folds_every_reason():
    page = quiz_html(ASKED)
    assert page.count("<details>") == page.count("</details>") == len(ASKED.questions)
    open_part = re.sub(r"<details>.*?</details>", "", page, flags=re.DOTALL)
    for question in ASKED.questions:
        reasons = [choice.why for choice in question.choices] + [rule.why for rule in question.rules]
        assert all(inline(why.strip()) in page and inline(why.strip()) not in open_part for why in reasons)


def test_what_is_saved_does_not_depend_on_what_was_answered():
    fresh = bundle(QuizWidget(ASKED))
    answered = QuizWidget(ASKED)
    assert not answered.answer("what-is-it", 0).right
    again = QuizWidget(ASKED)
    assert again.answers["what-is-it"]["answer"] == 0 and not again.answers["what-is-it"]["right"]
    for kind in ("text/plain", "text/html"):
        assert fresh[kind] == bundle(answered)[kind] == bundle(again)[kind]
    assert repr(fresh) != "" and repr(answered) == repr(again) == quiz_text(ASKED)


def test_an_answer_to_a_question_that_has_changed_is_forgotten_and_not_in_the_way():
    journal.write("03", "answer", quiz="03-one-root", question="what-is-it", answer=99, right=True)
    journal.write("03", "answer", quiz="03-one-root", question="gone", answer=0, right=True)
    assert QuizWidget(ASKED).answers == {}


def test_nothing_in_a_text_becomes_html():
    assert inline("<b>`<i>`</b>\n다음") == "&lt;b&gt;<code>&lt;i&gt;</code>&lt;/b&gt;<br>다음"


def test_the_box_shows_the_sentence_written_before_and_only_asks_where_nobody_can_write():
    journal.write("03", "restated", question="시작 시간", text="빨랐습니다.")
    box = RestateWidget("03", "시작 시간")
    assert box.text == "빨랐습니다." and RestateWidget("03", "크기").text == ""
    assert bundle(box)["text/plain"] == repr(box) == ASK and "빨랐습니다" not in bundle(box)["text/html"]


def test_every_result_of_the_course_is_shown_in_a_notebook():
    shown = {name for _, name in (*formatters.SHEETS, *formatters.VIEWS)}
    assert {"Lesson", "Progress", "Prediction", "Outcome", "Glossary"} <= shown
