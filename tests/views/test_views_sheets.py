"""Tables and words: everything escaped, every row there, the classes really registered."""

import importlib
import re
from html.parser import HTMLParser

import pytest
from IPython.core.interactiveshell import InteractiveShell

from dockerlab.claims import Race, performance, size, start
from dockerlab.containers.result import Run
from dockerlab.diagnosis import Diagnosis, Problem
from dockerlab.measure import Phases, Timing, compare
from dockerlab.views import claim_plots, formatters, sheets, show, words
from dockerlab.views.html import html
from dockerlab.views.sheets import Sheet
from dockerlab.views.text import printable, text
from dockerlab.views.words import case, note

PHASES = Phases((("create", 0.013), ("first_output", 0.25), ("start", 0.26), ("exit", 0.3), ("remove", 0.31)))
HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(2)>" \' &amp; \x1b[2J\x1b]0;owned\x07 가나다'


def ran(**more):
    given = {"image": "tiny", "command": ("sh", "-c", "true"), "exit_code": 0, "stdout": "안녕하세요\n",
             "stderr": "", "phases": PHASES, **more}  # fmt: skip
    return Run(**given)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen, self.open = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in {"br", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def parsed(markup):
    tags = Tags()
    tags.feed(markup)
    assert tags.open == []
    return tags.seen


@pytest.fixture
def shell():
    shell = InteractiveShell()
    formatters.register(shell)
    return shell


def test_output_comes_first_then_the_phases():
    shown = html(sheets.run_sheet(ran(stderr="경고")))
    assert shown.index("안녕하세요") < shown.index("경고") < shown.index("격리하고 프로세스 띄우기")
    assert "종료 코드 0" in shown and "310 ms" in shown


@pytest.mark.parametrize("field", ["stdout", "stderr", "image"])
def test_what_a_container_prints_never_becomes_markup_or_moves_the_cursor(field):
    sheet = sheets.run_sheet(ran(**{field: HOSTILE}))
    tags = {tag for tag, _ in parsed(html(sheet))}
    assert tags <= {"div", "pre", "strong", "span", "table", "tr", "td", "ul", "li"}
    assert "&lt;script&gt;" in html(sheet)
    assert "\x1b" not in html(sheet) and "\x1b" not in text(sheet) and "\\x1b[2J" in text(sheet)


def test_every_cell_of_a_table_is_escaped_and_described():
    sheet = Sheet(HOSTILE, columns=(HOSTILE, "b"), rows=((HOSTILE, HOSTILE),), notes=(HOSTILE,))
    tags = parsed(html(sheet))
    assert not any(tag in {"script", "img"} for tag, _ in tags)
    assert [attrs["scope"] for tag, attrs in tags if tag == "th"] == ["col", "col", "row"]
    assert sum(tag == "caption" for tag, _ in tags) == 1


def test_colours_of_words_come_from_the_theme_only():
    shown = html(sheets.run_sheet(ran())) + html(sheets.timings_sheet({"a": Timing("a", (1.0, 2.0))}))
    for colour in re.findall(r"(?<![-\w])color:([^;\"]+)", shown):
        assert colour == "var(--jp-content-font-color1,inherit)"
    for background in re.findall(r"background:([^;\"]+)", shown):
        assert background == "transparent" or "padding:0" in shown  # only the bar, which holds no words


def test_printable_keeps_what_people_write():
    assert printable("탭\t줄\n끝 ✓ 한글\r\n") == "탭\t줄\n끝 ✓ 한글\n"
    assert printable("10%\r20%\x00") == "10%\\r20%\\x00"


def test_failures_and_origins_are_told():
    killed = ran(exit_code=137, oom_killed=True, origin="built:debian/12", truncated=True)
    shown = text(sheets.run_sheet(killed))
    assert "종료 코드 137" in shown and "OOM" in shown and "이 컴퓨터에서" in shown and "버렸습니다" in shown
    assert "멈춤" in text(sheets.run_sheet(ran(exit_code=None)))


def test_text_tables_line_up_in_a_terminal():
    lines = text(Sheet("t", columns=("이름", "n"), rows=(("가나다라", "1"), ("ab", "22")))).splitlines()
    assert lines[1:] == ["이름      n", "가나다라  1", "ab        22"]


def test_timings_show_count_median_and_interval():
    micro = Timing("micro", (2.0,) * 10, metadata={"accelerator": "tcg"})
    shown = text(sheets.timings_sheet({"micro": micro}))
    assert "작은 VM(micro), TCG 에뮬레이션" in shown and "10" in shown and "2.00초 ~ 2.00초" in shown


def test_records_take_columns_in_order_and_leave_gaps():
    sheet = sheets.records_sheet("표", [{"a": 1}, {"b": 2, "a": 3}])
    assert sheet.columns == ("a", "b") and sheet.rows == (("1", ""), ("3", "2"))


@pytest.mark.parametrize(("module", "name"), [*formatters.SHEETS, *formatters.TABLES])
def test_registered_classes_exist_where_they_are_registered(module, name):
    kind = getattr(importlib.import_module(module), name)
    assert (kind.__module__, kind.__qualname__) == (module, name)


def test_ipython_shows_a_run_as_html_and_words(shell):
    data, _ = shell.display_formatter.format(ran())
    assert "<pre" in data["text/html"] and data["text/plain"].startswith("컨테이너 tiny: 종료 코드 0")
    data, _ = shell.display_formatter.format([ran()])
    assert "text/html" not in data and "종료 코드 0" in data["text/plain"]


def test_ipython_shows_a_comparison_and_a_timing(shell):
    a, b = Timing("a", (2.0,) * 10), Timing("b", (1.0,) * 10)
    data, _ = shell.display_formatter.format(compare(a, b))
    assert "a ÷ b: 2.0배" in data["text/html"]
    data, _ = shell.display_formatter.format(a)
    assert "<caption" in data["text/html"]


def test_show_is_the_words_for_the_terminal():
    assert show(ran()).startswith("컨테이너 tiny") and show(42) == "42"


@pytest.mark.parametrize(
    ("name", "shown"),
    [("micro", "작은 VM(micro)"), ("arithmetic vm", "산술 VM"),
     ("container with full", "full 경주의 컨테이너"),
     ("system calls native", "시스템 콜 네이티브(호스트)"), ("something", "something")],
)  # fmt: skip
def test_names_of_measurements_are_korean(name, shown):
    assert case(name) == shown


def test_notes_name_their_measurements_in_korean():
    assert note("container: 흔들립니다.") == "컨테이너: 흔들립니다."
    assert note("흔들립니다. [micro, processes vm]") == "흔들립니다. [작은 VM(micro), 프로세스 만들기 VM]"
    assert note("보통 문장입니다.") == "보통 문장입니다."


def made_race():
    marks = [("firmware", 0.1), ("kernel", 0.5), ("init", 1.9), ("ready", 2.0)]
    container = Phases((("create", 0.1), ("ready", 0.4)))
    timings = {
        "container": Timing("container", (0.4,) * 10, phases=(container,) * 10, metadata={"finish": "ready"}),
        "micro": Timing("micro", (2.0,) * 10, phases=(Phases(tuple(marks)),) * 10,
                        metadata={"finish": "ready", "accelerator": "tcg"}),
    }  # fmt: skip
    engine = {"kind": "embedded", "version": "26.1.5"}
    return Race(timings, "tiny", "tcg", engine, {"accelerator": "tcg"}, {}, "2026-11-23")


def captured(monkeypatch, shell, thing):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, **_: shown.append(data))
    assert shell.display_formatter.format(thing) == ({}, {})  # everything is displayed, nothing is returned
    return shown


