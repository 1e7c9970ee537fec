"""Quizzes: every committed file loads, every wrong answer has its own reason, every mistake is named."""

from itertools import permutations

import pytest

from dockerlab.course import journal, quiz
from dockerlab.errors import QuizBroken, UsageMistake

FILES = sorted(quiz.FOLDER.glob("*.toml"))
QUIZZES = [found for file in FILES for found in quiz.load(file).values()]
QUESTIONS = [(found, question) for found in QUIZZES for question in found.questions]
GOOD = """
[[quiz]]
name = "06-x"
title = "제목"
[[quiz.question]]
name = "pick"
ask = "무엇입니까?"
[[quiz.question.choice]]
text = "가"
why = "까닭 가"
misconception = "오해"
[[quiz.question.choice]]
text = "나"
right = true
why = "까닭 나"
[[quiz.question]]
name = "order"
ask = "순서는 어떻게 됩니까?"
lines = ["하나", "둘", "셋"]
why = "까닭"
[[quiz.question.rule]]
first = "하나"
then = "둘"
why = "하나가 먼저"
misconception = "오해 1"
[[quiz.question.rule]]
first = "둘"
then = "셋"
why = "둘이 먼저"
misconception = "오해 2"
"""


@pytest.fixture
def load(tmp_path):
    def load(text):
        file = tmp_path / "06.toml"
        file.write_text(text, encoding="utf-8")
        quiz.load.cache_clear()
        return quiz.load(file)

    return load


def test_there_are_quizzes():
    assert QUESTIONS


@pytest.mark.parametrize(("found", "question"), QUESTIONS, ids=lambda each: each.name)
def test_every_answer_of_the_course_is_judged_with_a_reason_of_its_own(found, question):
    answers = range(len(question.choices)) if question.choices else list(permutations(question.lines))
    verdicts = [question.judge(answer) for answer in answers]
    assert any(verdict.right for verdict in verdicts)
    for verdict in verdicts:
        assert all(verdict.reasons)
        assert verdict.right != bool(verdict.misconceptions)
    assert not question.lines or not question.judge(question.shown).right


def test_a_wrong_order_is_told_the_rules_it_breaks_and_no_other(load):
    order = load(GOOD)["06-x"].question("order")
    assert order.judge(["둘", "하나", "셋"]).reasons == ("하나가 먼저",)
    assert order.judge(["셋", "둘", "하나"]).misconceptions == ("오해 1", "오해 2")
    assert order.judge(["하나", "둘", "셋"]) == quiz.Verdict(True, ("까닭",))


def test_lines_that_no_rule_ties_may_come_in_any_order(load):
    free = load(GOOD.replace('lines = ["하나", "둘", "셋"]', 'lines = ["하나", "둘", "셋", "넷"]'))["06-x"]
    assert free.question("order").judge(["넷", "하나", "둘", "셋"]).right


def test_answers_go_into_the_record(load):
    found = load(GOOD)["06-x"]
    found.answer("pick", 0)
    found.answer("order", ["하나", "둘", "셋"])
    first, second = journal.read("06")
    assert (first.kind, first.facts["right"], first.facts["misconceptions"]) == ("answer", False, ["오해"])
    assert second.facts["right"] and second.facts["answer"] == ["하나", "둘", "셋"]


@pytest.mark.parametrize("answer", [2, -1, "0", ["가"]])
def test_what_is_no_answer_is_refused_and_not_recorded(load, answer):
    with pytest.raises(UsageMistake):
        load(GOOD)["06-x"].answer("pick", answer)
    assert journal.read("06") == ()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (GOOD + "[", "TOML"),
        (GOOD.replace("right = true", ""), "맞는 보기가 하나"),
        (GOOD.replace('misconception = "오해"\n', ""), "오개념"),
        (GOOD.replace('why = "까닭 가"\n', ""), "빠진 것"),
        (GOOD.replace('why = "까닭 가"', 'why = "까닭 나"'), "달라야"),
        (GOOD.replace('why = "까닭 가"', 'why = " "'), "비어"),
        (GOOD.replace('why = "까닭 가"', 'wy = "까닭 가"'), "모르는 이름: wy"),
        (GOOD.replace('text = "가"', 'text = "나"'), "겹치지"),
        (GOOD.replace('"하나", "둘", "셋"', '"둘", "하나", "셋"'), "어긋납니다"),
        (GOOD.replace('then = "셋"', 'then = "넷"'), "lines에 없습니다"),
        (GOOD.replace('name = "06-x"', 'name = "07-x"'), "파일의 번호"),
        (GOOD.replace('name = "order"', 'name = "pick"'), "겹치지"),
        (GOOD.replace("[[quiz]]", "[[quizz]]"), "[[quiz]]만"),
    ],
)
def test_each_mistake_of_a_file_is_named(load, wrong, told):
    with pytest.raises(QuizBroken) as caught:
        load(wrong)
    assert told in str(caught.value)
