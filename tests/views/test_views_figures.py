"""Figures: Korean glyphs really drawn, nothing clipped, same bytes for the same data, words beside them."""

import hashlib
import struct
import warnings
from itertools import pairwise

import matplotlib
import numpy as np
import pytest
from matplotlib.text import Text

from dockerlab.measure import Phases, Timing, compare
from dockerlab.views import (
    growth_figure,
    phases_figure,
    race_figure,
    ratios_figure,
    sizes_figure,
    style,
    words,
)
from dockerlab.views.phase_plot import segments, spread

MACHINE = {
    "cpu": "AMD EPYC", "cores": 2, "memory": 25_276_514_304, "os": "Debian GNU/Linux 12 (bookworm)",
    "virtualised": True, "load": 0.4, "steal": 0.0, "date": "2026-11-23T21:00:00+09:00", "engine": "26.1.5",
}  # fmt: skip


def timing(what, values, phases=(), **more):
    return Timing(what=what, values=tuple(values), phases=tuple(phases), metadata={**MACHINE, **more})


def noise(middle, n=10, seed=1):
    return np.random.default_rng(seed).normal(middle, 0.03 * middle, n)


def boots():
    container = [Phases((("create", 0.013), ("ready", at), ("start", at + 0.005), ("exit", at + 0.05)))
                 for at in noise(0.36)]  # fmt: skip
    full = [Phases((("firmware", 0.09), ("kernel", 0.58), ("init", 5.8), ("ready", at))) for at in noise(20)]
    return {
        "container": timing("container", noise(0.36), container, finish="ready"),
        "micro": timing("micro", noise(2.4), full, finish="ready", accelerator="kvm"),
        "full": timing("full", noise(20), full, finish="ready", accelerator="tcg"),
    }


def race():
    slow_first = timing("container", [0.6, *noise(0.36)], accelerator=None)
    return race_figure({**boots(), "container": slow_first})


def ratios():
    native = timing("native", noise(1))
    return ratios_figure({
        kind: {
            "container": compare(timing("container", noise(1.0, seed=at)), native),
            "micro": compare(timing("micro", noise(3 + at, seed=at), accelerator="tcg"), native),
        }
        for at, kind in enumerate(["산술", "시스템 호출", "페이지 폴트", "프로세스 만들기"])
    })  # fmt: skip


def every_word():
    """A figure with every Korean label that words.py knows."""
    said = [*words.PHASES.values(), *words.STRETCHES.values(), *words.ACCELERATORS.values()]
    said += [*words.CASES.values(), "−1 × ± ~ ≈ µs ÷ … · ※ ①②③④⑤⑥⑦⑧⑨⑩ 꽳뷁힣"]
    return sizes_figure({word: at + 1.0 for at, word in enumerate(dict.fromkeys(said))})


FIGURES = {
    "race": race,
    "race of two": lambda: race_figure({"a": timing("a", noise(0.36)), "b": timing("b", noise(0.40))}),
    "race once": lambda: race_figure({"a": timing("a", [0.36])}),
    "phases": lambda: phases_figure(boots()),
    "ratios": ratios,
    "growth": lambda: growth_figure(
        {"container": {1: 7e6, 5: 2e7, 10: 3.4e7}, "micro": {1: 2.1e8, 5: 9.5e8, 10: 1.87e9}},
        metadata={"micro": {"accelerator": "tcg"}}, notes=["shim 프로세스를 넣었습니다."],
    ),
    "sizes": lambda: sizes_figure({"tiny 이미지": 1.98e6, "VM 디스크": 4e8}, notes=["재어 본 값입니다."]),
    "every word": every_word,
}  # fmt: skip


@pytest.fixture(params=FIGURES)
def make(request):
    return FIGURES[request.param]


