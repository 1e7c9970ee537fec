"""명령줄과 매직이 함께 쓰는, 한국어로 말하는 인자 해석기입니다."""

from __future__ import annotations

import argparse
import math
import re
import shlex
from typing import Any, NoReturn

from dockerlab.errors import UsageMistake

# What argparse can say, in the order it is looked up. Anything else is shown as it is.
_SENTENCES = (
    (r"the following arguments are required: (.+)", r"꼭 있어야 하는 인자가 빠졌습니다: \1"),
    (r"unrecognized arguments: (.+)", r"모르는 인자가 있습니다: \1"),
    (
        r"argument (.+?): invalid choice: (.+?) \(choose from (.+)\)",
        r"\1에 쓸 수 없는 값입니다: \2 (가능한 값: \3)",
    ),
    (r"argument (.+?): invalid \w+ value: (.+)", r"\1에 쓸 수 없는 값입니다: \2"),
    (r"argument (.+?): expected (?:one|at least one) argument", r"\1 뒤에 값이 필요합니다"),
    (r"argument (.+?): not allowed with argument (.+)", r"\1 인자와 \2 인자는 함께 쓸 수 없습니다"),
    (r"ambiguous option: (.+?) could match (.+)", r"\1 인자는 뜻이 여럿입니다: \2"),
    (r"argument (.+?): (.+)", r"\1: \2"),
)


class Arguments(argparse.ArgumentParser):
    """잘못된 인자를 ``UsageMistake``로 알리는 해석기입니다. 프로그램을 끝내지 않습니다."""

    def __init__(self, *args, **options) -> None:
        options.setdefault("formatter_class", _KoreanHelp)
        wants_help = options.pop("add_help", True)
        super().__init__(*args, add_help=False, allow_abbrev=False, **options)
        self._positionals.title = "인자"
        self._optionals.title = "선택 항목"
        if wants_help:
            self.add_argument("-h", "--help", action="help", help="이 도움말을 보여 줍니다")

    def error(self, message: str) -> NoReturn:
        for pattern, sentence in _SENTENCES:
            message, replaced = re.subn(f"^{pattern}$", sentence, message)
            if replaced:
                break
        usage = " ".join(self.format_usage().split())
        raise UsageMistake(f"{self.prog} 명령을 잘못 적었습니다.", seen=message, todo=usage)


class _KoreanHelp(argparse.HelpFormatter):
    def add_usage(self, usage, actions, groups, prefix=None):
        super().add_usage(usage, actions, groups, "사용법: " if prefix is None else prefix)


def parsed_line(grammar: Arguments, line: str) -> Any:
    """매직의 한 줄을 읽은 값들입니다. 도움말만 청했으면 도움말을 찍고 ``None``을 돌려줍니다."""
    try:
        return grammar.parse_args(split(line, grammar.prog))
    except SystemExit:
        return None


def split(text: str, where: str) -> list[str]:
    """글을 셸처럼 따옴표를 지켜 단어로 나눕니다."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UsageMistake(
            f"{where}의 따옴표가 맞지 않습니다.", seen=text, todo="따옴표를 닫으십시오."
        ) from error


def variable_name(name: str | None) -> str | None:
    """``--as`` 뒤에 적은 변수의 이름을 살펴 그대로 돌려줍니다."""
    if name is not None and not name.isidentifier():
        raise UsageMistake("변수의 이름으로 쓸 수 없습니다.", seen=name, todo="예: --as result")
    return name


def count(text: str) -> int:
    """1 이상의 정수를 읽습니다."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"1 이상의 정수여야 합니다 ({text!r})")
    return int(text)


def port(text: str) -> int:
    """포트 번호(1~65535)를 읽습니다."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"1부터 65535 사이의 정수여야 합니다 ({text!r})")
    return int(text)


def seconds(text: str) -> float:
    """0보다 큰 초를 읽습니다."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"0보다 큰 초여야 합니다 ({text!r})")
    return value


def size(text: str) -> int:
    """``64m``, ``1g`` 같은 크기를 바이트로 읽습니다. Docker처럼 1024를 곱해 갑니다."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([bkmg]?)(?:i?b)?", text.strip().lower())
    if match is None:
        raise argparse.ArgumentTypeError(f"크기는 64m, 1g처럼 적습니다 ({text!r})")
    return int(float(match[1]) * 1024 ** " kmg".index(match[2].replace("b", "") or " "))


def amount(text: str) -> int:
    """``20MB``, ``1.5GiB`` 같은 양을 바이트로 읽습니다. MB는 1000을, MiB는 1024를 곱해 갑니다."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?)b?|b?)", text.strip().lower())
    if match is None:
        raise argparse.ArgumentTypeError(f"크기는 20MB, 1GiB처럼 적습니다 ({text!r})")
    number, letter, binary = match.groups()
    return int(float(number) * (1024 if binary else 1000) ** " kmgt".index(letter or " "))


def share(text: str) -> float:
    """0부터 1까지의 비율을 읽습니다."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"0부터 1까지의 비율이어야 합니다 ({text!r})")
    return value
