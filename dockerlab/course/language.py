"""과정의 글에서 고칠 것을 찾습니다: 조사, 맺음말, 용어, 홀로 선 영어, 재지 않은 수.

It reads prose only: code, links, quotations, HTML and tables are not sentences of the course's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dockerlab.course.glossary import plain_words, terms

_NOT_PROSE = (
    re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL),
    re.compile(r"^(?: {0,3}>|\s*\|).*$", re.MULTILINE),  # what the book says; tables
    re.compile(r"^(?:약 \d+분 · |이전: |다음: |차례: ).*$", re.MULTILINE),  # written by navigation.py
    re.compile(r"<code>.*?</code>|<[^>]+>"),
    re.compile(r"\b[a-z_]+\(\d\)"),  # manual pages: namespaces(7)
    re.compile(r"https?://\S+"),
)
_LINK = re.compile(r"\[([^\]]*)\]\([^)\s]*\)")  # an English title of a document is its name
_CODE = re.compile(r"``.+?``|`[^`\n]+`")
_QUOTED = re.compile(r"“[^”]*”|‘[^’]*’")
_PARTICLES = "은|는|을|를|의|에서|에게|으로|로|와|과|부터|까지|처럼|이나|이란|이라는|입니다"
_APART = re.compile(rf"([A-Za-z0-9`¤)\]*]+) ({_PARTICLES})(?=[\s,.!?])")
_PLAIN_ENDING = re.compile(r"[가-힣]*(?<!니)다[.!?](?=\s|$)")
_SOFT_ENDING = re.compile(r"[가-힣]*(?:[가-힣]요|죠)[.!?](?=\s|$)")
# 합니다체 asks with -ㄹ까요? and invites with -ㅂ시다. too; the nouns are no endings at all.
_FORMAL = ("까요", "시다", "필요", "중요", "주요", "개요", "수요", "소요")
# Not a path, an option or the second word of a name (OOM killer).
_LATIN = re.compile(
    r"(?<![A-Za-z0-9_./\-=~@%\\])(?<![A-Za-z] )[a-z][a-z_-]*[a-z](?![A-Za-z0-9_/=\-\\]|\.[a-z])"
)
_GLOSS = re.compile(r"\([^()]*\)")
_MEASURED = re.compile(
    r"(?<![\w.~])(\d[\d,]*(?:\.\d+)?)\s?(ms|µs|초|분|시간|[kMGT]i?B|KB|배|%)(?![가-힣]*\s?(?:단위|동안 기다))"
)
# How the course reads a Latin word: whether its last syllable ends in a consonant.
_CLOSED = {
    **dict.fromkeys(("VM", "KVM", "Dockerfile", "Python", "Debian", "Alpine", "cgroup", "shim"), True),
    **dict.fromkeys(("JSON", "JupyterLab"), True),
    **dict.fromkeys(("QEMU", "Docker", "Linux", "containerd", "runc", "dockerd", "API", "CPU", "PID"), False),
    **dict.fromkeys(("HTTP", "Ubuntu", "TCG", "HVF", "OCI", "CLI", "GitHub", "TLS"), False),
}
_IN_RIEUL = {"Dockerfile"}  # after ㄹ it is 로: Dockerfile로
_WRONG = {True: ("는", "가", "를", "와", "로"), False: ("은", "을", "과", "으로")}


def prose(markdown: str) -> str:
    """글에서 문장만 남깁니다. 코드는 자리를 지키는 ``¤`` 하나로 바꿉니다."""
    for pattern in _NOT_PROSE:
        markdown = pattern.sub(lambda found: "\n" * found.group().count("\n"), markdown)
    markdown = _LINK.sub(lambda found: "¤" if found.group(1).isascii() else found.group(1), markdown)
    return _CODE.sub("¤", markdown)


def problems(markdown: str, *, measured: bool = True) -> list[str]:
    """글 하나에서 찾은, 고칠 것들입니다. ``measured``가 거짓이면 잰 값처럼 보이는 수를 찾지 않습니다."""
    text = prose(markdown)
    own = _QUOTED.sub("", text)
    found = [f"a particle stands apart: {match.group()}" for match in _APART.finditer(text)]
    found += [f"the wrong particle: {word}" for word in _wrong_particles(text)]
    found += [f"another style of ending: {word}" for word in _other_endings(own)]
    found += [f"write {right} for {wrong}" for right, wrong in _other_names(text)]
    found += [f"English that nobody explains: {word}" for word in _orphans(own)]
    if measured:
        found += [f"a number that no cell measures: {match.group()}" for match in _numbers(own)]
    return found


def _wrong_particles(text: str) -> Iterator[str]:
    for word, closed in _CLOSED.items():
        for match in re.finditer(rf"(?<![A-Za-z]){word}({'|'.join(_WRONG[closed])})(?![가-힣])", text):
            if not (word in _IN_RIEUL and match.group(1) == "로"):
                yield match.group()


def _other_endings(text: str) -> Iterator[str]:
    for pattern in (_PLAIN_ENDING, _SOFT_ENDING):
        for match in pattern.finditer(text):
            if not match.group().rstrip(".!?").endswith(_FORMAL):
                yield match.group()


def _other_names(text: str) -> Iterator[tuple[str, str]]:
    for term in terms():
        for other in term.instead:
            if other in text:
                yield term.korean, other


def _orphans(text: str) -> Iterator[str]:
    known = plain_words()
    explained = {word for gloss in _GLOSS.findall(text) for word in _LATIN.findall(gloss)}
    for match in _LATIN.finditer(_GLOSS.sub("", text)):
        if match.group() not in known and match.group() not in explained:
            yield match.group()


def _numbers(text: str) -> Iterator[re.Match[str]]:
    for match in _MEASURED.finditer(text):
        number, unit = float(match.group(1).replace(",", "")), match.group(2)
        round_number = number == int(number) and (number < 10 or number % 10 == 0 or not number % 8)
        if not round_number and (number, unit) != (95, "%"):
            yield match
