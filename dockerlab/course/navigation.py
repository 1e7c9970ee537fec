"""노트북의 첫 글 셀과 마지막 글 셀 끝에 놓는, 이전과 다음 수업으로 가는 길과 차례입니다.

Written by ``dockerlab.course.execution``, checked by the lint: nobody keeps links by hand. Run as
``python -m dockerlab.course.navigation notebooks`` when only the list of lessons has changed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat

from dockerlab.course.lessons import Lesson, all_lessons

_HEADING = re.compile(r"^## +(.+?)\s*$", re.MULTILINE)
_PUT = re.compile(r"\s*\n---\n\n(?:약 \d+분|이전: |다음: )[^\n]*(?:\n\n차례: [^\n]*)?\s*\Z")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def path_line(lesson: Lesson) -> str:
    """이전과 다음 수업으로 가는 길입니다."""
    lessons = all_lessons()
    at = lessons.index(lesson)
    parts = []
    if at > 0:
        parts.append(f"이전: {_link(lessons[at - 1])}")
    if at + 1 < len(lessons):
        parts.append(f"다음: {_link(lessons[at + 1])}")
    return " · ".join([*parts, "[수업 목록](../README.md#수업)"])


def contents_line(headings: Sequence[str]) -> str:
    """노트북의 큰 제목(``##``)으로 가는 차례입니다."""
    return "차례: " + " · ".join(f"[{_words(heading)}](#{_anchor(heading)})" for heading in headings)


def put(cells: Sequence[Any], lesson: Lesson) -> None:
    """노트북의 셀들에 길과 차례를 넣습니다. 이미 있으면 지금의 것으로 바꿉니다."""
    words = [cell for cell in cells if cell.cell_type == "markdown"]
    if not words:
        return
    for cell in words:
        cell.source = without(cell.source)
    headings = _HEADING.findall(_FENCED.sub("", "\n".join(cell.source for cell in words)))
    path = path_line(lesson)
    top = f"약 {lesson.minutes}분 · {path}" + (f"\n\n{contents_line(headings)}" if headings else "")
    words[0].source = f"{words[0].source.rstrip()}\n\n---\n\n{top}"
    if len(words) > 1:
        words[-1].source = f"{words[-1].source.rstrip()}\n\n---\n\n{path}"


def without(source: str) -> str:
    """길과 차례를 뺀 셀의 글입니다."""
    return _PUT.sub("", source)


def _link(lesson: Lesson) -> str:
    return f"[{lesson.number}. {lesson.title}]({lesson.file})"


def _anchor(heading: str) -> str:
    """JupyterLab, nbviewer and GitHub's view of notebooks keep the heading's words, joined by hyphens."""
    return re.sub(r"\s+", "-", _words(heading)).replace("(", "%28").replace(")", "%29")


def _words(heading: str) -> str:
    return re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", lambda found: found.group(1) or "", heading)


def main(folders: Sequence[str]) -> None:
    """폴더에 있는 수업들의 길과 차례를, 다시 실행하지 않고 고칩니다."""
    for lesson in all_lessons():
        for path in (Path(folder, lesson.file) for folder in folders):
            if path.is_file():
                notebook = nbformat.read(path, as_version=4)
                put(notebook.cells, lesson)
                nbformat.write(notebook, path)


if __name__ == "__main__":
    main(sys.argv[1:])
