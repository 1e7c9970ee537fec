"""What a learner sees after `make lab` (about 15 s)."""

from __future__ import annotations

from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest

pytestmark = pytest.mark.browser
NOTEBOOK = "notebooks/03-container-vs-vm.ipynb"


def at(address: str, path: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}{path}?token={parse_qs(parts.query)['token'][0]}&reset"


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
    page.goto(at(lab, f"/lab/tree/{NOTEBOOK}"))
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.context")
    page.evaluate(
        "async () => { const context = window.jupyterapp.shell.currentWidget.context;"
        " await context.ready; await context.sessionContext.ready; }"
    )
    page.screenshot(path=screenshots / "notebook-03.png")
    cell = page.evaluate(
        """async () => {
            const { content, context } = window.jupyterapp.shell.currentWidget;
            const first = content.widgets.findIndex(cell => cell.model.type === 'code');
            content.activeCellIndex = first;
            await window.jupyterapp.commands.execute('notebook:run-cell');
            const { executionCount, outputs, sharedModel } = content.widgets[first].model;
            const ran = { count: executionCount, outputs: outputs.toJSON(), source: sharedModel.getSource() };
            await context.sessionContext.shutdown();
            return ran;
        }"""
    )
    assert "dockerlab" in cell["source"]
    assert cell["count"] == 1
    assert not [output for output in cell["outputs"] if output["output_type"] == "error"]
