"""nbval이 노트북을 JupyterLab처럼 실행하게 하는 pytest 플러그인입니다(``-p dockerlab.course.nbval_kernel``).

nbval 0.11, left alone, differs from what a learner sees in four ways: a trailing ``;`` and ``In``/``Out`` do
not work (no history), what a child process writes is lost (ipykernel stops capturing it when it sees
``PYTEST_CURRENT_TEST``), a dead kernel is waited for until the cell's time limit, and a mistyped magic
passes (IPython prints it without raising).
"""

from __future__ import annotations

import atexit
import os
import tempfile
import time
from functools import cache
from queue import Empty

import pytest
from nbval import kernel as nbval_kernel
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell

_SLICE = 1.0
_start_new_kernel = nbval_kernel.start_new_kernel
_await_reply = RunningKernel.await_reply


def pytest_configure(config):
    nbval_kernel.start_new_kernel = _start_without_pytest_in_environment
    RunningKernel.execute_cell_input = _execute_with_history
    RunningKernel.await_reply = _await_reply_while_alive


def _start_without_pytest_in_environment(**options):
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    environment["DOCKERLAB_RECORD"] = _record()
    return _start_new_kernel(env=environment, **options)


@cache
def _record() -> str:
    """One new record for all notebooks of a run: the developer's own neither changes nor is shown."""
    folder = tempfile.TemporaryDirectory(prefix="dockerlab-record-")
    atexit.register(folder.cleanup)
    return folder.name


def _execute_with_history(kernel, source, allow_stdin=None):
    return kernel.kc.execute(source, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)


def _await_reply_while_alive(kernel, message_id, timeout=None):
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        left = _SLICE if deadline is None else deadline - time.monotonic()
        try:
            return _await_reply(kernel, message_id, timeout=max(0.0, min(_SLICE, left)))
        except Empty:
            if not kernel.is_alive():
                raise RuntimeError("the kernel died while running this cell") from None
            if left <= _SLICE:
                raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if isinstance(item, IPyNbCell) and report.when == "call" and report.passed:
        printed = "".join(
            output.get("text", "") for output in item.test_outputs or () if output.output_type == "stream"
        )
        if "UsageError:" in printed:
            report.outcome = "failed"
            report.longrepr = f"Cell {item.cell_num}: a mistyped magic, which IPython only prints:\n{printed}"
    return report
