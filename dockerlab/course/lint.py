"""노트북에서 nbval이 말없이 지나치는 것과 읽기 나쁜 것을 찾습니다.

nbval compares nothing in a cell that was never run, accepts any picture, and ignores tags it does not
know: a notebook saved without outputs is green. This check is what makes a green nbval mean something.
"""

from __future__ import annotations

import ast
import copy
import json
import re
import warnings
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

import nbformat
import nbformat.warnings

from dockerlab.course import language, navigation
from dockerlab.course.lessons import Lesson, all_lessons

LONGEST_CELL = 15
DEFINING = {"10"}
"""함수를 정의해도 되는 수업입니다."""
TAGS = {"nbval-ignore-output", "nbval-check-output", "raises-exception", "hide-input", "parameters"}
_ABSOLUTE_PATH = re.compile(r"(?<![\w.:/>])(?:/(?:home|root|Users|work|workspace|opt)/\w|[A-Z]:\\\w)")
# CommonMark leaves the asterisks of **굵게(bold)**는 standing: a closing mark after punctuation ends a word.
_BROKEN_BOLD = re.compile(r"[^\w\s*]\*\*(?=[가-힣])")
_PREDICTED = re.compile(r"""\blab\.predict\(\s*(["'].*?["'])""")
# A line magic or a shell command, with its continued lines, alone or as the right side of "name = %…".
_MAGIC = re.compile(r"^(\s*(?:[\w, ]+=\s*)?)[%!](?:.*\\\n)*.*$", re.MULTILINE)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_ASSERTION = re.compile(r"^\s*assert\b", re.MULTILINE)
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
# Package registries and mirrors by the start of their SHA-256: a list of names would be its own find.
_REGISTRIES = frozenset(
    [
        "e680c440a2e92079",
        "1ba4e37997a2e986",
        "2e97613f5a81eaa4",
        "a0f007d863a0ed19",
        "e514b0d3b0562f54",
        "a4aa2ac280bb8d1a",
        "c899567ee9068517",
        "8b5bb5eb9d758455",
        "0dc11026ac75c015",
        "8743857e3ea00fd1",
        "4db460c55b85212e",
    ]
)


def problems(path: Path) -> list[str]:
    """노트북 하나의 문제를 사람이 읽을 문장으로 돌려줍니다. 빈 목록이면 깨끗합니다."""
    text = path.read_text(encoding="utf-8")
    ids = Counter(cell.get("id") for cell in json.loads(text)["cells"])
    with warnings.catch_warnings():
        # nbformat repairs repeated ids while reading and only warns; they are counted above.
        warnings.simplefilter("ignore", nbformat.warnings.DuplicateCellId)
        warnings.simplefilter("ignore", nbformat.warnings.MissingIDFieldWarning)
        notebook = nbformat.reads(text, as_version=nbformat.NO_CONVERT)
        try:
            nbformat.validate(notebook)
        except nbformat.ValidationError as error:
            return [f"not a valid notebook: {error.message}"]
    found = [f"cell id {name!r} is used {times} times" for name, times in ids.items() if name and times > 1]
    found += _of_notebook(notebook)
    proven = "\n".join(cell.source for cell in notebook.cells if _ASSERTION.search(cell.source))
    expected_count = 1
    for number, cell in enumerate(notebook.cells):
        name = f"cell {number} ({cell.get('id', 'no id')})"
        found += [f"{name}: {problem}" for problem in _of_text(json.dumps(cell, ensure_ascii=False))]
        if cell.cell_type == "markdown":
            found += [f"{name}: bold does not end: {text}" for text in _unended_bold(cell.source)]
            found += [f"{name}: {problem}" for problem in language.problems(cell.source)]
        if cell.cell_type == "code":
            found += [f"{name}: {problem}" for problem in _of_code(cell, expected_count, proven)]
            expected_count += 1
    lesson = next((each for each in all_lessons() if each.file == path.name), None)
    return found + (_of_lesson(notebook, lesson) if lesson else [])


