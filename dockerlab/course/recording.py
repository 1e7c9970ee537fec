"""작업대를 쓰는 수업의 셀을 진짜 작업대에서 실행하여 그 출력을 기록합니다.

Run on the embedded engine whenever these cells have changed, as
``python -m dockerlab.course.recording notebooks/04-*.ipynb notebooks/05-*.ipynb``.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import dockerlab
from dockerlab import engine
from dockerlab.containers import Run
from dockerlab.runtimes import Workbench, workbench
from dockerlab.runtimes.record import RECORD


class Noting:
    """작업대와 같지만, 실행한 명령과 그 결과를 ``answers``에 적어 둡니다."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self.answers: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bench, name)

    def sh(self, command: str, *, timeout: float = 60.0) -> Run:
        """작업대의 셸에서 명령을 실행하고 적어 둡니다."""
        done = self._bench.sh(command, timeout=timeout)
        told = {"exit_code": done.exit_code, "stdout": done.stdout, "stderr": done.stderr}
        self.answers.append({"command": command} | told)
        return done


def play(notebook: Path) -> list[dict[str, Any]]:
    """노트북에서 작업대(``bench``)를 쓰는 셀을 차례로 실행하고, 명령마다 그 결과를 돌려줍니다."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    sources = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    with workbench() as bench:
        if not isinstance(bench, Workbench):
            raise SystemExit(f"{bench} 기록은 내장 엔진에서만 합니다.")
        noting = Noting(bench)
        names = {"json": json, "lab": dockerlab, "engine": engine.connect(), "bench": noting}
        for source in sources:
            if "bench." in source and "lab.workbench()" not in source:
                exec(compile(source, notebook.name, "exec"), names)
    return noting.answers


def main() -> None:
    """``python -m dockerlab.course.recording``입니다."""
    made = f"{date.today()}, Docker {engine.connect().version}"
    told = {"made": made, "answers": [answer for path in sys.argv[1:] for answer in play(Path(path))]}
    RECORD.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
