"""What a learner sees after `make lab` (about 15 s)."""

from __future__ import annotations

from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

import labpage
import pytest

pytestmark = pytest.mark.browser
NOTEBOOK = "notebooks/03-container-vs-vm.ipynb"


def test_the_course_home_opens_in_korean(lab, page, screenshots):
    page.goto(lab)
    page.get_by_role("menuitem", name="파일", exact=True).wait_for()
    page.locator(".jp-MarkdownViewer h1", has_text="Docker").wait_for()
    page.screenshot(path=screenshots / "home.png")
    assert page.locator("text=Would you like to").count() == 0  # no question about news


def test_nobody_gets_in_without_the_token(lab):
    parts = urlsplit(lab)
    assert parts.hostname == "127.0.0.1"
    with pytest.raises(HTTPError) as refused:
        urlopen(f"{parts.scheme}://{parts.netloc}/api/contents", timeout=10)
    assert refused.value.code == 403


def test_the_notebook_opens_and_its_first_cell_runs(lab, page, root, screenshots):
    if not (root / NOTEBOOK).exists():
        pytest.skip(f"{NOTEBOOK} does not exist")
    labpage.open_notebook(page, lab, NOTEBOOK)
    page.screenshot(path=screenshots / "notebook-03.png")
    labpage.run(page, labpage.code_cells(page)[0]["id"])
    cell = labpage.code_cells(page)[0]
    assert "dockerlab" in cell["source"]
    assert cell["ran"] == 1
    assert not [output for output in cell["outputs"] if output["output_type"] == "error"]
