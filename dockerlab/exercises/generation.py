"""풀이에서 연습 노트북을 만듭니다(``make exercises``). 답은 빼고, 셀의 id는 늘 같습니다.

Run as ``python -m dockerlab.exercises.generation exercises``. nbformat is imported only when a notebook is
made: the grader needs but the texts of the cells, and importing it takes a second.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dockerlab.exercises.catalog import exercises
from dockerlab.exercises.model import Exercise, Task

_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_LOCKED = {"editable": False, "deletable": False}
_HOW = """
각 과제의 **답 셀**에 답을 적어 실행하고, 그 아래의 **검사 셀**을 실행하십시오. 검사는 화면에 찍힌 글이 아니라
**엔진의 상태**를 봅니다. 어떤 방법으로든 상태가 맞으면 통과이고, 몇 번이든 다시 할 수 있습니다. 엔진에 말하는
방법은 여럿입니다.

- `client`: Docker의 공식 Python 클라이언트(docker-py)입니다. 예: `client.containers.list()`
- `lab.docker(f"ps --filter name={given.이름}")`: 진짜 docker 명령입니다. 이 컴퓨터에 docker가 있다면 셀에서
  `!docker ps`라고 해도 됩니다. 그때는 `{given.이름}`이라고 쓰면 값이 들어갑니다.

이름과 수는 사람마다 다르고 **채점할 때 새로 정해집니다.** 보이는 값을 그대로 적지 말고 `given.이름`으로
쓰십시오.
"""


def notebook(exercise: Exercise) -> Any:
    """답을 뺀 연습 노트북입니다."""
    from nbformat.v4 import new_code_cell, new_notebook

    cells = [_markdown("title", _opening(exercise)), _code("setup", setup_source(exercise))]
    for name, task in zip(exercise.names(), exercise.tasks, strict=True):
        heading = f"## 과제 {name}. {task.title} ({task.points}점)\n\n{task.text.strip()}"
        hint = f'막히면 셀을 하나 더 만들어 `lab.hint("{name}")`를 실행해 보십시오.'
        cells.append(_markdown(f"task-{name}", f"{heading}\n\n{hint}"))
        cells.append(new_code_cell(task.stub, id=f"answer-{name}"))
        cells.append(_code(f"check-{name}", check_source(name, task)))
    cells.append(_markdown("closing", _closing(exercise)))
    cells.append(_code("grade", f'lab.grade_button("{exercise.number}")'))
    return new_notebook(cells=cells, metadata=_METADATA)


def setup_source(exercise: Exercise) -> str:
    """준비 셀입니다."""
    return (
        "import dockerlab as lab\n\n%load_ext dockerlab\n"
        f'given = lab.exercise("{exercise.number}")\nclient = lab.connect().client\ngiven'
    )


def check_source(name: str, task: Task) -> str:
    """검사 셀입니다."""
    return f'lab.check("{name}", answer)' if task.asks_value else f'lab.check("{name}")'


def text(exercise: Exercise) -> str:
    """노트북 파일에 적을 글입니다."""
    import nbformat

    made = notebook(exercise)
    nbformat.validate(made)
    return nbformat.writes(made) + "\n"


def write(folder: Path) -> list[Path]:
    """모든 연습 노트북을 폴더에 씁니다. 이미 같은 것은 그대로 둡니다."""
    written = []
    for exercise in exercises().values():
        path = folder / exercise.file_name
        whole = text(exercise)
        if not path.exists() or path.read_text(encoding="utf-8") != whole:
            path.write_text(whole, encoding="utf-8")
            written.append(path)
    return written


def _opening(exercise: Exercise) -> str:
    return f"# 연습 {exercise.number}. {exercise.title}\n\n{exercise.intro.strip()}\n\n{_HOW.strip()}"


def _closing(exercise: Exercise) -> str:
    return f"""## 마치며

이 연습에서 만든 것은 `lab.tidy("{exercise.number}")`로 치웁니다. `given`에 있는 이름의 것만 지웁니다.

모두 통과했습니까? 이 파일을 **저장한 다음** 아래의 셀을 실행하고 단추를 누르십시오. 이름과 수를 새로 정해
처음부터 다시 채점합니다. 터미널에서는 `dockerlab grade exercises/{exercise.file_name}`입니다."""


def _markdown(identity: str, source: str) -> Any:
    from nbformat.v4 import new_markdown_cell

    return new_markdown_cell(source, id=identity, metadata=dict(_LOCKED))


def _code(identity: str, source: str) -> Any:
    from nbformat.v4 import new_code_cell

    return new_code_cell(source, id=identity, metadata=dict(_LOCKED))


def main(arguments: Sequence[str]) -> int:
    """폴더 하나에 노트북을 쓰고, 바뀐 것을 보여 줍니다."""
    for path in write(Path(arguments[0])):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
