"""잰 값의 그림입니다. 점을 하나도 감추지 않고, 눈금이 로그이면 로그라고 적습니다."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dockerlab.measure import Comparison, Timing, caveats
from dockerlab.views import style
from dockerlab.views.drawing import Drawing
from dockerlab.views.units import amount, between, size, tick
from dockerlab.views.words import accelerator, case, conditions, note

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 7.5
LOG_FROM = 8.0  # a linear axis would squeeze the smaller values into less than an eighth of it


def race_figure(
    timings: Mapping[str, Timing],
    title: str = "시작 시간: 출발부터 사용자 공간의 첫 글자까지",
    notes: Sequence[str] | None = None,
) -> Drawing:
    """잰 값을 모두 점으로 찍고, 일마다 중앙값과 95 % 구간을 그립니다.

    ``notes``는 그림 아래에 적을 주의할 점이고, 없으면 ``measure.caveats``에서 얻습니다.
    """
    notes = list(caveats(*timings.values()) if notes is None else notes)
    unit = next(iter(timings.values())).unit
    with style.korean():
        figure = style.canvas(WIDTH, 1.35 + 0.62 * len(timings))
        axes = figure.add_subplot()
        for row, timing in enumerate(timings.values()):
            _strip(axes, row, timing)
            axes.text(
                1.02, row, f"{amount(timing.median, unit)}\n{_interval(timing)}",
                transform=axes.get_yaxis_transform(), va="center", fontsize=9, linespacing=1.4,
            )  # fmt: skip
        values = [value for timing in timings.values() for value in timing.values]
        scale = _value_axis(axes, values, unit)
        axes.set_yticks(range(len(timings)), [_label(name, timing) for name, timing in timings.items()])
        axes.set_ylim(len(timings) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(f"{_QUANTITIES[unit]} ({scale})")
        style.title(figure, title)
        metadata = next(iter(timings.values())).metadata
        style.footnotes(figure, [_KEY, *_marked(notes), conditions(metadata)])
        style.settle(figure)
    return Drawing(title, figure, describe_timings(timings, notes))


def ratios_figure(
    comparisons: Mapping[str, Mapping[str, Comparison]],
    title: str = "일의 종류마다 네이티브의 몇 배가 걸렸는가",
    reference: str = "네이티브와 같음",
    notes: Sequence[str] = (),
) -> Drawing:
    """일의 종류(바깥 키)마다, 환경(안쪽 키)이 기준의 몇 배인지를 95 % 구간과 함께 그립니다.

    차이를 말할 수 없는 비는 속이 빈 표식으로 그립니다.
    """
    names = list(dict.fromkeys(name for group in comparisons.values() for name in group))
    with style.korean():
        figure = style.canvas(WIDTH, 1.5 + 0.34 * sum(len(group) + 0.6 for group in comparisons.values()))
        axes = figure.add_subplot()
        bounds, ticks, top = [1.0], [], 0.0
        for kind, group in comparisons.items():
            ticks.append((top + (len(group) - 1) / 2, kind))
            for name, comparison in group.items():
                _ratio(axes, top, names.index(name), comparison)
                bounds += [comparison.ratio, *comparison.interval]
                top += 1
            axes.axhline(top - 0.2, color=style.FAINT, linewidth=0.6)
            top += 0.6
        axes.axvline(1, color=style.INK, linewidth=1, label=reference)
        scale = _value_axis(axes, bounds, "ratio")
        axes.set_yticks([at for at, _ in ticks], [kind for _, kind in ticks])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(top - 0.8, -0.75)
        axes.set_xlabel(f"기준의 몇 배 ({scale})")
        _legend(axes, {name: _first(comparisons, name).a for name in names})
        style.title(figure, title)
        key = "가로줄은 비의 95 % 구간입니다. 속이 빈 표식은 차이가 있다고 말할 수 없는 값입니다."
        metadata = _first(comparisons, names[0]).a.metadata
        style.footnotes(figure, [key, *_marked(notes), conditions(metadata)])
        style.settle(figure)
    return Drawing(title, figure, describe_ratios(comparisons, notes))


def growth_figure(
    series: Mapping[str, Mapping[int, float]],
    title: str = "개수를 늘릴 때 쓰는 메모리",
    metadata: Mapping[str, Mapping] | None = None,
    notes: Sequence[str] = (),
) -> Drawing:
    """이름마다 개수(안쪽 키)에 따른 바이트를 선으로 그립니다. 값은 점마다 적습니다."""
    metadata = metadata or {}
    values = [value for points in series.values() for value in points.values()]
    labels = {name: case(name, metadata.get(name, {}).get("accelerator")) for name in series}
    with style.korean():
        figure = style.canvas(WIDTH, 3.6)
        axes = figure.add_subplot()
        for at, (name, points) in enumerate(series.items()):
            axes.plot(
                list(points), list(points.values()), color=style.COLOURS[at], marker=style.MARKERS[at],
                linestyle=style.LINES[at], markersize=7, label=labels[name],
            )  # fmt: skip
            for count, value in points.items():
                axes.annotate(size(value), (count, value), (0, 8), textcoords="offset points", ha="center",
                              fontsize=8.5)  # fmt: skip
        counts = sorted({count for points in series.values() for count in points})
        axes.set_xticks(counts, [f"{count}개" for count in counts])
        axes.set_xlim(min(counts) - 0.6, max(counts) + 0.6)
        scale = _value_axis(axes, values, "bytes", vertical=True)
        axes.set_ylabel(f"메모리 ({scale})")
        axes.set_xlabel("함께 켜 둔 개수")
        _above(axes)
        style.title(figure, title)
        style.footnotes(figure, _marked(notes))
        style.settle(figure)
    lines = [
        f"{labels[name]}: " + ", ".join(f"{count}개 {size(value)}" for count, value in points.items())
        for name, points in series.items()
    ]
    return Drawing(title, figure, "\n".join([*lines, *map(note, notes)]))


def sizes_figure(
    sizes: Mapping[str, float], title: str = "디스크에서 차지하는 크기", notes: Sequence[str] = ()
) -> Drawing:
    """이름마다 바이트를 막대로 그립니다. 막대의 길이를 견줄 수 있게 눈금은 늘 0에서 시작합니다."""
    with style.korean():
        figure = style.canvas(WIDTH, 1.0 + 0.42 * len(sizes))
        axes = figure.add_subplot()
        for at, value in enumerate(sizes.values()):
            axes.barh(at, value, height=0.62, color=style.COLOURS[at % 6], hatch=style.HATCHES[at % 6])
            axes.annotate(size(value), (value, at), (5, 0), textcoords="offset points", va="center")
        axes.set_yticks(range(len(sizes)), list(sizes))
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(sizes) - 0.5, -0.5)
        axes.set_xlim(0, max(sizes.values()) * 1.18)
        axes.xaxis.set_major_formatter(lambda value, _: tick(value, "bytes"))
        axes.grid(axis="x")
        axes.set_xlabel("크기 (0에서 시작하는 눈금)")
        style.title(figure, title)
        style.footnotes(figure, _marked(notes))
        style.settle(figure)
    lines = [f"{name}: {size(value)}" for name, value in sizes.items()]
    return Drawing(title, figure, "\n".join([*lines, *map(note, notes)]))


def describe_timings(timings: Mapping[str, Timing], notes: Sequence[str] = ()) -> str:
    """``race_figure``와 같은 내용을 글로 적습니다."""
    lines = []
    for name, timing in timings.items():
        unit = timing.unit
        said = [
            f"중앙값 {amount(timing.median, unit)}",
            f"95 % 구간 {between(*timing.interval, unit)}",
            f"최소와 최대 {between(*timing.spread, unit)}",
            f"n={timing.n}",
        ]
        lines.append(f"{case(name, timing.metadata.get('accelerator'))}: {', '.join(said)}")
    lines += map(note, notes)
    return "\n".join([*lines, conditions(next(iter(timings.values())).metadata)])


def describe_ratios(comparisons: Mapping[str, Mapping[str, Comparison]], notes: Sequence[str] = ()) -> str:
    """``ratios_figure``와 같은 내용을 글로 적습니다."""
    lines = []
    for kind, group in comparisons.items():
        for name, comparison in group.items():
            label = case(name, comparison.a.metadata.get("accelerator"))
            interval = between(*comparison.interval, "ratio")
            lines.append(f"{kind}, {label}: {comparison.shown} (95 % 구간 {interval}, n={comparison.a.n})")
    return "\n".join([*lines, *map(note, notes)])


_QUANTITIES = {"s": "시간", "bytes": "크기"}
_KEY = "점은 잰 값 하나하나, 굵은 세로줄은 중앙값, 가로 막대는 중앙값의 95 % 구간입니다."


def _strip(axes: Axes, row: int, timing: Timing) -> None:
    colour, marker = style.COLOURS[row % 6], style.MARKERS[row % 6]
    # Spread by the order of measuring, so that the same data gives the same picture.
    offsets = [0.22 * ((at * 0.618 + 0.5) % 1 - 0.5) * 2 for at in range(timing.n)]
    low, high = timing.interval
    axes.barh(row, high - low, left=low, height=0.5, color=colour, alpha=0.22, linewidth=0)
    axes.plot([timing.median] * 2, [row - 0.25, row + 0.25], color=style.INK, linewidth=2.2, zorder=3)
    axes.plot(
        timing.values, [row + offset for offset in offsets], marker, color=colour, markersize=5,
        markeredgecolor="white", markeredgewidth=0.5, zorder=4,
    )  # fmt: skip


def _ratio(axes: Axes, at: float, index: int, comparison: Comparison) -> None:
    colour = style.COLOURS[index]
    low, high = comparison.interval
    axes.plot([low, high], [at, at], color=colour, linewidth=2, solid_capstyle="butt")
    axes.plot(
        comparison.ratio, at, style.MARKERS[index], color=colour, markersize=7.5, zorder=3,
        markerfacecolor=colour if comparison.claims_difference else "white", markeredgewidth=1.4,
    )  # fmt: skip
    said = comparison.shown if comparison.claims_difference else "차이를 말할 수 없음"
    axes.text(1.02, at, said, transform=axes.get_yaxis_transform(), va="center", fontsize=9)


def _value_axis(axes: Axes, values: Sequence[float], unit: str, vertical: bool = False) -> str:
    """Chooses the scale, writes units on its ticks, and returns the name of the scale."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    axis = axes.yaxis if vertical else axes.xaxis
    limit = axes.set_ylim if vertical else axes.set_xlim
    low, high = min(values), max(values)
    logarithmic = low > 0 and high / low >= LOG_FROM
    if logarithmic:
        (axes.set_yscale if vertical else axes.set_xscale)("log")
        limit(low / 1.6, high * 1.6)
        decades = high / low > 300
        axis.set_major_locator(LogLocator(subs=(1.0,) if decades else (1.0, 3.0)))
        axis.set_minor_locator(NullLocator())
    else:
        limit(0, high * 1.12)
        axis.set_major_locator(MaxNLocator(5))
    axis.set_major_formatter(FuncFormatter(lambda value, _: tick(value, unit)))
    axes.grid(axis="y" if vertical else "x")
    return "로그 눈금" if logarithmic else "0에서 시작하는 눈금"


def _legend(axes: Axes, cases: Mapping[str, Timing]) -> None:
    for at, (name, timing) in enumerate(cases.items()):
        label = case(name, timing.metadata.get("accelerator"))
        axes.plot([], [], style.MARKERS[at], color=style.COLOURS[at], markersize=7.5, label=label)
    _above(axes)


def _above(axes: Axes) -> None:
    axes.legend(loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=4, frameon=False, fontsize=9)


def _marked(notes: Sequence[str]) -> list[str]:
    return [f"※ {note(each)}" for each in notes]


def _first(comparisons: Mapping[str, Mapping[str, Comparison]], name: str) -> Comparison:
    return next(group[name] for group in comparisons.values() if name in group)


def _label(name: str, timing: Timing) -> str:
    said = (case(name), accelerator(timing.metadata.get("accelerator")))
    return "\n".join(part for part in said if part)


def _interval(timing: Timing) -> str:
    if timing.n == 1:
        return "n=1"
    return f"[{between(*timing.interval, timing.unit)}] n={timing.n}"
