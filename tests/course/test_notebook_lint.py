"""Every problem the lint knows is found, and a clean notebook has none."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from dockerlab.course.lint import LONGEST_CELL, problems

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
ERROR = new_output("error", ename="E", evalue="e", traceback=[])


def notebook(*cells, **metadata):
    return new_notebook(cells=list(cells), metadata={**KERNEL, **metadata})


def cell(source="1 + 1", count=1, **options):
    return new_code_cell(source, execution_count=count, **options)


def check(tmp_path, content):
    path = tmp_path / "lesson.ipynb"
    nbformat.write(content, path)
    return problems(path)


def test_a_clean_notebook_has_no_problem(tmp_path):
    content = notebook(
        new_markdown_cell("# 제목\n**굵게**(bold)는 **이렇게.** 그리고 [문서](https://docs.docker.com/engine/)"),
        cell("x = 1\nassert x"),
        cell("x", 2, metadata={"tags": ["nbval-ignore-output"]}, outputs=[]),
    )
    content.cells[2].source = "assert x"
    assert check(tmp_path, content) == []


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (notebook(cell(count=None)), "was never run"),
        (notebook(cell(count=7)), "not run in order"),
        (notebook(cell("")), "empty code cell"),
        (notebook(cell("1\n" * (LONGEST_CELL + 1))), "is the limit"),
        (notebook(cell("x = 1", metadata={"tags": ["nbval-ignore-output"]})), "nothing is asserted"),
        (
            notebook(
                cell("%%container tiny --as kept\ndate", metadata={"tags": ["nbval-ignore-output"]}),
                cell("assert keptt", 2),
            ),
            "nothing is asserted",
        ),
        (notebook(cell(metadata={"tags": ["nbval-ignore-ouput"]})), "tags that nobody reads"),
        (notebook(cell("# NBVAL_SKIP\n1")), "use a tag"),
        (notebook(cell(metadata={"execution": {"iopub.status.busy": "2026"}})), "timing metadata"),
        (notebook(cell(), widgets={"state": {}}), "widget state"),
        (notebook(cell(outputs=[ERROR])), "an error is saved"),
        (notebook(cell(outputs=[new_output("stream", name="stderr", text="UsageError: x")])), "mistyped"),
        (notebook(new_markdown_cell("**굵게(bold)**는")), "bold does not end"),
        (notebook(new_markdown_cell("/home/learner/notebooks")), "absolute path"),
        (notebook(cell("open('/root/x')")), "absolute path"),
        (notebook(new_markdown_cell(".".join(("deb", "debian", "org")))), "host name"),
        (new_notebook(cells=[cell()]), "the kernel is not python3"),
    ],
)
def test_each_problem_is_found(tmp_path, content, problem):
    assert any(problem in found for found in check(tmp_path, content)), check(tmp_path, content)


def test_a_repeated_cell_id_is_found(tmp_path):
    content = notebook(cell(), cell(count=2))
    content.cells[0]["id"] = content.cells[1]["id"] = "same"
    path = tmp_path / "lesson.ipynb"
    path.write_text(json.dumps(content), encoding="utf-8")  # nbformat would repair it while writing
    assert any("same" in problem for problem in problems(path))


def test_a_notebook_without_ids_is_found(tmp_path):
    content = notebook(new_markdown_cell("x"))
    content.nbformat_minor = 4
    del content.cells[0]["id"]
    assert any("4.5" in problem for problem in check(tmp_path, content))
