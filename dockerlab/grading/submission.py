"""제출한 노트북을 엄격하게 읽습니다. 믿는 것은 셀의 종류와 글뿐이고, 태그와 출력과 메타데이터는 버립니다."""

from __future__ import annotations

import json
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dockerlab.errors import SubmissionRejected

LARGEST_FILE = 5 * 2**20
MOST_CELLS = 500
LONGEST_CELL = 100_000  # characters
DEEPEST = 40  # brackets; outputs of widgets stay below
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")


@dataclass(frozen=True)
class Cell:
    """노트북의 셀 하나입니다. ``id``가 없던 형식(4.4 이하)이면 비어 있습니다."""

    kind: str
    source: str
    id: str = ""


def cells(content: bytes) -> tuple[Cell, ...]:
    """노트북의 셀들을 읽습니다.

    Raises:
        SubmissionRejected: 읽을 수 없거나, 노트북이 아니거나, 한도를 넘을 때.
    """
    text = _text(content)
    _shallow(text)
    notebook = _parsed(text)
    if not isinstance(notebook, dict):
        raise _rejected("노트북이 아닙니다.", f"JSON의 맨 바깥이 {_kind(notebook)}입니다.")
    _format(notebook)
    listed = notebook.get("cells")
    if not isinstance(listed, list) or not listed:
        raise _rejected("셀이 없는 노트북입니다.", "cells가 비어 있습니다.")
    if len(listed) > MOST_CELLS:
        raise _rejected("셀이 너무 많습니다.", f"{len(listed):,}개(한도 {MOST_CELLS}개)")
    read_cells = tuple(_cells(listed))
    repeated = [
        each for each, times in Counter(cell.id for cell in read_cells if cell.id).items() if times > 1
    ]
    if repeated:
        raise _rejected("셀의 id가 겹칩니다.", f"겹친 id: {', '.join(map(repr, sorted(repeated)[:5]))}")
    return read_cells


def content(path: Path) -> bytes:
    """파일의 바이트입니다. 파일이 아니거나, 열 수 없거나, 너무 크면 ``SubmissionRejected``입니다."""
    try:
        # Not a pipe that never ends, nor a device: open without waiting, then look at what it is.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _rejected("파일을 열 수 없습니다.", f"{error.strerror}") from error
    with open(descriptor, "rb") as file:
        told = os.fstat(descriptor)
        if not stat.S_ISREG(told.st_mode):
            raise _rejected("파일이 아닙니다.", "폴더나 장치입니다.")
        if told.st_size > LARGEST_FILE:
            raise _rejected(
                "파일이 너무 큽니다.",
                f"{told.st_size:,}바이트(한도 {LARGEST_FILE:,}바이트)",
                "출력을 모두 지우고 저장하여 다시 제출하십시오.",
            )
        return file.read(LARGEST_FILE + 1)


def _text(content: bytes) -> str:
    if not content.strip():
        raise _rejected("빈 파일입니다.", "내용이 없습니다.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        encoding = "CP949(EUC-KR)" if _decodes(content, "cp949") else "알 수 없음"
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            encoding = "UTF-16"
        raise _rejected(
            "UTF-8로 저장되지 않은 파일입니다.",
            f"{error.start}번째 바이트부터 UTF-8이 아닙니다(짐작되는 인코딩: {encoding}).",
            "JupyterLab에서 열어 저장하면 UTF-8이 됩니다.",
        ) from error
    if "\0" in text:
        raise _rejected("파일에 NUL 문자가 있습니다.", "글이 아닌 내용이 섞여 있습니다.")
    return text


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _shallow(text: str) -> None:
    """Python's parser is recursive: count brackets outside of strings before it sees them."""
    depth = 0
    for found in re.finditer(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', text, re.DOTALL):
        mark = found.group()
        if mark in ("[", "{"):
            depth += 1
            if depth > DEEPEST:
                raise _rejected("너무 깊이 겹친 JSON입니다.", f"괄호가 {DEEPEST}겹을 넘습니다.")
        elif mark in ("]", "}"):
            depth -= 1


def _parsed(text: str) -> Any:
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=_number,
            parse_float=_number,
        )
    except SubmissionRejected:
        raise
    except (ValueError, RecursionError) as error:
        raise _rejected("JSON으로 읽을 수 없는 파일입니다.", str(error)) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        twice = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        raise _rejected("같은 열쇠가 두 번 나오는 JSON입니다.", f"두 번 나온 열쇠: {twice!r}")
    return made


def _no_constant(text: str) -> Any:
    raise _rejected("JSON에 없는 값이 있습니다.", text)


def _number(text: str) -> int | float:
    if len(text) > 40:
        raise _rejected("너무 긴 수가 있습니다.", f"{len(text):,}자리")
    return float(text) if any(letter in text for letter in ".eE") else int(text)


def _format(notebook: dict[str, Any]) -> None:
    major, minor = notebook.get("nbformat"), notebook.get("nbformat_minor")
    if type(major) is not int or type(minor) is not int:
        raise _rejected("노트북이 아닙니다.", "nbformat이 적혀 있지 않습니다.")
    if major < 4:
        raise _rejected(
            "오래된 형식의 노트북입니다.",
            f"nbformat {major}",
            "JupyterLab에서 열어 저장하면 새 형식이 됩니다. 그 파일을 제출하십시오.",
        )
    if major > 4:
        raise _rejected("이 과정이 모르는 새 형식의 노트북입니다.", f"nbformat {major}")


def _cells(raw: list[Any]) -> Iterator[Cell]:
    for at, cell in enumerate(raw):
        if not isinstance(cell, dict):
            raise _rejected("셀이 아닌 것이 셀의 자리에 있습니다.", f"{at}번째: {_kind(cell)}")
        kind, source, identity = cell.get("cell_type"), cell.get("source"), cell.get("id", "")
        if kind not in ("code", "markdown", "raw"):
            raise _rejected("모르는 종류의 셀이 있습니다.", f"{at}번째: {kind!r}")
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if not isinstance(source, str):
            raise _rejected("셀의 내용이 글이 아닙니다.", f"{at}번째: {_kind(source)}")
        if len(source) > LONGEST_CELL:
            raise _rejected("셀이 너무 깁니다.", f"{at}번째: {len(source):,}글자(한도 {LONGEST_CELL:,}글자)")
        if any("\ud800" <= letter <= "\udfff" for letter in source):
            raise _rejected("글자가 아닌 부호(짝 없는 서로게이트)가 있습니다.", f"{at}번째 셀")
        if not isinstance(identity, str) or (identity and not _ID.match(identity)):
            raise _rejected("셀의 id가 올바르지 않습니다.", f"{at}번째: {str(identity)[:60]!r}")
        yield Cell(kind, source.replace("\r\n", "\n").replace("\r", "\n"), identity)


def _kind(value: Any) -> str:
    names = {dict: "객체", list: "목록", str: "글", bool: "참·거짓", type(None): "null"}
    return names.get(type(value), "수")


def _rejected(
    what: str, seen: str, todo: str = "연습 노트북을 JupyterLab에서 열어 저장한 파일을 제출하십시오."
):
    return SubmissionRejected(what, seen=seen, todo=todo)
