"""레이어 수업의 실험(카피업, 다시 만들기)을 그림과 한 장에 담습니다."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dockerlab.views.drawing import Drawing
from dockerlab.views.plots import race_figure
from dockerlab.views.sheets import Sheet
from dockerlab.views.units import between, seconds, size
from dockerlab.views.words import conditions, note

if TYPE_CHECKING:
    from dockerlab.claims.copyup import CopyUp
    from dockerlab.claims.rebuild import Rebuild
    from dockerlab.measure import Timing


def copyup_figures(measured: CopyUp) -> tuple[Drawing, ...]:
    """처음 고칠 때와 다시 고칠 때의 시간을 크기마다 나란히 그립니다."""
    timings = {}
    for each in measured.first:
        timings[f"{size(each)}, 처음"] = measured.first[each]
        timings[f"{size(each)}, 다시"] = measured.again[each]
    return (race_figure(timings, "파일에 한 바이트를 덧붙이는 시간", notes=measured.notes),)


def copyup_sheet(measured: CopyUp) -> Sheet:
    """크기마다 시간과, 읽기·쓰기 레이어가 늘어난 바이트를 적습니다."""
    some = next(iter(measured.first.values()))
    return Sheet(
        caption="카피업: 한 바이트를 덧붙이는 데 드는 것",
        columns=("파일의 크기", "처음 고칠 때", "다시 고칠 때", "늘어난 레이어", "n"),
        rows=tuple(
            (
                size(each),
                _shown(measured.first[each]),
                _shown(measured.again[each]),
                f"{size(measured.stored[each])} ({measured.stored[each]:,}바이트)",
                str(measured.first[each].n),
            )
            for each in measured.first
        ),
        notes=(
            "대괄호는 중앙값의 95 % 구간입니다. 파일은 이미 메모리의 캐시에 있습니다(warm).",
            *map(note, measured.notes),
            conditions(some.metadata),
        ),
    )


def rebuild_figures(measured: Rebuild) -> tuple[Drawing, ...]:
    """다시 만드는 시간을 모두 점으로 그립니다."""
    return (race_figure(measured.timings, "코드 한 줄을 고친 뒤 다시 만드는 시간", notes=measured.notes),)


def rebuild_sheet(measured: Rebuild) -> Sheet:
    """Dockerfile마다 시간, 캐시에서 쓴 단계, 새로 만든 레이어의 바이트를 적습니다."""
    some = next(iter(measured.timings.values()))
    return Sheet(
        caption="코드 한 줄을 고친 뒤 다시 만들기",
        columns=("Dockerfile", "걸린 시간", "캐시에서 쓴 단계", "새로 만든 레이어", "n"),
        rows=tuple(
            (
                name,
                _shown(timing),
                f"{len(built.cached)} / {len(built.cached) + len(built.ran)}",
                size(sum(step.size for step in built.ran)),
                str(timing.n),
            )
            for name, timing, built in (
                (name, timing, measured.built[name]) for name, timing in measured.timings.items()
            )
        ),
        notes=(
            "대괄호는 중앙값의 95 % 구간입니다. 한 번 만들어 본 뒤(warm)에 쟀습니다.",
            *map(note, measured.notes),
            conditions(some.metadata),
        ),
    )


def _shown(timing: Timing) -> str:
    return f"{seconds(timing.median)} [{between(*timing.interval, 's')}]"
