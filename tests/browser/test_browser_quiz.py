"""Quizzes and the box before an explanation, in a real JupyterLab: by keyboard, in both themes (20 s)."""

from __future__ import annotations

import labpage
import pytest
from nbformat import v4

from dockerlab.course import quiz

pytestmark = pytest.mark.browser
ASKED = quiz.find("03-one-root")
PICK, ORDER = ASKED.questions
EXPLANATION = "<details><summary>적어 본 뒤 펼쳐 보십시오.</summary>\n\n까닭입니다.\n</details>"


@pytest.fixture(scope="module")
def page(lab, browser, root, tmp_path_factory):
    """One page for the module, with a quiz, a measured outcome and its explanation; a record of its own."""
    record = tmp_path_factory.mktemp("record")
    cells = [
        f"import os\nos.environ['DOCKERLAB_RECORD'] = {str(record)!r}\nimport dockerlab as lab\n"
        "%load_ext dockerlab\nlab.lesson('03')",
        "lab.quiz('03-one-root')",
        "lab.predict('시작 시간', unit='s', 컨테이너=1.0).against(컨테이너=0.5)",
        v4.new_markdown_cell(EXPLANATION),
        "lab.views.chain_figure()",
    ]
    path = labpage.write(root, "quiz.ipynb", cells)
    with labpage.window(browser, 1280, 1400) as page:
        labpage.open_notebook(page, lab, path)
        labpage.command(page, "application:toggle-left-area")
        labpage.run_all(page)
        page.locator(".quiz fieldset").first.wait_for()
        page.locator(".dockerlab-restate").wait_for()
        yield page


def said(page, at):
    return page.locator(".quiz fieldset").nth(at).locator(".said")


def seen(lines):
    """Lines as they are read: what is code is shown as code, without its back quotes."""
    return [line.replace("`", "") for line in lines]


def test_every_wrong_choice_gets_its_own_explanation_by_keyboard(page):
    before = labpage.count_cells(page)
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
    assert labpage.count_cells(page) == before


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


@pytest.mark.parametrize("theme", labpage.THEMES)
def test_nothing_of_it_is_hard_to_see(page, screenshots, theme):
    labpage.change_theme(page, theme)
    page.screenshot(path=screenshots / f"quiz-{theme.lower()}.png")
    assert labpage.violations(page, ".quiz", ".dockerlab-restate") == []


def test_answers_and_sentences_are_there_again_in_a_new_kernel(page):
    page.evaluate("window.jupyterapp.shell.currentWidget.context.sessionContext.restartKernel()")
    labpage.command(page, "notebook:clear-all-cell-outputs")
    page.wait_for_function("document.querySelector('.quiz') === null")
    labpage.run_all(page)
    page.locator(".quiz .score", has_text="2문제 가운데 2개에 답했고 1개를 맞혔습니다.").wait_for()
    assert page.locator(".quiz ol li .line").all_inner_texts() == seen(ORDER.lines)
    assert page.locator(".quiz input:checked").get_attribute("value") == str(len(PICK.choices) - 1)
    page.locator(".dockerlab-restate textarea").wait_for()
    assert page.locator(".dockerlab-restate textarea").input_value() == "컨테이너가 더 빨랐습니다."
