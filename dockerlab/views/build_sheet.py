"""만든 이미지를 단계마다 한 줄로 한 장에 담습니다."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dockerlab.layering import shown
from dockerlab.views.sheets import Sheet
from dockerlab.views.units import seconds, size

if TYPE_CHECKING:
    from dockerlab.images.building import Built
    from dockerlab.images.steps import BuildStep

_LONGEST = 72


def built_sheet(built: Built) -> Sheet:
    """단계마다 캐시를 썼는지, 걸린 시간, 더한 바이트를 적습니다."""
    new = sum(step.size for step in built.ran)
    return Sheet(
        caption=f"이미지 {built.tag}: 단계 {len(built.steps)}개, {seconds(built.seconds)}, "
        f"{size(built.size)}",
        columns=("단계", "명령", "어떻게", "걸린 시간", "더한 크기"),
        rows=tuple(
            (
                str(step.number),
                _brief(step.instruction),
                _how(step),
                "" if step.base else seconds(step.seconds),
                size(step.size),
            )
            for step in built.steps
        ),
        verdict=f"캐시에서 쓴 단계 {len(built.cached)}개, 실행한 단계 {len(built.ran)}개. "
        f"이번에 새로 만든 레이어는 {size(new)}입니다.",
    )


def _how(step: BuildStep) -> str:
    if step.base:
        return "베이스"
    return "캐시" if step.cached else "실행"


def _brief(instruction: str) -> str:
    line = shown(" ".join(instruction.split()))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
