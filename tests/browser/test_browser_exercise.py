"""A learner's way through an exercise in a real JupyterLab: untouched, hints, wrong, right, graded (40 s)."""

from __future__ import annotations

import labpage
import pytest

from dockerlab.exercises import catalog, generation

pytestmark = [pytest.mark.browser, pytest.mark.engine]
FIRST = catalog.exercise("01")
TASK = FIRST.task("01-1")


@pytest.fixture(scope="module")
def page(lab, browser, root, tiny):
    """Exercise 01, opened; what the learner made in it is tidied afterwards."""
    path = labpage.place(root, FIRST.file_name, generation.text(FIRST))
    with labpage.window(browser, 1280, 1400) as page:
        labpage.open_notebook(page, lab, path)
        labpage.command(page, "application:toggle-left-area")
        assert not run(page, "setup").startswith("Traceback")
        yield page
        run(page, "answer-01-6", "lab.tidy('01')")


def run(page, identity, source=None):
    """What the cell answered, as text."""
    outputs = labpage.run(page, identity, source)
    said = [each.get("text") or each.get("evalue") or each["data"]["text/plain"] for each in outputs]
    return "\n".join("".join(each) for each in said)


def test_from_nothing_over_hints_and_a_mistake_to_passing(page):
    assert "01-1 미시도 (0/2점)" in run(page, "check-01-1")
    shown = [run(page, "answer-01-6", 'lab.hint("01-1")') for _ in range(3)]
    for step, (said, hint) in enumerate(zip(shown, TASK.hints, strict=True), 1):
        assert f"01-1 힌트 {step}/3" in said and " ".join(hint.split())[:20] in " ".join(said.split())
    ended = 'client.containers.run("dockerlab/tiny", ["true"], name=given.box, detach=True).wait()'
    run(page, "answer-01-1", ended)
    wrong = run(page, "check-01-1")
    assert "01-1 아직" in wrong and "종료되었습니다(코드 0)" in wrong
    run(page, "answer-01-1", f"client.containers.get(given.box).remove(force=True)\n{TASK.answer.strip()}")
    right = run(page, "check-01-1")
    assert "01-1 통과 (2/2점)" in right and " ".join(TASK.explanation.split())[:20] in " ".join(right.split())


def test_the_button_grades_what_is_saved_and_says_what_is_not(page):
    run(page, "answer-01-6", "# 여기에 답을 적으십시오.")
    run(page, "answer-01-1", TASK.answer.strip() + "  # 저장한 답")
    run(page, "grade")
    labpage.command(page, "docmanager:save")
    said = page.locator(".dockerlab.grade .said")
    button = page.get_by_role("button", name="저장한 파일 채점하기")
    button.focus()
    page.keyboard.press("Enter")
    said.get_by_text(f"2/{FIRST.points}점입니다.").wait_for()
    rows = page.locator(".dockerlab.grade tbody tr")
    assert [row.split("\t")[1] for row in rows.all_inner_texts()] == ["✓ 통과", *["– 미시도"] * 5]
    notes = page.locator(".dockerlab.grade li").first
    assert "저장하지 않은 것이 있습니다" not in notes.inner_text()
    assert button.evaluate("each => each === document.activeElement")
    run(page, "answer-01-1", "pass")  # changed, and not saved
    button.press("Enter")
    notes.get_by_text("저장하지 않은 것이 있습니다").wait_for()
    assert said.inner_text() == f"2/{FIRST.points}점입니다."


def test_the_record_tells_what_was_passed_and_graded(page):
    told = run(page, "answer-01-6", "lab.record()")
    line = next(line for line in told.splitlines() if line.startswith(f"01. {FIRST.title}"))
    assert "1/6" in line and f"2/{FIRST.points}" in line and "하는 중" in line


@pytest.mark.parametrize("theme", labpage.THEMES)
def test_nothing_of_the_result_is_hard_to_see(page, screenshots, theme):
    labpage.change_theme(page, theme)
    page.locator(".dockerlab.grade").scroll_into_view_if_needed()
    page.screenshot(path=screenshots / f"exercise-{theme.lower()}.png")
    assert labpage.violations(page, ".dockerlab.grade") == []
