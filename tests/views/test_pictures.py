"""Drawings in SVG: whole, the same every time, readable in both themes, and told in words too."""

import re
from itertools import product
from xml.etree import ElementTree

import pytest

from dockerlab.views import (
    chain_figure,
    image_and_containers_figure,
    layer_stack_figure,
    picture,
    stacks_figure,
)

FIGURES = (chain_figure, layer_stack_figure, image_and_containers_figure, stacks_figure)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(params=FIGURES, ids=lambda each: each.__name__)
def make(request):
    return request.param


def test_a_picture_is_whole_and_the_same_every_time(make):
    drawn = make()
    root = ElementTree.fromstring(drawn.svg)
    assert drawn.svg == make().svg
    assert root.find(f"{SVG}title").text == drawn.title
    assert not re.search(r"(?:href|src|url)\s*=|url\((?!#)", drawn.svg)  # it needs nothing from elsewhere


def test_every_label_is_told_in_the_text_too(make):
    drawn = make()
    told = drawn.text + drawn.title
    texts = ElementTree.fromstring(drawn.svg).iter(f"{SVG}text")
    labels = [each.text for each in texts if "pale" not in each.get("class")]
    # The first two letters of a word: particles and endings may differ between a label and a sentence.
    stems = {word[:2] for label in labels for word in re.findall(r"[A-Za-z가-힣]{2,}", label)}
    assert not [stem for stem in stems if stem not in told]


def luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(ink, paper):
    dark, light = sorted((luminance(ink), luminance(paper)))
    return (light + 0.05) / (dark + 0.05)


def palettes():
    light, dark = picture._STYLE.split("@media")
    rule = re.compile(r"\.dockerlab-picture (?:\.|text\.|(?=text))([\w-]+)[^{]*\{[^}]*fill: (#[0-9a-f]{6})")
    first = dict(rule.findall(light))
    return first, first | dict(rule.findall(dark))


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_words_stand_out_from_what_they_are_written_on(theme):
    colours = palettes()[theme]
    papers = ("paper", "own", "kernel", "shared", "engine", "written")
    for ink, paper in [*product(("text",), papers), ("pale", "paper"), ("on-app", "app")]:
        assert contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)


def test_a_picture_is_shown_as_svg_and_then_as_words(make, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, **_: shown.append(data))
    make()._ipython_display_()
    first, second = shown
    assert first["image/svg+xml"].startswith("<svg") and "<summary>" in second["text/html"]