def test_every_glyph_is_there_and_nothing_warns(make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        png = make().png()
    assert png.startswith(b"\x89PNG")


def test_no_text_is_clipped_or_overlaps_the_title(make):
    figure = make().figure
    page, hidden = figure.bbox, beyond_the_limits(figure)
    for text in figure.findobj(Text):
        if text in hidden or not (text.get_visible() and text.get_text().strip()):
            continue
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= page.x1 and box.y1 <= page.y1, text.get_text()
    title = figure._suptitle.get_window_extent()
    for axes in figure.axes:
        assert not axes.get_window_extent().overlaps(title)
        assert axes.get_legend() is None or not axes.get_legend().get_window_extent().overlaps(title)


def beyond_the_limits(figure):
    """Labels of ticks that exist but lie outside the axis, and so are not drawn."""
    return {
        label
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in axis.get_major_ticks()
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
        for label in (tick.label1, tick.label2)
    }


def test_the_same_data_gives_the_same_bytes(make):
    drawing = make()
    once = drawing.png()
    assert once == drawing.png() == make().png()
    assert b"matplotlib" not in once.lower()


def test_words_carry_what_the_picture_shows(make):
    drawing = make()
    assert drawing.title in str(drawing) and drawing.text and len(drawing.text.splitlines()) >= 1


def pixels(text):
    with style.korean():
        figure = style.canvas(1, 1)
        figure.set_layout_engine("none")
        figure.text(0.2, 0.2, text, fontsize=40)
        figure.canvas.draw()
        return np.asarray(figure.canvas.buffer_rgba()).copy()


@pytest.mark.parametrize("syllable", "가각힣뷁")
def test_a_syllable_is_a_letter_and_not_the_missing_glyph_box(syllable):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        box = pixels("\U0010fffd")  # private use: in no font
    drawn = pixels(syllable)
    assert (drawn != box).any() and (drawn != 255).sum() > 1000
    assert (pixels("가") != pixels("나")).any()


def test_the_font_comes_with_the_package_and_its_licence():
    from matplotlib.font_manager import FontProperties, findfont

    with style.korean():
        found = findfont(FontProperties(family=style.FAMILY), fallback_to_default=False)
    assert found == str(style.FONT)
    licence = (style.FONT.parent / "OFL.txt").read_text(encoding="utf-8")
    assert "NAVER Corporation" in licence and "SIL OPEN FONT LICENSE" in licence
    # The font is the original one: a changed one may not keep its reserved name.
    assert hashlib.sha256(style.FONT.read_bytes()).hexdigest().startswith("48a28e97b34fc8e5")


def test_the_learners_own_matplotlib_is_left_alone(make):
    import sys

    matplotlib.rcParams["axes.facecolor"] = "black"
    before = dict(matplotlib.rcParams)
    try:
        png = make().png()
        assert dict(matplotlib.rcParams) == before
        assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
    finally:
        matplotlib.rcdefaults()
    assert png == make().png()


def test_size_on_screen_is_sane(make):
    width, height = struct.unpack(">II", make().png()[16:24])
    assert 1100 <= width <= 1500 and width * height < 6_000_000


def test_accelerator_is_named_in_label_and_words():
    drawing = race()
    shown = " ".join(text.get_text() for text in drawing.figure.findobj(Text))
    assert "TCG 에뮬레이션" in shown and "KVM 가속" in shown
    assert "TCG 에뮬레이션" in drawing.text and "n=10" in drawing.text and "20.0초" not in drawing.title


def test_all_values_are_drawn_as_points():
    drawing = race_figure({"a": timing("a", noise(0.36, 13))})
    points = [line for line in drawing.figure.axes[0].lines if len(line.get_xdata()) == 13]
    assert sorted(points[0].get_xdata()) == sorted(noise(0.36, 13))


@pytest.mark.parametrize(("far", "scale"), [(2.0, "linear"), (50.0, "log")])
def test_axis_is_logarithmic_only_where_the_ratio_calls_for_it_and_says_so(far, scale):
    drawing = race_figure({"a": timing("a", noise(1)), "b": timing("b", noise(far))})
    axes = drawing.figure.axes[0]
    assert axes.get_xscale() == scale
    assert ("로그" in axes.get_xlabel()) == (scale == "log")
    assert scale == "log" or axes.get_xlim()[0] == 0


def test_caveats_stand_under_the_figure_and_in_the_words():
    drawing = race()
    assert "첫 실행" in drawing.figure._supxlabel.get_text() and "첫 실행" in drawing.text
    assert "컨테이너: 첫 실행" in drawing.text


def test_phases_stop_at_the_finish_line_and_add_up():
    container = boots()["container"]
    named = segments(container)
    assert [name for name, _ in named] == ["컨테이너 만들기", "격리하고 프로세스 띄우기"]
    assert sum(spent for _, spent in named) == pytest.approx(container.phase_medians().at("ready"))


def test_a_ratio_that_cannot_be_claimed_is_hollow_and_has_no_number():
    drawing = ratios()
    assert "산술, 컨테이너: 차이가 있다고 말할 수 없음" in drawing.text
    hollow = [line for line in drawing.figure.axes[0].lines if line.get_markerfacecolor() == "white"]
    assert hollow


def test_labels_are_spread_without_changing_their_order():
    places = spread([0.001, 0.002, 0.5, 0.998, 0.999], gap=0.03)
    assert places == sorted(places) and places[0] >= 0 and places[-1] <= 1
    assert min(b - a for a, b in pairwise(places)) >= 0.0299


def test_in_a_notebook_the_picture_comes_with_its_words(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, **more: shown.append((data, more)))
    race()._ipython_display_()
    (picture, more), (said, _) = shown
    assert picture["image/png"].startswith(b"\x89PNG")
    assert "중앙값" in more["metadata"]["image/png"]["alt"]
    assert "<summary>" in said["text/html"] and "중앙값" in said["text/plain"]
