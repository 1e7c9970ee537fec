"""Every kind of result, widget and page before axe-core, light and dark, and without motion (40 s)."""

from __future__ import annotations

import re

import labpage
import pytest

from dockerlab.grading.report import GRADED, REJECTED, Report, TaskResult
from dockerlab.views.exercises import report_files

pytestmark = [pytest.mark.browser, pytest.mark.engine]
SOURCES = (
    "import os, sys\nos.environ['DOCKERLAB_RECORD'] = {record!r}\nsys.path.insert(0, '../../tests/views')\n"
    "import dockerlab as lab, layered\nfrom IPython.display import display\n"
    "from dockerlab.exercises import Step, Verdict\n%load_ext dockerlab",
    "for each in (lab.lesson('03'), lab.lessons(), lab.glossary('컨테이너'), lab.doctor()): display(each)",
    "lab.quiz('03-one-root')",
    "prediction = lab.predict('시작 시간', unit='s', 컨테이너=1.0)\ndisplay(prediction)\n"
    "prediction.against(컨테이너=0.5)",
    "from dockerlab.views.layers.explorer import LayerExplorer\n"
    "LayerExplorer([layered.container(layered.small())], [layered.read])",
    "for each in (lab.run('tiny', 'echo hi'), lab.layers('tiny'), lab.whereabouts()): display(each)",
    "%docker ps --format {{{{.Names}}}}",
    "%%trace\ndocker version",
    "times = lab.rounds({{'가': lambda: 0.1, '나': lambda: 0.2}}, n=6)\n"
    "for each in times.values(): display(each)",
    "steps = (Step(True, '있습니다'), Step(False, '없습니다'))\n"
    "display(Verdict('01-1', '아직', 0, 3, steps))",
    "for name in ('chain', 'layer_stack', 'image_and_containers', 'stacks'):\n"
    "    display(getattr(lab.views, f'{{name}}_figure')())",
    "lab.record()",
    "print('다 되었습니다')",
)
# Everything of ours that has been put on the page; JupyterLab's own frame is not ours to mend.
OURS = ".jp-NotebookPanel .jp-OutputArea-output"
# JupyterLab puts an SVG as an image without words into a frame of its own: the words are the output after it.
DRAWING = ".jp-RenderedSVG"
MOVING = """() => document.getAnimations().filter(each => each.playState === 'running')
    .map(each => each.effect?.target?.className ?? '')"""


@pytest.fixture(scope="module")
def shown(lab, browser, root, tiny, tmp_path_factory):
    """A notebook with one of each, run to its end, in a browser that asks for no motion."""
    record = str(tmp_path_factory.mktemp("record"))
    path = labpage.write(root, "everything.ipynb", [source.format(record=record) for source in SOURCES])
    # High enough for all of it: what JupyterLab has not rendered could not be looked at.
    with labpage.window(browser, 1280, 16000, reduced_motion="reduce") as page:
        labpage.open_notebook(page, lab, path)
        labpage.run_all(page)
        page.locator(OURS, has_text="다 되었습니다").last.wait_for()
        for widget in (".quiz fieldset", ".layers .row", ".trace .hop", ".dockerlab-restate"):
            page.locator(widget).first.wait_for()
        yield page


def serious(page, *within):
    """What axe-core finds that keeps somebody out."""
    return [each for each in labpage.violations(page, *within) if each[0] in ("serious", "critical")]


def test_nothing_failed_to_show(shown):
    assert shown.locator(f"{OURS}[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert "Traceback" not in " ".join(shown.locator(OURS).all_inner_texts())


@pytest.mark.parametrize("theme", labpage.THEMES)
def test_every_result_and_widget(shown, screenshots, theme):
    labpage.change_theme(shown, theme)
    shown.locator(".jp-NotebookPanel").screenshot(path=screenshots / f"everything-{theme.lower()}.png")
    assert serious(shown, f"{OURS}:not({DRAWING})") == []


def test_a_drawing_is_followed_by_its_words(shown):
    drawings = shown.locator(DRAWING)
    assert drawings.count() == 4
    for at in range(4):
        output = drawings.nth(at).locator("xpath=ancestor::div[contains(@class, 'jp-OutputArea-child')][1]")
        words = output.locator("xpath=following-sibling::div[1]").locator("details")
        assert re.search("글로 읽기", words.locator("summary").inner_text())


def test_nothing_moves_for_whom_motion_is_unpleasant(shown):
    shown.locator(".trace .hop").first.click()
    ours = [name for name in shown.evaluate(MOVING) if not str(name).startswith(("jp-", "lm-", "cm-"))]
    assert ours == []


@pytest.mark.parametrize("theme", labpage.THEMES)
def test_the_report_of_grades(page, tmp_path, theme):
    tasks = (TaskResult("01-1", "통과", 3, 3, "맞습니다"), TaskResult("01-2", "아직", 0, 2, "<b>없습니다"))
    broken = Report("나.ipynb", REJECTED, reason="노트북이 아닙니다")
    reports = [Report("가.ipynb", GRADED, "01", tasks), broken]
    (tmp_path / "grades.html").write_text(report_files.as_html(reports), encoding="utf-8")
    page.emulate_media(color_scheme=theme.lower())
    page.goto((tmp_path / "grades.html").as_uri())
    page.get_by_text("노트북이 아닙니다").first.wait_for()
    assert serious(page) == []


@pytest.mark.parametrize("theme", labpage.THEMES)
def test_the_course_home(lab, page, theme):
    page.goto(lab)
    page.locator(".jp-MarkdownViewer h1").first.wait_for()
    labpage.change_theme(page, theme)
    assert serious(page, ".jp-MarkdownViewer") == []
