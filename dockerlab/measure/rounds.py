"""여러 일을 번갈아 잽니다. 컴퓨터가 느려지는 순간이 한쪽에만 몰리지 않게 합니다."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from dockerlab.errors import MeasureError
from dockerlab.measure.machine import cpu_times, load, machine
from dockerlab.measure.phases import Phases
from dockerlab.measure.timing import Timing
from dockerlab.progress import Report, silent


def rounds(
    cases: Mapping[str, Callable[[], Phases | float]],
    n: int = 10,
    warmup: int = 1,
    seed: int | None = None,
    report: Report = silent,
    finish: str | Mapping[str, str] | None = None,
) -> dict[str, Timing]:
    """라운드마다 모든 일을 무작위 순서로 한 번씩 재어, 이름마다 ``Timing``을 돌려줍니다.

    일(함수)은 스스로 잰 ``Phases``나 초를 돌려줍니다. ``Phases``의 값은 ``finish`` 지점까지의 초이고,
    ``finish``가 없으면 ``total``입니다. ``finish``는 일마다 다르면 딕셔너리로 줍니다. 처음 ``warmup``
    라운드는 예열로 따로 둡니다. 같은 ``seed``는 같은 순서를 만듭니다. 일이 낸 예외는 그대로 나옵니다.
    """
    if not cases or n < 1 or warmup < 0:
        raise MeasureError(
            "잴 일이나 횟수가 올바르지 않습니다.",
            seen=f"일 {len(cases)}개, n={n}, warmup={warmup}",
            todo="일을 하나 이상, n은 1 이상, warmup은 0 이상으로 주십시오.",
        )
    if seed is None:
        seed = random.SystemRandom().randrange(2**32)
    order = random.Random(seed)
    taken: dict[str, list[float]] = {name: [] for name in cases}
    passed: dict[str, list[Phases]] = {name: [] for name in cases}
    here, before = machine(), cpu_times()
    for number in range(warmup + n):
        stage, at, of = ("예열", number, warmup) if number < warmup else ("측정", number - warmup, n)
        names = list(cases)
        order.shuffle(names)
        gc.collect()
        for place, name in enumerate(names):
            report(stage, at * len(names) + place, of * len(names))
            with _no_garbage_collection():
                result = cases[name]()
            taken[name].append(_seconds(name, result, finish))
            if number >= warmup and isinstance(result, Phases):
                passed[name].append(result)
        report(stage, (at + 1) * len(names), of * len(names))
    metadata = {**here, "load_after": load(), "steal": _stolen(before), "seed": seed}
    return {
        name: Timing(
            what=name,
            values=tuple(values[warmup:]),
            warmups=tuple(values[:warmup]),
            phases=tuple(passed[name]),
            metadata={**metadata, "finish": _mark(name, finish)},
        )
        for name, values in taken.items()
    }


def _mark(name: str, finish: str | Mapping[str, str] | None) -> str | None:
    return finish.get(name) if isinstance(finish, Mapping) else finish


def _seconds(name: str, result: Phases | float, finish: str | Mapping[str, str] | None) -> float:
    if not isinstance(result, Phases):
        return float(result)
    mark = _mark(name, finish)
    if mark is None:
        return result.total
    seconds = result.at(mark)
    if seconds is None:
        raise MeasureError(
            f"{name}: 정해 둔 결승선을 지나지 않았습니다.",
            seen=f"결승선 {mark}, 지난 지점 {', '.join(at for at, _ in result.marks) or '없음'}",
            todo="중간에 실패한 실행은 시간으로 세지 않습니다. 출력을 보고 원인을 고친 뒤 다시 재십시오.",
        )
    return seconds


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """A collection in the timed part would be charged to the case that happens to run."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _stolen(before: tuple[float, float]) -> float:
    """The share of CPU time that the hypervisor below gave to others since ``before``."""
    total, steal = (now - then for now, then in zip(cpu_times(), before, strict=True))
    return round(steal / total, 4) if total > 0 else 0.0
