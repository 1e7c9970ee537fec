"""방 안의 첫 프로세스입니다. 한도를 걸고, 노트북을 nbval로 돌리며, 셀마다의 결과를 한 줄씩 적습니다.

Run as ``python -P -m dockerlab.grading.runner NOTEBOOK SECONDS``. What it writes is believed by nobody: it
only explains verdicts that the grader, outside, has reached by itself.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

# Half of the start of a room would go into building a grammar of addresses, which jsonschema loads if it is
# there and which no check of a notebook's shape needs.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

import pytest  # noqa: E402
from nbval.plugin import IPyNbCell, IPyNbFile  # noqa: E402

from dockerlab.grading import ports  # noqa: E402

_LIMITS = {
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_CPU: 120,  # seconds, each process
    resource.RLIMIT_AS: 4 * 2**30,
    resource.RLIMIT_FSIZE: 64 * 2**20,
    resource.RLIMIT_NOFILE: 512,
}
_PROCESSES = 256  # threads count; a kernel has a dozen
UNPRIVILEGED = 61_000
"""방마다 주는 사용자의 번호는 여기서부터입니다. 그런 사용자만 프로세스의 수를 따로 셀 수 있습니다."""


class Teller:
    """nbval의 결과를 한 줄씩 적고, 학습자가 적은 nbval의 표시를 듣지 않게 하는 pytest 플러그인입니다."""

    def __init__(self, out: Any) -> None:
        self._out, self._last = out, None

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        self._last = items[-1] if items else None
        for item in items:
            # `# NBVAL_SKIP` in an answer, or a tag, is not for the learner to decide.
            role = item.cell.metadata.get("dockerlab", {}).get("role")
            item.options.clear()
            item.options["check"] = role == "check"
            if "text/html" not in item.parent.skip_compare:
                item.parent.skip_compare += ("text/html",)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Generator[None, Any, Any]:
        report = yield
        if report.when == "call" and isinstance(item, IPyNbCell):
            error = _error(item) if report.failed else ""
            timed_out = "1" if isinstance(item.parent, IPyNbFile) and item.parent.timed_out else ""
            # A cell after a timeout is marked as an expected failure and would not count.
            outcome = "failed" if report.failed or hasattr(report, "wasxfail") else report.outcome
            told = {"id": item.cell.id, "outcome": outcome, "error": error, "timed_out": timed_out}
            print(json.dumps(told), file=self._out, flush=True)
            if item is self._last:
                os._exit(0)  # the kernel needs no farewell: the room ends with its first process
        return report


def _error(item: Any) -> str:
    for output in item.test_outputs or ():
        if output.output_type == "error":
            return f"{output.ename}: {output.evalue}"[:300]
    return ""


def main(notebook: str, seconds: str) -> int:
    """노트북을 돌립니다."""
    for limit, value in _LIMITS.items():
        resource.setrlimit(limit, (value, value))
    if os.getuid() >= UNPRIVILEGED:
        resource.setrlimit(resource.RLIMIT_NPROC, (_PROCESSES, _PROCESSES))
    if os.environ.get("GRADING_PORTS"):
        ports.inside(Path(notebook).parent)
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    options = ["-p", "nbval.plugin", "-p", "dockerlab.course.nbval_kernel", "-p", "no:cacheprovider"]
    options += ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout", seconds, "--color=no", "-q"]
    options += ["-c", os.devnull, "--rootdir", os.path.dirname(notebook), notebook]
    return int(pytest.main(options, plugins=[Teller(told)]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
