"""Quizzes and the box before an explanation, in a real JupyterLab: by keyboard, in both themes (20 s)."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from dockerlab.course import quiz

pytestmark = pytest.mark.browser
ASKED = quiz.find("03-one-root")
PICK, ORDER = ASKED.questions
EXPLANATION = "<details><summary>적어 본 뒤 펼쳐 보십시오.</summary>\n\n까닭입니다.\n</details>"
# Without it JupyterLab asks which kernel, and waits.
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
READY = """async () => {
    const context = window.jupyterapp.shell.currentWidget.context;
    await context.ready;
    await context.sessionContext.ready;
}"""
RUN_ALL = "window.jupyterapp.commands.execute('notebook:run-all-cells')"


@pytest.fixture(scope="module")
def page(lab, browser, root, tmp_path_factory):
    """One page for the module, with a quiz, a measured outcome and its explanation; a record of its own."""
    from nbformat import v4, writes

    record = tmp_path_factory.mktemp("record")
    cells = [
        v4.new_code_cell(
            f"import os\nos.environ['DOCKERLAB_RECORD'] = {str(record)!r}\nimport dockerlab as lab\n"
            "%load_ext dockerlab\nlab.lesson('03')"
        ),
        v4.new_code_cell("lab.quiz('03-one-root')"),
        v4.new_code_cell("lab.predict('시작 시간', unit='s', 컨테이너=1.0).against(컨테이너=0.5)"),
        v4.new_markdown_cell(EXPLANATION),
        v4.new_code_cell("lab.views.chain_figure()"),
    ]
    folder = root / "build" / "browser"
    folder.mkdir(parents=True, exist_ok=True)
    made = v4.new_notebook(cells=cells, metadata=KERNEL)
    (folder / "quiz.ipynb").write_text(writes(made), encoding="utf-8")
    context = browser.new_context(viewport={"width": 1280, "height": 1400}, locale="en-US")
    page = context.new_page()
    page.set_default_timeout(30_000)
    parts = urlsplit(lab)
    token = parse_qs(parts.query)["token"][0]
    page.goto(f"{parts.scheme}://{parts.netloc}/lab/tree/build/browser/quiz.ipynb?token={token}&reset")
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.context")
    page.evaluate(READY)
    page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
    page.evaluate(RUN_ALL)
    page.locator(".quiz fieldset").first.wait_for()
    page.locator(".dockerlab-restate").wait_for()
    yield page
    page.evaluate("window.jupyterapp.shell.currentWidget.context.sessionContext.shutdown()")
    context.close()


def said(page, at):
    return page.locator(".quiz fieldset").nth(at).locator(".said")


def seen(lines):
    """Lines as they are read: what is code is shown as code, without its back quotes."""
    return [line.replace("`", "") for line in lines]


def cells(page):
    return page.evaluate("window.jupyterapp.shell.currentWidget.content.widgets.length")


def test_every_wrong_choice_gets_its_own_explanation_by_keyboard(page):
    before = cells(page)
    radios = page.locator(".quiz input[type=radio]")
    radios.first.focus()
    page.keyboard.press("Space")
    for at, choice in enumerate(PICK.choices):
        if at:
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        said(page, 0).get_by_text(choice.why.replace("`", "").strip()).wait_for()
        assert choice.misconception in said(page, 0).inner_text()
        assert ("오해" in said(page, 0).inner_text()) == (not choice.right)
    for letter in "abdx":  # commands of JupyterLab: new cells, delete, cut
        page.keyboard.press(letter)
    assert cells(page) == before


def test_lines_are_put_in_order_by_keyboard(page):
    lines = page.locator(".quiz ol li .line")
    assert lines.all_inner_texts() == seen(ORDER.shown)
    page.get_by_role("button", name="이 순서로 답하기").press("Enter")
    broken = ORDER.judge(ORDER.shown).reasons
    for reason in broken:
        said(page, 1).get_by_text(reason.strip()).wait_for()
    for at, text in enumerate(seen(ORDER.lines)):
        page.get_by_role("button", name=f"‘{text}’ 위로").focus()
        for _ in range(lines.all_inner_texts().index(text) - at):
            page.keyboard.press("ArrowUp")
    assert lines.all_inner_texts() == seen(ORDER.lines)
    assert seen(ORDER.lines)[-1] in page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.get_by_role("button", name="이 순서로 답하기").press("Enter")
    said(page, 1).get_by_text(ORDER.why.strip()).wait_for()


def test_an_explanation_waits_for_a_sentence_or_a_skip(page):
    details = page.locator(".jp-RenderedMarkdown details")
    summary = details.locator("summary")
    box = page.locator(".dockerlab-restate")
    summary.click()
    box.get_by_text("먼저 한 문장으로 적거나").wait_for()
    assert details.get_attribute("open") is None
    box.get_by_role("textbox").fill("컨테이너가 더 빨랐습니다.")
    box.get_by_role("button", name="적었습니다").press("Enter")
    box.get_by_text("기록에 남겼습니다").wait_for()
    summary.press("Enter")
    assert details.get_attribute("open") is not None


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_nothing_of_it_is_hard_to_see(page, screenshots, theme):
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
    wanted = "true" if theme.endswith("Light") else "false"
    page.wait_for_function("w => document.body.dataset.jpThemeLight === w", arg=wanted)
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    page.screenshot(path=screenshots / f"quiz-{theme.split()[-1].lower()}.png")
    found = Axe().run(page, context={"include": [[".quiz"], [".dockerlab-restate"]]})
    assert not found.response["violations"], json.dumps(found.response["violations"], indent=1)[:4000]
    assert found.response["passes"]


def test_answers_and_sentences_are_there_again_in_a_new_kernel(page):
    page.evaluate("window.jupyterapp.shell.currentWidget.context.sessionContext.restartKernel()")
    page.evaluate("window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    page.wait_for_function("document.querySelector('.quiz') === null")
    page.evaluate(RUN_ALL)
    page.locator(".quiz .score", has_text="2문제 가운데 2개에 답했고 1개를 맞혔습니다.").wait_for()
    assert page.locator(".quiz ol li .line").all_inner_texts() == seen(ORDER.lines)
    assert page.locator(".quiz input:checked").get_attribute("value") == str(len(PICK.choices) - 1)
    page.locator(".dockerlab-restate textarea").wait_for()
    assert page.locator(".dockerlab-restate textarea").input_value() == "컨테이너가 더 빨랐습니다."
