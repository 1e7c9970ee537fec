"""비교표의 줄마다 알맞은 그림을 고릅니다."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dockerlab.views.drawing import Drawing
from dockerlab.views.phase_plot import phases_figure
from dockerlab.views.plots import growth_figure, race_figure, ratios_figure, sizes_figure
from dockerlab.views.words import case

if TYPE_CHECKING:
    from dockerlab.claims import Claim, Race


def race_figures(race: Race) -> tuple[Drawing, ...]:
    """경주의 그림 둘: 잰 값 모두, 그리고 단계입니다."""
    return race_figure(race.timings, notes=race.notes), phases_figure(race.timings)


def claim_figures(claim: Claim) -> tuple[Drawing, ...]:
    """그 줄의 그림들입니다. 사실만 있는 줄(격리, 이식성)에는 그림이 없습니다."""
    draw = _FIGURES.get(claim.claim)
    return draw(claim) if draw else ()


def _start(claim: Claim) -> tuple[Drawing, ...]:
    # Each further race has its own container; one container row is enough for the eye.
    timings = {name: each for name, each in claim.timings.items() if " with " not in name}
    return race_figure(timings, notes=claim.notes), phases_figure(timings)


def _size(claim: Claim) -> tuple[Drawing, ...]:
    sizes = {f"{image.name} 이미지": image.told for image in claim.details["images"]}
    for each in claim.details["vms"]:
        sizes[f"{case(each.name)} 전체"] = each.total
        sizes[f"{case(each.name)}의 커널 파일만"] = each.kernel
    for each in claim.details["inside"]:
        sizes[f"{case(each.guest)} 안의 커널과 모듈"] = each.kernel
    return (sizes_figure(sizes, notes=claim.notes),)


def _performance(claim: Claim) -> tuple[Drawing, ...]:
    baseline = case(claim.details["baseline"])
    titles = claim.details["titles"]
    comparisons = {titles[kind]: each for kind, each in claim.details["comparisons"].items()}
    title = f"일의 종류마다 {baseline}의 몇 배가 걸렸는가"
    return (ratios_figure(comparisons, title, f"{baseline} = 1배", claim.notes),)


def _resources(claim: Claim) -> tuple[Drawing, ...]:
    idle = claim.details["idle"]
    series = {
        "container": {each.count: sum(each.host or each.told) for each in idle},
        "vm": {each.count: sum(each.vm) for each in idle},
    }
    metadata = {name: timing.metadata for name, timing in claim.timings.items()}
    return (growth_figure(series, metadata=metadata, notes=claim.notes),)


_FIGURES: dict[str, Callable[[Claim], tuple[Drawing, ...]]] = {
    "start": _start,
    "size": _size,
    "performance": _performance,
    "resources": _resources,
}
