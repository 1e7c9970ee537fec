"""nbval with the plugin behaves as JupyterLab does, and fails what a learner would see fail (20 s)."""

import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output


def code(source, *, text=None, stream=None, tags=(), count=1):
    cell = new_code_cell(source, execution_count=count, metadata={"tags": list(tags)} if tags else {})
    if text is not None:
        data = {"text/plain": text}
        cell.outputs.append(new_output("execute_result", data, execution_count=count))
    if stream is not None:
        cell.outputs.append(new_output("stream", name="stdout", text=stream))
    return cell


@pytest.fixture
def run(tmp_path):
    def run(*cells):
        path = tmp_path / "lesson.ipynb"
        nbformat.write(new_notebook(cells=list(cells)), path)
        command = [sys.executable, "-m", "pytest", "-p", "dockerlab.course.nbval_kernel"]
        command += ["-p", "no:cacheprovider", "--nbval", "--nbval-current-env"]
        command += ["--color=no", "-q", "-rA", str(path)]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)

    return run


def test_a_trailing_semicolon_history_and_child_output_are_as_in_jupyterlab(run):
    done = run(
        code("1 + 1;"),
        code("40 + 2", text="42"),
        code("Out[2]", text="42"),
        code("import subprocess; _ = subprocess.run(['echo', '안녕'])", stream="안녕\n"),
    )
    assert "4 passed" in done.stdout, done.stdout
    assert done.returncode == 0


def test_a_wrong_output_fails(run):
    done = run(code("6 * 7", text="41"))
    assert done.returncode == 1
    assert "1 failed" in done.stdout


def test_a_dead_kernel_fails_at_once(run):
    # Its cell limit is 2000 s, the fixture's 120 s: waiting for either would show.
    done = run(code("import os; os._exit(1)"))
    assert done.returncode == 1
    assert "the kernel died" in done.stdout


def test_a_mistyped_magic_fails_even_where_output_is_ignored(run):
    done = run(code("%no_such_magic", tags=["nbval-ignore-output"]))
    assert done.returncode == 1
    assert "mistyped magic" in done.stdout
