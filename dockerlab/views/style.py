"""그림의 글꼴, 색, 크기입니다. 학습자의 matplotlib 설정은 건드리지 않습니다."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FONT = Path(__file__).parent / "fonts" / "NanumGothic.ttf"
# A name of our own: a NanumGothic of another version on this machine must not slip in.
FAMILY = "dockerlab NanumGothic"
DPI = 160

# Okabe and Ito, "Color Universal Design" (2008), without the yellow that white paper swallows.
BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9",
)  # fmt: skip
INK, PALE, FAINT = "#222222", "#595959", "#D9D9D9"
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
# Colour is never the only cue: the same index also picks a marker, a line and a hatch.
MARKERS = ("o", "s", "^", "D", "v", "P")
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 3)))
HATCHES = ("", "///", "...", "\\\\\\", "xxx", "---")

_SETTINGS = {
    "font.family": [FAMILY, "DejaVu Sans"],
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.labelsize": 9.5,
    "axes.edgecolor": PALE,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.6,
    "hatch.color": "white",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


@contextmanager
def korean() -> Iterator[None]:
    """이 안에서 그리는 그림만 과정의 모양과 한글 글꼴을 씁니다."""
    import matplotlib

    _register()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


@cache
def _register() -> None:
    from matplotlib.font_manager import FontEntry, fontManager

    entry = FontEntry(
        fname=str(FONT), name=FAMILY, style="normal", variant="normal", weight=400, stretch="normal",
        size="scalable",
    )  # fmt: skip
    fontManager.ttflist.append(entry)


def canvas(width: float, height: float) -> Figure:
    """pyplot에 올리지 않은 빈 그림입니다. 크기는 인치이고, 글자가 잘리지 않게 자리를 잡습니다."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08)
    return figure


def title(figure: Figure, text: str) -> None:
    """그림의 제목을 왼쪽 위에 적습니다."""
    figure.suptitle(text, x=0.012, ha="left", fontsize=12.5, linespacing=1.4, parse_math=False)


def footnotes(figure: Figure, lines: list[str]) -> None:
    """그림 아래에 작은 글씨로 주의할 점을 적고, 그만큼 그림을 키웁니다."""
    wrapped = [part for line in lines for part in wrap(line.split(), figure.get_figwidth() * 72 / 8 - 3)]
    if not wrapped:
        return
    figure.set_figheight(figure.get_figheight() + len(wrapped) * 8 * 1.45 / 72 + 0.06)
    figure.supxlabel("\n".join(wrapped), x=0.012, ha="left", fontsize=8, color=PALE, linespacing=1.45)


def settle(figure: Figure) -> None:
    """자리를 정하고 굳힙니다. 굳히지 않으면 그릴 때마다 배치가 조금씩 움직여 PNG의 바이트가 달라집니다."""
    for _ in range(3):
        figure.draw_without_rendering()
    figure.set_layout_engine("none")


def wrap(words: list[str], width: float, between: str = " ") -> list[str]:
    """낱말들을 여러 줄에 나누어 담습니다. ``width``는 글자 크기(em)의 배수입니다."""
    lines = words[:1]
    for word in words[1:]:
        longer = f"{lines[-1]}{between}{word}"
        if _ems(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _ems(text: str) -> float:
    # Advance widths of NanumGothic: exact for Hangul, a mean for the rest.
    return sum(0.92 if unicodedata.east_asian_width(letter) in "WF" else 0.52 for letter in text)
