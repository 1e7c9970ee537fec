"""명령과 그 답을 터미널에서 보던 모양으로 보여 줍니다: docker 명령, 게스트의 셸."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from dockerlab.views.text import printable

if TYPE_CHECKING:
    from dockerlab.client import Said, Transcript
    from dockerlab.vm import Ran

_FRAME = "border-left:4px solid var(--jp-border-color1,#8c8c8c);padding:4px 10px;margin:2px 0"
_INK = "color:var(--jp-content-font-color1,inherit);background:transparent"
_FONT = "font-family:var(--jp-code-font-family,monospace)"
_PRE = f"margin:0;{_FONT};{_INK};max-height:30em;overflow:auto"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # a guest's ls thinks that its console is a coloured one


class Exchange(NamedTuple):
    """명령 하나와 그 답입니다. 명령은 비어 있을 수 있습니다."""

    command: str
    output: str
    exit_code: int


def of_said(said: Said) -> tuple[Exchange, ...]:
    """docker 명령 하나의 주고받음입니다."""
    return (Exchange(said.command, said.stdout + said.stderr, said.exit_code),)


def of_transcript(transcript: Transcript) -> tuple[Exchange, ...]:
    """차례로 실행한 docker 명령들의 주고받음입니다."""
    return tuple(each for said in transcript.said for each in of_said(said))


def of_ran(ran: Ran) -> tuple[Exchange, ...]:
    """게스트의 셸이 한 답입니다."""
    return (Exchange("", _COLOUR.sub("", ran.output), ran.exit_code),)


def exchanges_text(exchanges: tuple[Exchange, ...]) -> str:
    """``$ 명령`` 아래에 답을 적습니다. 0이 아닌 종료 코드는 대괄호로 적습니다."""
    return "\n".join(line for each in exchanges for line in _lines(each))


def exchanges_html(exchanges: tuple[Exchange, ...]) -> str:
    """글과 같은 것을, 명령은 굵게 하여 적습니다."""
    body = "\n".join(
        f"<strong>{escape(line)}</strong>" if each.command and at == 0 else escape(line)
        for each in exchanges
        for at, line in enumerate(_lines(each))
    )
    return f'<div class="dockerlab" style="{_FRAME}"><pre style="{_PRE}">{body}</pre></div>'


def _lines(each: Exchange) -> list[str]:
    lines = [f"$ {printable(each.command)}"] if each.command else []
    said = printable(each.output).rstrip("\n")
    lines += said.split("\n") if said else []
    return lines + ([f"[종료 코드 {each.exit_code}]"] if each.exit_code else [])
