"""TraceView in a real JupyterLab: drawn, walked through by keyboard, readable in both themes (about 20 s)."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.engine]
SOURCES = (
    "import dockerlab as lab\n%load_ext dockerlab",
    "%%trace --as followed\ndocker run --rm dockerlab/tiny sleep 1",
)
READY = """async () => {
    const context = window.jupyterapp.shell.currentWidget.context;
    await context.ready;
    await context.sessionContext.ready;
}"""
OPEN = ".trace .hop[aria-expanded=true]"


@pytest.fixture(scope="module")
def notebook(root):
    """A notebook of our own beside the lessons, since the lab serves the repository."""
    import nbformat

    folder = root / "build" / "browser"
    folder.mkdir(parents=True, exist_ok=True)
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in SOURCES])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}  # or Lab asks for one
    (folder / "trace.ipynb").write_text(nbformat.writes(made), encoding="utf-8")
    return "build/browser/trace.ipynb"


@pytest.fixture(scope="module")
def shown(lab, browser, notebook, tiny):
    """A page with the trace of a real command in it, high enough for all of it."""
    context = browser.new_context(viewport={"width": 1440, "height": 2200}, locale="en-US")
    page = context.new_page()
    page.set_default_timeout(60_000)
    parts = urlsplit(lab)
    token = parse_qs(parts.query)["token"][0]
    page.goto(f"{parts.scheme}://{parts.netloc}/lab/tree/{notebook}?token={token}&reset")
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.context")
    page.evaluate(READY)
    page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
    page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.locator(".trace .hop").first.wait_for()
    yield page
    page.evaluate("window.jupyterapp.shell.currentWidget.context.sessionContext.shutdown()")
    context.close()


@pytest.fixture
def followed(shown):
    """The same page, with nothing open."""
    if shown.locator(OPEN).count():
        shown.locator(OPEN).click()
    return shown


def focused(page):
    return page.evaluate("document.activeElement.getAttribute('aria-label')")


def cells(page):
    return page.evaluate("window.jupyterapp.shell.currentWidget.content.widgets.length")


def test_a_trace_is_walked_through_by_keyboard_alone(followed):
    page = followed
    page.locator(".trace .hop").first.focus()
    assert "docker run --rm dockerlab/tiny sleep 1" in focused(page)
    before = cells(page)
    seen = [focused(page)]
    for _ in range(page.locator(".trace .hop").count() - 1):
        page.keyboard.press("ArrowRight")
        seen.append(focused(page))
    assert len(set(seen)) == len(seen) == page.locator(".trace .hop").count()
    assert any("POST /containers/create" in each for each in seen)
    page.keyboard.press("Home")
    assert focused(page) == seen[0]
    page.keyboard.press("ArrowDown")
    assert focused(page).startswith("REST API")
    while "POST /containers/create" not in focused(page):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    detail = page.locator(".trace .detail")
    assert "/containers/create" in detail.locator("dl").inner_text()
    assert '"Image": "dockerlab/tiny"' in detail.inner_text()
    assert page.locator(OPEN).count() == 1
    for letter in "abdx":  # commands of JupyterLab: new cells, delete, cut
        page.keyboard.press(letter)
    assert cells(page) == before
    page.keyboard.press("Escape")
    assert detail.is_hidden() and page.locator(OPEN).count() == 0
    assert "POST /containers/create" in focused(page)
    page.keyboard.press("Tab")
    assert "hop" not in (page.evaluate("document.activeElement.className") or "")


def test_a_mouse_opens_what_it_points_at(followed):
    page = followed
    page.locator(".trace .hop", has_text="/start → 204").click()
    facts = page.locator(".trace .detail dl").inner_text()
    assert "204 No Content" in facts and "/start" in facts
    page.locator(".trace .hop", has_text=re.compile(r"^sleep.*\(PID")).click()
    facts = page.locator(".trace .detail dl").inner_text()
    assert "cgroup" in facts and "네임스페이스" in facts
    assert page.locator(OPEN).count() == 1


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_nothing_of_it_is_hard_to_see(followed, screenshots, theme):
    from axe_playwright_python.sync_playwright import Axe

    page = followed
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
    wanted = "true" if theme.endswith("Light") else "false"
    page.wait_for_function("w => document.body.dataset.jpThemeLight === w", arg=wanted)
    page.locator(".trace .hop", has_text="POST /containers/create").click()
    found = Axe().run(page, context={"include": [[".trace"]]})
    name = f"trace-{theme.split()[-1].lower()}.png"
    page.locator(".trace").screenshot(path=screenshots / name)
    assert not found.response["violations"], json.dumps(found.response["violations"], indent=1)[:4000]
    assert found.response["passes"]