def test_a_race_is_shown_as_two_figures_and_a_table(monkeypatch, shell):
    strip, phases, table = captured(monkeypatch, shell, made_race())
    assert "TCG 에뮬레이션" in strip.text and "커널 초기화" in phases.text
    assert "<caption" in table["text/html"] and "5.0배" in table["text/plain"]


def test_a_claim_is_shown_with_book_and_measured_value_side_by_side(monkeypatch, shell):
    strip, phases, table = captured(monkeypatch, shell, start.claim([made_race()]))
    assert "컨테이너" in strip.text and phases.title
    assert "초 단위" in table["text/plain"] and "400 ms" in table["text/plain"]


def test_performance_is_drawn_by_kind_of_work():
    seconds = {"native": 1.0, "container": 1.0, "vm": 5.0}
    timings = {
        f"{work.kind} {place}": Timing(f"{work.kind} {place}", (each,) * 6)
        for work in performance.WORKS
        for place, each in seconds.items()
    }
    told = {"engine": {"seccomp": "default"}, "vm": {"accelerator": "tcg"}}
    (drawing,) = claim_plots.claim_figures(performance.claim(timings, told, {}))
    assert "산술, VM: 5.0배" in drawing.text and "시스템 콜, 컨테이너: 차이가" in drawing.text
    assert {work.kind for work in performance.WORKS} == set(words.KINDS)


def test_sizes_are_drawn_with_the_share_of_the_kernel():
    claim = size.claim(
        [size.ImageSize("tiny", "built:x", 2_000_000, 2_100_000, 1)],
        [size.VmSize("micro", "x", 8_000_000, 3_000_000, 0, 0)],
        [size.Inside("full", 5_000_000, 50_000_000)],
        {"engine": {}, "vm": {}},
    )
    (drawing,) = claim_plots.claim_figures(claim)
    assert "작은 VM(micro) 전체: 11.0 MB" in drawing.text and "커널 파일만: 8.00 MB" in drawing.text


def test_a_diagnosis_shows_what_to_mend_first(shell):
    problem = Problem("E41", "QEMU가 없습니다.", "PATH에 없음 <b>", "apt-get install qemu-system-x86")
    engine = {"kind": "embedded", "version": "26.1.5", "api": "1.45", "cgroup_version": "2"}
    found = Diagnosis("2026-11-23", engine, {"accelerator": "none", "guests": ["micro"]}, {}, {}, {},
                      (problem,), ("알림입니다.",))  # fmt: skip
    shown = shell.display_formatter.formatters["text/html"](found)
    parsed(shown)
    assert shown.index("apt-get install qemu-system-x86") < shown.index("embedded 26.1.5")
    assert "고칠 것 1개" in shown and "작은 VM(micro)" in shown and "<b>" not in shown
