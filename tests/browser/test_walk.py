"""A learner walks through every lesson in a real JupyterLab: no error, every widget alive (15 min)."""

from __future__ import annotations

import labpage
import pytest

from dockerlab.course.lessons import all_lessons

pytestmark = [pytest.mark.browser, pytest.mark.engine, pytest.mark.vm, pytest.mark.soak]
ALIVE = "wanted => document.querySelectorAll('.lm-Panel.jp-OutputArea-output .dockerlab').length >= wanted"
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def kept(root, lesson):
    """JupyterLab saves by itself every two minutes; the lesson gets its stored output back."""
    file = root / "notebooks" / lesson.file
    before = file.read_bytes()
    yield
    if file.read_bytes() != before:
        file.write_bytes(before)


# ``kept`` stands before ``page``, and so ends after it.
@pytest.mark.parametrize("lesson", all_lessons(), ids=lambda lesson: lesson.number)
def test_a_lesson_runs_to_its_end_in_the_browser(lab, kept, page, screenshots, lesson):
    labpage.open_notebook(page, lab, f"notebooks/{lesson.file}")
    labpage.command(page, "notebook:clear-all-cell-outputs")
    labpage.run_all(page)
    cells = labpage.code_cells(page)
    errors = [(cell, out) for cell in cells for out in cell["outputs"] if out["output_type"] == "error"]
    meant = "raises-exception"
    failed = [(cell["id"], out["evalue"]) for cell, out in errors if meant not in cell["tags"]]
    shown = [out.get("data", {}) for cell in cells for out in cell["outputs"]]
    assert not failed and all(cell["ran"] for cell in cells)
    # A container's own program may show one on purpose; what the course says never does.
    assert not [cell["id"] for cell, out in errors if "Traceback" in str(out["traceback"])]
    # A widget of the course's own has a twin in HTML; a closed progress bar has none and shows nothing.
    page.wait_for_function(ALIVE, arg=sum({WIDGET, "text/html"} <= set(data) for data in shown))
    assert page.get_by_text("Error displaying widget").count() == 0
    page.screenshot(path=screenshots / f"walk-{lesson.number}.png")
