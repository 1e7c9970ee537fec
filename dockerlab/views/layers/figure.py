"""이미지의 레이어 더미를 그립니다: 읽기 전용 레이어들, 컨테이너이면 맨 위에 읽기·쓰기 레이어 하나."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dockerlab.layering import Image, shown
from dockerlab.views import style
from dockerlab.views.drawing import Drawing
from dockerlab.views.html import html
from dockerlab.views.layers.sheet import layers_sheet
from dockerlab.views.layers.stack import Level, comparison_facts, levels
from dockerlab.views.sheets import Sheet
from dockerlab.views.text import text
from dockerlab.views.units import size

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST = 16  # boxes in one stack; of more, the ones in the middle are left out
_WIDTH = 44  # letters of an instruction in a box of half the figure
_FILLS = {"own": "#CFE5F2", "shared": "#CDEBE1", "writable": "#F7DCCB"}
_KEY = {
    "own": "민무늬: 읽기 전용 레이어",
    "shared": "점무늬: 두 이미지가 함께 쓰는 읽기 전용 레이어",
    "writable": "빗금: 컨테이너의 읽기·쓰기 레이어",
}
_HATCHES = {"own": "", "shared": "..", "writable": "///"}


def layers_figure(*images: Image) -> Drawing:
    """이미지 하나, 또는 견줄 둘의 더미를 나란히 그립니다."""
    stacks = levels(images)
    title = f"레이어 더미: {title_of(images)}"
    boxes = max((min(len(stack), _MOST) for stack in stacks), default=1)
    with style.korean():
        figure = style.canvas(8.2, 1.0 + 0.42 * max(boxes, 2))
        for axes, image, stack in zip(
            figure.subplots(1, len(stacks), squeeze=False)[0], images, stacks, strict=True
        ):
            _draw(axes, image, stack, boxes, _WIDTH * 2 // len(stacks))
        style.title(figure, title)
        kinds = {_kind(level) for stack in stacks for level in stack}
        style.footnotes(figure, [". ".join(said for kind, said in _KEY.items() if kind in kinds)])
        style.settle(figure)
    return Drawing(title, figure, "\n".join(text(sheet) for sheet in stack_sheets(images)))


def title_of(images: Sequence[Image]) -> str:
    """이미지들의 이름입니다."""
    return ", ".join(shown(image.name)[:80] or "이름 없는 이미지" for image in images)


def stack_sheets(images: Sequence[Image]) -> list[Sheet]:
    """그림과 같은 사실을 담은 표입니다. 이미지마다 하나, 견주면 하나 더입니다."""
    stacks = levels(images)
    made = [_with_share(layers_sheet(image), stack) for image, stack in zip(images, stacks, strict=True)]
    if len(images) > 1:
        facts = comparison_facts(images)
        made.append(Sheet("두 이미지를 함께 둘 때", columns=("무엇", "값"), rows=tuple(facts)))
    return made


def stack_html(images: Sequence[Image]) -> str:
    """``stack_sheets``를 HTML로 적습니다."""
    return "".join(html(sheet) for sheet in stack_sheets(images))


def _with_share(sheet: Sheet, stack: Sequence[Level]) -> Sheet:
    kinds = [f"{level.kind}{', 함께 씀' if level.shared else ''}" for level in reversed(stack)]
    rows = tuple(
        (number, kind, space, f"{level.part:.1%}", *rest)
        for (number, space, *rest), kind, level in zip(sheet.rows, kinds, reversed(stack), strict=True)
    )
    number, space, *rest = sheet.columns
    return replace(sheet, columns=(number, "종류", space, "몫", *rest), rows=rows)


def _kind(level: Level) -> str:
    return "writable" if level.writable else "shared" if level.shared else "own"


def _draw(axes: Axes, image: Image, stack: Sequence[Level], boxes: int, letters: int) -> None:
    from matplotlib.patches import FancyBboxPatch

    drawn: list[Level | None] = list(stack)
    if len(stack) > _MOST:
        drawn = [*stack[: _MOST // 2], None, *stack[len(stack) - _MOST // 2 + 1 :]]
    for height, level in enumerate(drawn):
        if level is None:
            left_out = len(stack) - _MOST + 1
            axes.text(0.5, height + 0.5, f"⋮ 레이어 {left_out}개 더", ha="center", va="center", fontsize=9)
            continue
        kind = _kind(level)
        axes.add_patch(
            FancyBboxPatch(
                (0.01, height + 0.07), 0.98, 0.86, boxstyle="round,pad=0,rounding_size=0.02",
                facecolor=_FILLS[kind], edgecolor=style.PALE, linewidth=0.8, hatch=_HATCHES[kind],
                linestyle="--" if level.writable else "-", mutation_aspect=8,
            )
        )  # fmt: skip
        said = level.name if level.writable else f"{level.number}  {level.brief}"
        said = said if len(said) <= letters else said[: letters - 1] + "…"
        back = {"facecolor": _FILLS[kind], "edgecolor": "none", "pad": 1}
        axes.text(0.03, height + 0.5, said, va="center", fontsize=8.5, bbox=back, parse_math=False)
        axes.text(0.97, height + 0.5, size(level.size), ha="right", va="center", fontsize=8.5, bbox=back)
    if not stack:
        axes.text(0.5, 0.5, "레이어가 없습니다", ha="center", va="center")
    name = f"{shown(image.name)[:30]}: {size(image.size_unpacked)}"
    axes.text(0.5, len(drawn) + 0.12, name, ha="center", va="bottom", fontsize=10, parse_math=False)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, boxes + 1)
    axes.set_axis_off()
