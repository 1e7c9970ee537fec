"""노트북을 처음부터 끝까지 실행하여 결과와 함께 저장합니다(``make notebooks``).

Run as ``python -m dockerlab.course.execution notebooks [notebook.ipynb ...]``.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from dockerlab.course import navigation, pictures
from dockerlab.course.lessons import all_lessons
from dockerlab.course.lint import problems

# Kept in the file: enough to open it with the right kernel, nothing that changes from machine to machine.
_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_TIMEOUT = 900


def execute(path: Path, timeout: float = CELL_TIMEOUT) -> None:
    """노트북을 새 커널에서 실행하고 같은 파일에 저장합니다. 한 셀이라도 실패하면 파일은 그대로입니다."""
    notebook = nbformat.read(path, as_version=4)
    # A record of its own, not the developer's: lesson 08 shows what the other lessons measured last.
    record = path.resolve().parent.parent / "build" / "record"
    (record / f"{path.name[:2]}.jsonl").unlink(missing_ok=True)
    NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        store_widget_state=False,
        record_timing=False,
        coalesce_streams=True,  # a progress bar leaves its last state, not every state
        resources={"metadata": {"path": str(path.parent)}},
    ).execute(env=os.environ | {"DOCKERLAB_RECORD": str(record)})
    for lesson in all_lessons():
        if lesson.file == path.name:
            navigation.put(notebook.cells, lesson)
    notebook.metadata.clear()
    notebook.metadata.update(_METADATA)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", ()):
            # A view of a kernel that is gone: JupyterLab would say "model not found" instead of its twin.
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    whole = path.with_suffix(".ipynb.tmp")
    nbformat.write(notebook, whole)
    os.replace(whole, path)


def notebooks(places: Sequence[Path]) -> list[Path]:
    """폴더는 그 안의 노트북으로 풀어, 실행할 노트북을 순서대로 돌려줍니다."""
    found = [sorted(place.glob("*.ipynb")) if place.is_dir() else [place] for place in places]
    return [path for paths in found for path in paths]


def main(arguments: Sequence[str]) -> int:
    """노트북들을 실행하고, 저장한 것에 남은 문제를 보여 줍니다."""
    failed = 0
    for path in notebooks([Path(argument) for argument in arguments]):
        began = time.perf_counter()
        execute(path)
        print(f"{path}: {time.perf_counter() - began:.0f}초")
        for problem in problems(path):
            failed = 1
            print(f"  {problem}", file=sys.stderr)
        if path.name in {notebook for notebook, _ in pictures.PICTURES.values()}:
            pictures.put(path.parent, path.parent.parent / "docs" / "pictures")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
