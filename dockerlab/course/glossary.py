"""용어집입니다. 과정의 모든 글이 같은 것을 같은 이름으로 부릅니다."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dockerlab.errors import UsageMistake

_FILE = Path(__file__).with_name("glossary.toml")


@dataclass(frozen=True)
class Term:
    """용어 하나입니다. ``instead``는 이 과정이 그 대신 쓰지 않는 말입니다."""

    korean: str
    english: str
    line: str
    instead: tuple[str, ...] = ()


@dataclass(frozen=True)
class Glossary:
    """용어들입니다."""

    terms: tuple[Term, ...]


def glossary(word: str = "") -> Glossary:
    """용어집을 돌려줍니다. 한국어나 영어를 적으면 그 말이 든 용어만 찾습니다."""
    found = tuple(
        term for term in terms() if word.casefold() in f"{term.korean} {term.english} {term.line}".casefold()
    )
    if not found:
        raise UsageMistake(
            "용어집에 없는 말입니다.", seen=word, todo="lab.glossary()로 모든 용어를 볼 수 있습니다."
        )
    return Glossary(found)


@cache
def terms() -> tuple[Term, ...]:
    """모든 용어입니다."""
    return tuple(
        Term(record["korean"], record["english"], record["line"], tuple(record.get("instead", ())))
        for record in _records()["term"]
    )


@cache
def plain_words() -> frozenset[str]:
    """글에 영어 그대로 적어도 되는 말입니다."""
    return frozenset(_records()["plain"])


@cache
def _records() -> dict:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))
