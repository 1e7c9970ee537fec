"""가상 머신과 컨테이너의 구조를 나란히 그립니다."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dockerlab.views import style
from dockerlab.views.drawing import Drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "가상 머신과 컨테이너의 구조"
_FILLS = {
    "own": "#CFE5F2",
    "app": style.BLUE,
    "kernel": "#F7DCCB",
    "shared": "#EDEDED",
    "engine": "#CDEBE1",
}
_KEY = "빗금 친 층이 앱이 쓰는 커널입니다."
_APPS = ("앱 A", "앱 B", "앱 C")


@dataclass(frozen=True)
class Stack:
    """한쪽의 구조를 아래에서 위로 담습니다. ``shared``는 함께 쓰는 층, ``own``은 따로 있는 층입니다."""

    name: str
    unit: str
    shared: tuple[str, ...]
    own: tuple[str, ...]
    point: str


VM = Stack(
    name="가상 머신 (VM)",
    unit="VM",
    shared=("인프라 (하드웨어)", "호스트 운영체제", "하이퍼바이저 (hypervisor)"),
    own=("게스트 OS\n(자기 커널)", "Bins/Libs"),
    point="VM마다 커널을 포함한 운영체제가 하나씩 더 있습니다.",
)
CONTAINER = Stack(
    name="컨테이너 (container)",
    unit="컨테이너",
    shared=("인프라 (하드웨어)", "호스트 운영체제 (커널을 함께 씀)", "Docker 엔진"),
    own=("Bins/Libs",),
    point="커널은 호스트의 것 하나를 함께 쓰고, 필요한 파일만 따로 가집니다.",
)


def stacks_figure() -> Drawing:
    """VM의 층과 컨테이너의 층을 같은 높이의 칸으로 나란히 그립니다."""
    with style.korean():
        figure = style.canvas(8.2, 4.6)
        for axes, stack in zip(figure.subplots(1, 2), (VM, CONTAINER), strict=True):
            _draw(axes, stack)
        style.title(figure, TITLE)
        style.footnotes(figure, [_KEY])
        style.settle(figure)
    return Drawing(TITLE, figure, describe_stacks())


def describe_stacks() -> str:
    """``stacks_figure``와 같은 내용을 글로 적습니다."""
    lines = (
        f"{stack.name}, 아래에서 위로: {' → '.join(stack.shared)} → {stack.unit}마다 "
        f"[{' → '.join(layer.replace(chr(10), ' ') for layer in stack.own)} → 앱]. {stack.point}"
        for stack in (VM, CONTAINER)
    )
    kernels = "앱이 쓰는 커널은 VM에서는 게스트 OS에, 컨테이너에서는 호스트 운영체제에 있습니다."
    return "\n".join([*lines, kernels])


def _draw(axes: Axes, stack: Stack) -> None:
    for level, layer in enumerate(stack.shared):
        kind = "engine" if level == 2 else "kernel" if "커널" in layer else "shared"
        _box(axes, 0, level, 3, 1, layer, _FILLS[kind], "///" if kind == "kernel" else "")
    base = len(stack.shared) + 0.18
    for column, app in enumerate(_APPS):
        for level, layer in enumerate(stack.own):
            kind = "kernel" if "커널" in layer else "own"
            _box(axes, column, base + level, 1, 1, layer, _FILLS[kind], "///" if kind == "kernel" else "")
        _box(axes, column, base + len(stack.own), 1, 1, app, _FILLS["app"], ink="white")
        top = base + len(stack.own) + 1
        axes.text(column + 0.5, top + 0.1, f"{stack.unit} {column + 1}", ha="center", va="bottom", fontsize=9)
    axes.text(1.5, 6.95, stack.name, ha="center", va="bottom", fontsize=11.5)
    axes.text(1.5, -0.15, "\n".join(style.wrap(stack.point.split(), 32)), ha="center", va="top", fontsize=9,
              color=style.PALE, linespacing=1.4)  # fmt: skip
    axes.set_xlim(-0.03, 3.03)
    axes.set_ylim(-0.75, 7.3)
    axes.set_axis_off()


def _box(
    axes: Axes, left: float, bottom: float, width: float, height: float, text: str, fill: str,
    hatch: str = "", ink: str = style.INK,
) -> None:  # fmt: skip
    from matplotlib.patches import FancyBboxPatch

    gap = 0.05
    box = FancyBboxPatch(
        (left + gap, bottom + gap), width - 2 * gap, height - 2 * gap,
        boxstyle="round,pad=0,rounding_size=0.06", facecolor=fill, edgecolor=style.PALE, linewidth=0.8,
        hatch=hatch,
    )  # fmt: skip
    axes.add_patch(box)
    centre = (left + width / 2, bottom + height / 2)
    axes.text(*centre, text, ha="center", va="center", color=ink, linespacing=1.3)