def _of_lesson(notebook: Any, lesson: Lesson) -> list[str]:
    words = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    if not words or not code:
        return ["a lesson has words and code"]
    put = copy.deepcopy(words)
    navigation.put(put, lesson)
    asked = Counter(_PREDICTED.findall("\n".join(code)))
    checks = (
        (not re.match(rf"# {lesson.number}\. {re.escape(lesson.title)}(?=[:\n]|$)", words[0].source),
         f"the title does not begin with '# {lesson.number}. {lesson.title}' of lessons.toml"),
        (f'lab.lesson("{lesson.number}")' not in code[0],
         f'the first code cell does not say lab.lesson("{lesson.number}")'),
        ([cell.source for cell in put] != [cell.source for cell in words],
         "links or contents are old: python -m dockerlab.course.navigation notebooks"),
        (lesson.number not in DEFINING and any(map(_defines, code)), "a function or a class is defined"),
    )  # fmt: skip
    found = [problem for wrong, problem in checks if wrong]
    return found + [f"asked twice: {question}" for question, times in asked.items() if times > 1]


def _defines(source: str) -> bool:
    """Whether a cell of Python defines something; what a ``%%magic`` runs elsewhere is its own matter."""
    if source.startswith("%%"):
        return False
    python = _MAGIC.sub(r"\1None", source)
    return any(isinstance(node, _DEFINITIONS) for node in ast.walk(ast.parse(python)))


def _of_notebook(notebook: Any) -> list[str]:
    found = []
    if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):
        found.append(f"format {notebook.nbformat}.{notebook.nbformat_minor} has no cell ids; 4.5 has")
    if "widgets" in notebook.metadata:
        found.append("widget state is saved in the file")
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        found.append("the kernel is not python3")
    return found


def registry_hosts(text: str) -> list[str]:
    """글에 적힌 패키지 레지스트리와 미러의 이름을 찾습니다. 그 이름은 컴퓨터의 설정에만 있어야 합니다."""
    found = []
    for name in set(_HOST.findall(text.lower())):
        parts = name.split(".")
        ends = (".".join(parts[at:]) for at in range(len(parts) - 1))
        if any(sha256(end.encode()).hexdigest()[:16] in _REGISTRIES for end in ends):
            found.append(name)
    return sorted(found)


def _of_text(text: str) -> list[str]:
    found = [f"an absolute path: {match.group()}…" for match in _ABSOLUTE_PATH.finditer(text)]
    return found + [f"a host name: {name}" for name in registry_hosts(text)]


def _unended_bold(source: str) -> list[str]:
    spans = re.findall(r"\*\*[^*\n]+\*\*.?", source)
    return [span for span in spans if _BROKEN_BOLD.search(span)]


def _asserted(source: str, proven: str) -> bool:
    """A cell magic asserts nothing itself: what it leaves ``--as NAME`` has to be asserted elsewhere."""
    if not source.startswith("%%"):
        return bool(_ASSERTION.search(source))
    kept = re.match(r"%%.* --as (\w+)", source)
    return bool(kept and re.search(rf"\b{kept[1]}\b", proven))


def _of_code(cell: Any, expected_count: int, proven: str) -> list[str]:
    tags = set(cell.metadata.get("tags", ()))
    lines = cell.source.splitlines()
    checks = (
        (not cell.source.strip(), "empty code cell"),
        (len(lines) > LONGEST_CELL, f"{len(lines)} lines; {LONGEST_CELL} is the limit"),
        (cell.execution_count is None, "was never run: nbval would pass it without comparing anything"),
        (cell.execution_count not in (None, expected_count), "was not run in order from a fresh kernel"),
        ("execution" in cell.metadata, "timing metadata is saved in the file"),
        (bool(tags - TAGS), f"tags that nobody reads: {', '.join(sorted(tags - TAGS))}"),
        (re.search(r"^\s*#\s*NBVAL_", cell.source, re.MULTILINE), "use a tag, not an NBVAL comment"),
        (
            "nbval-ignore-output" in tags and not _asserted(cell.source, proven),
            "its output is not compared and nothing is asserted",
        ),
        (
            "raises-exception" not in tags and any(out.output_type == "error" for out in cell.outputs),
            "an error is saved in the file",
        ),
        (any("UsageError:" in out.get("text", "") for out in cell.outputs), "a magic was mistyped"),
    )
    return [problem for wrong, problem in checks if wrong]
