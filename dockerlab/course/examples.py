"""노트북에 예로 적어 둔 예상입니다. 학습자가 고치지 않고 실행하면 기록에 예시 그대로라고 적습니다.

Kept beside the code, for the learner writes over the notebook. Made anew after a lesson's predictions have
changed by ``python -m dockerlab.course.examples notebooks``; a test proves it current.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from dockerlab.course.lessons import all_lessons

_KEPT = Path(__file__).with_name("examples.json")
_SETTINGS = {"unit", "choices"}


def is_example(lesson: str, question: str, values: Mapping[str, Any]) -> bool:
    """그 수업에 적혀 있던 예상과 같은지 봅니다."""
    return _examples().get(lesson, {}).get(question) == {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
    }


def gather(folder: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """수업과 질문마다, 노트북에 적혀 있는 예상의 값입니다."""
    found = {}
    for lesson in all_lessons():
        cells = json.loads((folder / Path(lesson.file).name).read_text("utf-8"))["cells"]
        sources = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        found[lesson.number] = dict(pair for source in sources for pair in _predictions(source))
    return {number: predictions for number, predictions in found.items() if predictions}


def _predictions(source: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if "lab.predict(" not in source:
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "lab.predict":
            values = {word.arg: ast.literal_eval(word.value) for word in node.keywords if word.arg}
            question = ast.literal_eval(node.args[0])
            yield question, {name: value for name, value in values.items() if name not in _SETTINGS}


@cache
def _examples() -> dict[str, dict[str, dict[str, Any]]]:
    return json.loads(_KEPT.read_text("utf-8"))


def main() -> None:
    """``python -m dockerlab.course.examples notebooks``입니다."""
    text = json.dumps(gather(Path(sys.argv[1])), ensure_ascii=False, indent=1)
    _KEPT.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
