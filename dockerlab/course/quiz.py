"""문제와 그 답입니다. 노트북마다 한 파일(``quizzes/NN.toml``)에서 읽고, 잘못 적은 것은 읽을 때 찾습니다."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from dockerlab.course import journal
from dockerlab.errors import QuizBroken, UsageMistake

FOLDER = Path(__file__).with_name("quizzes")


@dataclass(frozen=True)
class Choice:
    """보기 하나입니다. 왜 맞거나 틀린지(``why``), 틀린 보기라면 어떤 오개념에서 나왔는지를 가집니다."""

    text: str
    why: str
    right: bool = False
    misconception: str = ""


@dataclass(frozen=True)
class Rule:
    """순서 문제에서 ``first``가 ``then``보다 앞에 와야 하는 까닭입니다."""

    first: str
    then: str
    why: str
    misconception: str


@dataclass(frozen=True)
class Verdict:
    """답 하나의 판정입니다. ``reasons``는 그 답만의 까닭, ``misconceptions``는 짚어 준 오개념입니다."""

    right: bool
    reasons: tuple[str, ...]
    misconceptions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """문제 하나입니다. 고르는 문제는 ``choices``가, 순서를 맞추는 문제는 ``lines``와 ``rules``가 있습니다.

    ``idea``는 이 문제가 묻는 생각의 이름입니다(사전·사후 점검에서 같은 생각끼리 짝을 짓습니다).
    """

    name: str
    ask: str
    choices: tuple[Choice, ...] = ()
    lines: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    why: str = ""
    code: bool = False
    idea: str = ""

    @property
    def shown(self) -> tuple[str, ...]:
        """보이는 차례대로의 보기나 줄입니다. 줄은 이름으로 정해지는, 맞지 않는 차례로 섞습니다."""
        if self.choices:
            return tuple(choice.text for choice in self.choices)
        mixed = list(self.lines)
        shuffler = random.Random(self.name)
        while not self._broken(mixed):
            shuffler.shuffle(mixed)
        return tuple(mixed)

    def judge(self, answer: int | Sequence[str]) -> Verdict:
        """답을 판정합니다. 고르는 문제의 답은 보기의 번호(0부터), 순서 문제의 답은 줄의 목록입니다."""
        if self.choices:
            if not isinstance(answer, int) or not 0 <= answer < len(self.choices):
                raise self._no_answer(answer, f"0부터 {len(self.choices) - 1}까지의 번호 하나")
            choice = self.choices[answer]
            missed = (choice.misconception,) if choice.misconception else ()
            return Verdict(choice.right, (choice.why,), missed)
        if not isinstance(answer, list | tuple) or sorted(map(str, answer)) != sorted(self.lines):
            raise self._no_answer(answer, "모든 줄을 한 번씩 적은 목록")
        broken = self._broken(answer)
        if not broken:
            return Verdict(True, (self.why,))
        return Verdict(
            False,
            tuple(dict.fromkeys(rule.why for rule in broken)),
            tuple(dict.fromkeys(rule.misconception for rule in broken)),
        )

    def _broken(self, order: Sequence[str]) -> list[Rule]:
        return [rule for rule in self.rules if order.index(rule.first) > order.index(rule.then)]

    def _no_answer(self, answer: Any, wanted: str) -> UsageMistake:
        seen = f"{self.name}: {answer!r}"
        return UsageMistake("이 문제의 답이 아닙니다.", seen=seen, todo=f"답은 {wanted}입니다.")


@dataclass(frozen=True)
class Quiz:
    """함께 푸는 문제들입니다. 이름은 수업의 번호로 시작합니다(``"06-cache"``)."""

    name: str
    title: str
    questions: tuple[Question, ...]

    @property
    def lesson(self) -> str:
        """이 문제들이 속한 수업의 번호입니다."""
        return self.name[:2]

    def question(self, name: str) -> Question:
        """이름으로 문제를 찾습니다."""
        for each in self.questions:
            if each.name == name:
                return each
        raise UsageMistake(
            "그런 문제가 없습니다.", seen=name, todo=f"있는 문제: {', '.join(q.name for q in self.questions)}"
        )

    def answer(self, name: str, answer: int | Sequence[str]) -> Verdict:
        """문제에 답하고 판정을 돌려줍니다. 답과 판정은 나의 기록에 남습니다."""
        verdict = self.question(name).judge(answer)
        journal.write(
            self.lesson, "answer", quiz=self.name, question=name, answer=answer, right=verdict.right,
            misconceptions=verdict.misconceptions,
        )  # fmt: skip
        return verdict


def find(name: str) -> Quiz:
    """이름으로 문제들을 찾습니다."""
    there = quizzes(name[:2])
    if name in there:
        return there[name]
    raise UsageMistake(
        "그런 이름의 문제가 없습니다.", seen=repr(name), todo=f"있는 이름: {', '.join(there) or '없음'}"
    )


def quizzes(lesson: str) -> Mapping[str, Quiz]:
    """수업 하나의 문제들을 이름마다 돌려줍니다. 없으면 빈 사전입니다."""
    file = FOLDER / f"{lesson}.toml"
    return load(file) if lesson.isdigit() and file.is_file() else {}


@cache
def load(file: Path) -> Mapping[str, Quiz]:
    """파일의 문제들을 읽고, 잘못 적은 것이 하나라도 있으면 ``QuizBroken``입니다."""
    try:
        records = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise _broken(file, "", f"TOML이 아닙니다: {error}") from error
    if set(records) != {"quiz"}:
        raise _broken(file, "", f"[[quiz]]만 적습니다. 적힌 것: {', '.join(records)}")
    found: dict[str, Quiz] = {}
    for record in records["quiz"]:
        quiz = _quiz(file, record)
        if quiz.name in found or not quiz.name.startswith(f"{file.stem}-"):
            raise _broken(file, quiz.name, "이름은 겹치지 않고 파일의 번호로 시작합니다.")
        found[quiz.name] = quiz
    return found


def _quiz(file: Path, record: dict[str, Any]) -> Quiz:
    name = record.get("name", "")
    plain = {**record, "questions": tuple(_question(file, name, each) for each in record.get("question", ()))}
    plain.pop("question", None)
    quiz = _made(Quiz, file, name, plain)
    names = [question.name for question in quiz.questions]
    if not names or len(set(names)) < len(names):
        raise _broken(file, name, "문제가 하나 이상 있고 이름이 겹치지 않아야 합니다.")
    return quiz


def _question(file: Path, quiz: str, record: dict[str, Any]) -> Question:
    where = f"{quiz}/{record.get('name', '')}"
    plain = dict(record)
    plain["choices"] = tuple(_made(Choice, file, where, each) for each in plain.pop("choice", ()))
    plain["rules"] = tuple(_made(Rule, file, where, each) for each in plain.pop("rule", ()))
    plain["lines"] = tuple(plain.get("lines", ()))
    question = _made(Question, file, where, plain)
    for problem in _problems(question):
        raise _broken(file, where, problem)
    return question


def _problems(question: Question) -> list[str]:
    choices, lines, rules = question.choices, question.lines, question.rules
    texts = [choice.text for choice in choices] or list(lines)
    checks = (
        (bool(choices) == bool(lines), "보기(choice)와 줄(lines) 가운데 하나만 있어야 합니다."),
        (len(texts) < 2 or len(set(texts)) < len(texts), "보기나 줄은 둘 이상이고 겹치지 않아야 합니다."),
        (bool(choices) and sum(choice.right for choice in choices) != 1, "맞는 보기가 하나여야 합니다."),
        (any(not c.right and not c.misconception for c in choices), "틀린 보기마다 오개념을 적습니다."),
        (any(c.right and c.misconception for c in choices), "맞는 보기에는 오개념이 없습니다."),
        (len({c.why for c in choices}) < len(choices), "보기마다 까닭(why)이 달라야 합니다."),
        (bool(lines) and not (rules and question.why), "순서 문제에는 rule과 why가 있어야 합니다."),
        (bool(choices) and bool(rules or question.why), "고르는 문제의 까닭은 보기마다 적습니다."),
        (any({r.first, r.then} - set(lines) for r in rules), "규칙의 줄이 lines에 없습니다."),
    )
    found = [problem for wrong, problem in checks if wrong]
    if not found and lines:
        found += [f"lines의 순서가 규칙과 어긋납니다: {rule.why}" for rule in question._broken(lines)]
    return found


def _made(kind: type, file: Path, where: str, record: dict[str, Any]) -> Any:
    """A dataclass from a table, with its own name for every field that is missing, unknown or empty."""
    names = {each.name for each in fields(kind)}
    if unknown := set(record) - names:
        raise _broken(file, where, f"모르는 이름: {', '.join(sorted(unknown))}")
    try:
        made = kind(**record)
    except TypeError as error:
        raise _broken(file, where, f"빠진 것이 있습니다: {error}") from error
    for each in fields(kind):
        value = getattr(made, each.name)
        given = each.name in record
        if each.type == "str" and not (isinstance(value, str) and (value.strip() or not given)):
            raise _broken(file, where, f"{each.name}이(가) 글이 아니거나 비어 있습니다.")
        if each.type == "bool" and not isinstance(value, bool):
            raise _broken(file, where, f"{each.name}은(는) true나 false입니다.")
    return made


def _broken(file: Path, where: str, problem: str) -> QuizBroken:
    return QuizBroken(
        f"문제의 파일을 읽을 수 없습니다: {file.name}",
        seen=f"{where}: {problem}" if where else problem,
        todo="CONTRIBUTING.md의 ‘문제를 더하려면’을 보고 고치십시오.",
    )
