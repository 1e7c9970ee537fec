"""한 장(``Sheet``)을 노트북의 HTML로 적습니다. 밝은 화면과 어두운 화면을 모두 따릅니다.

Text keeps the theme's own colours (their contrast is the theme's promise); GitHub strips <style>, so every
style is inline and falls back to what surrounds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from dockerlab.views import style
from dockerlab.views.sheets import Sheet
from dockerlab.views.text import printable
from dockerlab.views.units import seconds

_INK = "color:var(--jp-content-font-color1,inherit)"
_LINE = "1px solid var(--jp-border-color1,#8c8c8c)"
_CELL = f"border-bottom:{_LINE};padding:4px 10px;text-align:left;vertical-align:top;{_INK}"
_PRE = (
    f"{_INK};background:transparent;border:{_LINE};border-left-width:4px;padding:6px 10px;margin:2px 0 8px;"
    "max-height:24em;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere"
)
_MARKS = "①②③④⑤⑥⑦⑧⑨⑩"


def html(sheet: Sheet) -> str:
    """제목, 글 덩이, 단계의 막대, 표, 주의할 점을 차례로 적습니다. 모든 글은 이스케이프합니다."""
    parts = [] if sheet.rows else [f"<div><strong>{_safe(sheet.caption)}</strong></div>"]
    for name, content in sheet.blocks:
        parts.append(f'<div style="{_INK}">{_safe(name)}</div><pre style="{_PRE}">{_safe(content)}</pre>')
    if sheet.rows:
        parts.append(_table(sheet.caption, sheet.columns, sheet.rows))
    if sheet.bar:
        parts.append(_bar(sheet.bar))
    if sheet.verdict:
        parts.append(f'<div style="margin:4px 0;max-width:60em">{_safe(sheet.verdict)}</div>')
    if sheet.notes:
        parts.append(_list(sheet.notes))
    if sheet.folded:
        summary = f"<summary>줄마다 주의할 점 {len(sheet.folded)}가지</summary>"
        parts.append(f"<details>{summary}{_list(sheet.folded)}</details>")
    return f'<div class="dockerlab" lang="ko" style="{_INK}">{"".join(parts)}</div>'


def _list(lines: Sequence[str]) -> str:
    items = "".join(f"<li>{_safe(each)}</li>" for each in lines)
    return f'<ul style="margin:4px 0;font-size:90%">{items}</ul>'


def _table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col" style="{_CELL}">{_safe(column)}</th>' for column in columns)
    body = "".join(
        f'<tr><th scope="row" style="{_CELL};font-weight:normal">{_safe(first)}</th>'
        + "".join(f'<td style="{_CELL}">{_safe(cell)}</td>' for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return (
        f'<table style="border-collapse:collapse;margin:4px 0;min-width:min(28em,100%)">'
        f'<caption style="{_INK};text-align:left;font-weight:bold;caption-side:top;padding:4px 0">'
        f"{_safe(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _bar(stretches: Sequence[tuple[str, float]]) -> str:
    """The drawn bar is for the eye only; the list under it says the same and is what is read aloud."""
    total = sum(spent for _, spent in stretches) or 1.0
    drawn, listed = [], []
    for at, (name, spent) in enumerate(stretches):
        colour = style.COLOURS[at % len(style.COLOURS)]
        drawn.append(f'<td style="width:{100 * spent / total:.1f}%;background:{colour};padding:0"></td>')
        mark = f'<span aria-hidden="true" style="border-bottom:4px solid {colour}">{_MARKS[at % 10]}</span>'
        listed.append(f'<span style="white-space:nowrap;margin-right:12px">{mark} {_safe(name)} '
                      f"{seconds(spent)}</span>")  # fmt: skip
    return (
        f'<table role="presentation" aria-hidden="true" style="width:100%;max-width:640px;height:12px;'
        f'border:{_LINE};border-collapse:collapse;margin:4px 0;table-layout:fixed"><tr>{"".join(drawn)}</tr>'
        f'</table><div style="font-size:90%">{" ".join(listed)}</div>'
    )


def _safe(content: str) -> str:
    return escape(printable(content))
