"""TraceView in a real JupyterLab: drawn, walked through by keyboard, readable in both themes (about 20 s)."""

from __future__ import annotations

import re

import labpage
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.engine]
SOURCES = (
    "import dockerlab as lab\n%load_ext dockerlab",
    "%%trace --as followed\ndocker run --rm dockerlab/tiny sleep 1",
)
OPEN = ".trace .hop[aria-expanded=true]"


@pytest.fixture(scope="module")
def shown(lab, browser, root, tiny):
    """A page with the trace of a real command in it, high enough for all of it."""
    path = labpage.write(root, "trace.ipynb", SOURCES)
    with labpage.window(browser, 1440, 2200) as page:
        labpage.open_notebook(page, lab, path)
        labpage.command(page, "application:toggle-left-area")
        labpage.run_all(page)
        page.locator(".trace .hop").first.wait_for()
        yield page


@pytest.fixture
def followed(shown):
    """The same page, with nothing open."""
    if shown.locator(OPEN).count():
        shown.locator(OPEN).click()
    return shown


def focused(page):
    return page.evaluate("document.activeElement.getAttribute('aria-label')")


def test_a_trace_is_walked_through_by_keyboard_alone(followed):
    page = followed
    page.locator(".trace .hop").first.focus()
    assert "docker run --rm dockerlab/tiny sleep 1" in focused(page)
    before = labpage.count_cells(page)
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
    assert labpage.count_cells(page) == before
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


@pytest.mark.parametrize("theme", labpage.THEMES)
def test_nothing_of_it_is_hard_to_see(followed, screenshots, theme):
    page = followed
    labpage.change_theme(page, theme)
    page.locator(".trace .hop", has_text="POST /containers/create").click()
    bad = labpage.violations(page, ".trace")
    page.locator(".trace").screenshot(path=screenshots / f"trace-{theme.lower()}.png")
    assert bad == []
