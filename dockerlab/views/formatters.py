"""IPython이 과정의 결과를 잘 보이게 합니다. 아래 패키지들은 views를 모르므로 이름으로 등록합니다."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from dockerlab.views import build_sheet, claim_plots, sheets, transcripts
from dockerlab.views.course import record_sheets
from dockerlab.views.course import sheets as course_sheets
from dockerlab.views.drawing import Drawing
from dockerlab.views.exercises import sheets as exercise_sheets
from dockerlab.views.html import html
from dockerlab.views.layers import lessons as layer_lessons
from dockerlab.views.layers import sheet as layer_sheet
from dockerlab.views.layers import writable_sheet
from dockerlab.views.sheets import Sheet
from dockerlab.views.text import text
from dockerlab.views.traces import sheets as trace_sheets

# Where the classes live, so that registering imports none of them.
SHEETS: dict[tuple[str, str], Callable[[Any], Sheet]] = {
    ("dockerlab.containers.result", "Run"): sheets.run_sheet,
    ("dockerlab.vm.machine", "Boot"): sheets.boot_sheet,
    ("dockerlab.images.building", "Built"): build_sheet.built_sheet,
    ("dockerlab.containers.committing", "Committed"): writable_sheet.committed_sheet,
    ("dockerlab.layering.live", "Writable"): writable_sheet.writable_sheet,
    ("dockerlab.claims.copyup", "CopyUp"): layer_lessons.copyup_sheet,
    ("dockerlab.claims.rebuild", "Rebuild"): layer_lessons.rebuild_sheet,
    ("dockerlab.layering.model", "Image"): layer_sheet.layers_sheet,
    ("dockerlab.measure.timing", "Timing"): lambda timing: sheets.timings_sheet({timing.what: timing}),
    ("dockerlab.measure.comparison", "Comparison"): sheets.comparison_sheet,
    ("dockerlab.claims.start", "Race"): sheets.race_sheet,
    ("dockerlab.claims.claim", "Claim"): sheets.claim_sheet,
    ("dockerlab.claims.claim", "ComparisonTable"): sheets.claims_sheet,
    ("dockerlab.claims.whereabouts", "Whereabouts"): sheets.whereabouts_sheet,
    ("dockerlab.course.glossary", "Glossary"): course_sheets.glossary_sheet,
    ("dockerlab.course.lessons", "Lesson"): course_sheets.lesson_sheet,
    ("dockerlab.course.standing", "Progress"): record_sheets.progress_sheet,
    ("dockerlab.course.prediction", "Prediction"): course_sheets.prediction_sheet,
    ("dockerlab.course.prediction", "Outcome"): course_sheets.outcome_sheet,
    ("dockerlab.exercises.model", "Given"): exercise_sheets.given_sheet,
    ("dockerlab.exercises.model", "Verdict"): exercise_sheets.verdict_sheet,
    ("dockerlab.exercises.model", "Hint"): exercise_sheets.hint_sheet,
    ("dockerlab.grading.report", "Report"): exercise_sheets.report_sheet,
}
# What is shown as a terminal showed it: commands and what was answered.
EXCHANGES: dict[tuple[str, str], Callable[[Any], tuple[transcripts.Exchange, ...]]] = {
    ("dockerlab.client.session", "Said"): transcripts.of_said,
    ("dockerlab.client.session", "Transcript"): transcripts.of_transcript,
    ("dockerlab.vm.shell", "Ran"): transcripts.of_ran,
}
# What already says itself in words, and needs a table only in a notebook.
TABLES: dict[tuple[str, str], Callable[[Any], Sheet]] = {
    ("dockerlab.diagnosis.findings", "Diagnosis"): sheets.diagnosis_sheet,
}
# What is shown with figures above its sheet.
FIGURES: dict[tuple[str, str], Callable[[Any], tuple[Drawing, ...]]] = {
    ("dockerlab.claims.start", "Race"): claim_plots.race_figures,
    ("dockerlab.claims.claim", "Claim"): claim_plots.claim_figures,
    ("dockerlab.claims.copyup", "CopyUp"): layer_lessons.copyup_figures,
    ("dockerlab.claims.rebuild", "Rebuild"): layer_lessons.rebuild_figures,
}
# What opens as a widget: the module of its view, imported (with anywidget) only when one is shown.
VIEWS = {
    ("dockerlab.tracing.hops", "Trace"): ("dockerlab.views.traces.view", "display_trace"),
    ("dockerlab.course.prediction", "Outcome"): ("dockerlab.views.course.restate", "display_outcome"),
}
# What is written otherwise than by a sheet.
TEXTS = {("dockerlab.tracing.hops", "Trace"): trace_sheets.trace_text}


def register(shell: Any) -> None:
    """노트북과 터미널의 IPython에서 결과마다 HTML과 글을 보이도록 등록합니다."""
    for (module, name), sheet in {**SHEETS, **TABLES}.items():
        _html(shell).for_type_by_name(module, name, _as_html(sheet))
    for (module, name), sheet in SHEETS.items():
        _plain(shell).for_type_by_name(module, name, _as_text(sheet))
    for (module, name), exchanges in EXCHANGES.items():
        _html(shell).for_type_by_name(module, name, _then(exchanges, transcripts.exchanges_html))
        _plain(shell).for_type_by_name(
            module, name, _written(_then(exchanges, transcripts.exchanges_text))
        )
    for (module, name), figures in FIGURES.items():
        shell.display_formatter.ipython_display_formatter.for_type_by_name(
            module, name, _displayed(figures, SHEETS[module, name])
        )
    for (module, name), view in VIEWS.items():
        shell.display_formatter.ipython_display_formatter.for_type_by_name(module, name, _opened(*view))
    for (module, name), say in TEXTS.items():
        _plain(shell).for_type_by_name(module, name, _written(say))


def show(thing: Any) -> str:
    """결과를 터미널에 보일 글로 바꿉니다. 모르는 것은 ``str``입니다."""
    kind = type(thing)
    where = kind.__module__, kind.__qualname__
    if where in TEXTS:
        return TEXTS[where](thing)
    return text(SHEETS[where](thing)) if where in SHEETS else str(thing)


def _opened(module: str, function: str) -> Callable[[Any], None]:
    return lambda thing: getattr(import_module(module), function)(thing)


def _displayed(
    figures: Callable[[Any], tuple[Drawing, ...]], sheet: Callable[[Any], Sheet]
) -> Callable[[Any], None]:
    """Figures first, which GitHub shows too, then the table."""
    def display_all(thing: Any) -> None:
        from IPython.display import display

        for drawing in figures(thing):
            display(drawing)
        said = sheet(thing)
        display({"text/html": html(said), "text/plain": text(said)}, raw=True)

    return display_all


def _as_html(sheet: Callable[[Any], Sheet]) -> Callable[[Any], str]:
    return lambda thing: html(sheet(thing))


def _as_text(sheet: Callable[[Any], Sheet]) -> Callable[[Any, Any, bool], None]:
    return _written(lambda thing: text(sheet(thing)))


def _then(first: Callable[[Any], Any], second: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda thing: second(first(thing))


def _written(say: Callable[[Any], str]) -> Callable[[Any, Any, bool], None]:
    def write(thing: Any, printer: Any, cycle: bool) -> None:
        printer.text("…" if cycle else say(thing))

    return write


def _html(shell: Any) -> Any:
    return shell.display_formatter.formatters["text/html"]


def _plain(shell: Any) -> Any:
    return shell.display_formatter.formatters["text/plain"]
