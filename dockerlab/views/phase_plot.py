"""시작 시간을 단계로 나누어 나란히 보입니다."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dockerlab.measure import Phases, Timing
from dockerlab.views import style
from dockerlab.views.drawing import Drawing
from dockerlab.views.units import seconds, tick
from dockerlab.views.words import case, note, stretch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 7.5
NUMBERS = "①②③④⑤⑥⑦⑧⑨⑩"
Segments = Sequence[tuple[str, float]]


def phases_figure(
    cases: Mapping[str, Timing | Phases],
    title: str = "시작 시간을 단계로 나누어 보기",
    notes: Sequence[str] = (),
) -> Drawing:
    """단계마다 걸린 시간을 쌓은 막대로 그립니다. 위는 모두 같은 자로, 아래는 하나씩 늘려서 보입니다.

    ``Timing``은 지점마다의 중앙값을 쓰고, 결승선(``finish``) 뒤의 단계는 시작 시간이 아니므로 뺍니다.
    """
    parts = {_label(name, each): segments(each) for name, each in cases.items()}
    colours = _colours(parts)
    with style.korean():
        rows = len(parts)
        figure = style.canvas(WIDTH, 1.15 + 0.3 * rows + 0.85 * rows)
        grid = figure.add_gridspec(rows + 1, 1, height_ratios=[0.35 + 0.3 * rows] + [0.5] * rows)
        _same_scale(figure.add_subplot(grid[0]), parts, colours)
        for row, (label, each) in enumerate(parts.items(), 1):
            _stretched(figure.add_subplot(grid[row]), label, each, colours)
        style.title(figure, title)
        style.footnotes(figure, [f"※ {note(each)}" for each in notes])
        style.settle(figure)
    return Drawing(title, figure, describe_phases(cases, notes))


def describe_phases(cases: Mapping[str, Timing | Phases], notes: Sequence[str] = ()) -> str:
    """``phases_figure``와 같은 내용을 글로 적습니다."""
    lines = [
        f"{_label(name, each)}: 모두 {seconds(_total(segments(each)))} = " + _listed(segments(each), " + ")
        for name, each in cases.items()
    ]
    return "\n".join([*lines, *map(note, notes)])


def segments(timed: Timing | Phases) -> list[tuple[str, float]]:
    """결승선까지 일어난 일의 이름과 걸린 초를 차례로 줍니다."""
    medians = timed if isinstance(timed, Phases) else timed.phase_medians()
    finish = None if isinstance(timed, Phases) else medians.at(timed.metadata.get("finish") or "")
    limit = medians.total if finish is None else finish
    reached = [mark for mark in medians.marks if mark[1] <= limit]
    names = [None, *(name for name, _ in Phases(tuple(reached)).durations())]
    return [
        (stretch(before, name), spent)
        for before, (name, spent) in zip(names, Phases(tuple(reached)).durations(), strict=False)
    ]


def _same_scale(axes: Axes, parts: Mapping[str, Segments], colours: Mapping[str, int]) -> None:
    longest = max(map(_total, parts.values()))
    for row, each in enumerate(parts.values()):
        _bar(axes, row, each, 1.0, 0.66, colours)
        axes.annotate(
            seconds(_total(each)), (_total(each), row), (5, 0), textcoords="offset points", va="center"
        )
    axes.set_yticks(range(len(parts)), list(parts))
    axes.set_ylim(len(parts) - 0.5, -0.5)
    axes.set_xlim(0, longest * 1.14)
    axes.xaxis.set_major_formatter(lambda value, _: tick(value, "s"))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    axes.set_title("같은 자로 잰 길이", loc="left", color=style.PALE)


def _stretched(axes: Axes, label: str, each: Segments, colours: Mapping[str, int]) -> None:
    total = _total(each) or 1.0
    _bar(axes, 0, each, 1 / total, 0.5, colours)
    before, centres = 0.0, []
    for _, spent in each:
        centres.append((before + spent / 2) / total)
        before += spent
    for number, centre, place in zip(NUMBERS, centres, spread(centres, gap=0.028), strict=False):
        axes.plot([centre, place], [0.25, 0.46], color=style.PALE, linewidth=0.6, clip_on=False)
        axes.text(place, 0.5, number, ha="center", va="bottom", fontsize=9)
    named = [f"{number} {_said(part)}" for number, part in zip(NUMBERS, each, strict=False)]
    axes.text(
        0, -0.38, "\n".join(style.wrap(named, WIDTH * 72 / 9 - 16, "   ")), va="top", fontsize=9,
        linespacing=1.4,
    )  # fmt: skip
    axes.set_title(f"{label}: {seconds(_total(each))} (늘려 보기)", loc="left", color=style.PALE, pad=4)
    axes.set_xlim(-0.005, 1.005)
    axes.set_ylim(-0.6, 0.95)
    axes.set_axis_off()


def _bar(
    axes: Axes, row: int, each: Segments, scale: float, height: float, colours: Mapping[str, int]
) -> None:
    before = 0.0
    for name, spent in each:
        at = colours[name]
        axes.barh(
            row, spent * scale, left=before * scale, height=height, color=style.COLOURS[at],
            hatch=style.HATCHES[at], edgecolor="white", linewidth=0.5,
        )  # fmt: skip
        before += spent


def spread(places: Sequence[float], gap: float) -> list[float]:
    """표를 붙일 자리들을 순서대로 적어도 ``gap``만큼 떼어 놓고, 0과 1 사이에 둡니다."""
    free = [max(gap / 2, min(1 - gap / 2, place)) for place in places]
    for at in range(1, len(free)):
        free[at] = max(free[at], free[at - 1] + gap)
    if free and free[-1] > 1 - gap / 2:
        free[-1] = 1 - gap / 2
        for at in range(len(free) - 2, -1, -1):
            free[at] = min(free[at], free[at + 1] - gap)
    return free


def _colours(parts: Mapping[str, Segments]) -> dict[str, int]:
    names = dict.fromkeys(name for each in parts.values() for name, _ in each)  # in order of appearance
    return {name: at % len(style.COLOURS) for at, name in enumerate(names)}


def _label(name: str, timed: Timing | Phases) -> str:
    return case(name, timed.metadata.get("accelerator") if isinstance(timed, Timing) else None)


def _listed(each: Segments, between: str) -> str:
    return between.join(map(_said, each))


def _said(part: tuple[str, float]) -> str:
    return f"{part[0]} {seconds(part[1])}"


def _total(each: Segments) -> float:
    return sum(spent for _, spent in each)
