"""Ten thousand log lines a second into a widget: the page stays bounded, whole and answering.

The minute with its figure, run quietly: pytest -m soak -s tests/browser/test_browser_log_lines.py
"""

from __future__ import annotations

import statistics

import labpage
import pytest
from nbformat import v4

from dockerlab.containers.tail import KEPT_LINES

pytestmark = [pytest.mark.browser, pytest.mark.engine]
BATCH, PAUSE = 2000, 0.1  # lines, seconds: ten thousand a second, what the shell needs between included
SCRIPT = f"n=0; while [ $n -lt {{batches}} ]; do seq {BATCH}; n=$((n+1)); usleep {int(PAUSE * 1e6)}; done"
FLOW = """import dockerlab as lab
box = lab.start("tiny", ["sh", "-c", "{script}"], deadline=600)
lab.follow(box)"""
TYPE = """() => {
    const { content } = window.jupyterapp.shell.currentWidget;
    content.activeCellIndex = 1;
    content.mode = 'edit';
    content.activeCell.editor.focus();
    window.answered = [];
    content.activeCell.node.addEventListener('keydown', event => requestAnimationFrame(() => {
        // After this frame is painted.
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => window.answered.push(performance.now() - event.timeStamp);
        port2.postMessage(null);
    }), true);
}"""
SOURCE = "() => window.jupyterapp.shell.currentWidget.content.widgets[1].model.sharedModel.getSource()"


@pytest.fixture
def notebook(lab, page, root, tiny):
    """An empty notebook with two cells, its kernel running; ``frames`` are the bytes of each message."""
    path = labpage.write(root, "log-lines.ipynb", [v4.new_code_cell(id=name) for name in ("flow", "typing")])
    page.frames_received = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: heard(page, data)))
    labpage.open_notebook(page, lab, path)
    yield page
    labpage.run(page, "flow", "box.close()")


def heard(page, data):
    page.frames_received.append(len(data))


def flow(page, batches):
    """Start the flood, and type until it has ended; gives what was typed and the seconds each key took."""
    labpage.run(page, "flow", FLOW.format(script=SCRIPT.format(batches=batches)))
    view = page.locator(".dockerlab.log")
    view.get_by_text("나오고 있습니다").wait_for()
    page.evaluate(TYPE)
    typed = ""
    while view.get_by_text("나오고 있습니다").count():
        letter = "abcdefghij"[len(typed) % 10]
        page.keyboard.type(letter)
        typed += letter
        page.wait_for_function("wanted => window.answered.length >= wanted", arg=len(typed))
    return typed, [each / 1000 for each in page.evaluate("window.answered")]


def test_a_flood_of_lines_reaches_the_page_in_few_small_messages(notebook, screenshots):
    batches = 60
    typed, answered = flow(notebook, batches)
    assert notebook.evaluate(SOURCE) == typed, "every key typed meanwhile is there"
    assert len(answered) == len(typed) > 0
    view = notebook.locator(".dockerlab.log")
    assert f"모두 {batches * BATCH:,}줄" in view.locator(".said").inner_text(), "no line was lost"
    shown = view.locator(".lines").inner_text().splitlines()
    assert shown == [str(number) for number in range(BATCH - KEPT_LINES + 1, BATCH + 1)]
    notebook.screenshot(path=screenshots / "log-lines.png")
    received = notebook.frames_received
    assert max(received) < 2**20
    assert len(received) < batches * BATCH / 20, "lines come in batches"
    assert sum(received) < 200 * 2**20


def test_the_screen_stops_by_keyboard_and_goes_on(notebook):
    labpage.run(notebook, "flow", FLOW.format(script=SCRIPT.format(batches=3000)))
    view, lines = notebook.locator(".dockerlab.log"), notebook.locator(".dockerlab.log .lines")
    button = view.get_by_role("button", name="화면 멈추기")
    button.focus()
    notebook.keyboard.press("Enter")
    view.get_by_text("화면만 멈췄습니다").wait_for()
    before, told = lines.inner_text(), view.locator(".said").inner_text()
    notebook.wait_for_function(
        "told => document.querySelector('.dockerlab.log .said').textContent !== told", arg=told
    )
    assert lines.inner_text() == before and button.get_attribute("aria-pressed") == "true"
    notebook.keyboard.press("Enter")
    view.get_by_text("나오고 있습니다").wait_for()


@pytest.mark.soak
def test_the_interface_answers_within_a_fifth_of_a_second_for_a_minute(notebook):
    typed, answered = flow(notebook, 600)
    p95 = statistics.quantiles(answered, n=20)[-1]
    said = notebook.locator(".dockerlab.log .said").inner_text()
    median = statistics.median(answered)
    print(f"\n{said}\n{len(typed)} keys, median {median * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms")
    assert p95 < 0.2
