"""한 장(``Sheet``)을 터미널과 화면 낭독기가 읽는 글로 적습니다."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from dockerlab.views.sheets import Sheet
from dockerlab.views.units import seconds

# Terminals obey these; whatever a container printed must not move the cursor of the learner's screen.
_KEPT = {"\n", "\t"}


def text(sheet: Sheet) -> str:
    """제목, 글 덩이, 단계, 표, 주의할 점을 차례로 적습니다."""
    parts = [printable(sheet.caption)]
    for name, content in sheet.blocks:
        parts.append(f"[{name}]\n{printable(content).rstrip(chr(10))}")
    if sheet.bar:
        parts.append("단계: " + " → ".join(f"{name} {seconds(spent)}" for name, spent in sheet.bar))
    if sheet.rows:
        parts.append(_table(sheet.columns, sheet.rows))
    if sheet.verdict:
        parts.append(printable(sheet.verdict))
    parts += [f"※ {printable(each)}" for each in (*sheet.notes, *sheet.folded)]
    return "\n".join(parts)


def printable(content: str) -> str:
    """제어 문자를 눈에 보이는 모양(``\\x1b``)으로 바꿉니다. 줄바꿈과 탭은 그대로 둡니다."""
    return "".join(
        letter if letter in _KEPT or unicodedata.category(letter) not in {"Cc", "Cs"} else _escaped(letter)
        for letter in content.replace("\r\n", "\n")
    )


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [[printable(cell).replace("\n", " ") for cell in row] for row in (columns, *rows)]
    widths = [max(_width(row[at]) for row in lines) for at in range(len(columns))]
    return "\n".join("  ".join(map(_padded, row, widths)).rstrip() for row in lines)


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - _width(cell))


def _width(cell: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in cell)
