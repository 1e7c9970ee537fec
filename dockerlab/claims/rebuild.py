"""다시 만드는 시간: 코드 한 줄을 고칠 때마다, Dockerfile의 명령 순서에 따라 얼마나 걸리는지 잽니다.

라운드마다 파일 하나의 내용을 바꾸고, 모든 Dockerfile로 무작위 순서로 한 번씩 이미지를 다시 만듭니다.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from dockerlab import engine
from dockerlab.claims import conditions
from dockerlab.images.building import Built, build
from dockerlab.images.course import discard
from dockerlab.measure import Timing, rounds
from dockerlab.progress import Report, silent

TAG = "dockerlab/rebuild:{}"


@dataclass(frozen=True)
class Rebuild:
    """Dockerfile의 이름마다 다시 만드는 데 걸린 시간과, 마지막에 만든 이미지(``built``)입니다."""

    timings: Mapping[str, Timing]
    built: Mapping[str, Built]
    notes: tuple[str, ...] = ()


def measure(
    dockerfiles: Mapping[str, str],
    files: Mapping[str, str],
    changing: str,
    n: int = 10,
    report: Report = silent,
) -> Rebuild:
    """``files``의 ``changing``에 줄을 덧붙여 가며 ``n``번씩 다시 만듭니다. 이름은 Dockerfile의 것입니다."""
    api = engine.connect(report).client.api
    built: dict[str, Built] = {}
    outdated: list[str] = []

    def again(name: str, number: int) -> float:
        # A line that no cache has seen.
        changed = {**files, changing: f"{files[changing]}\n# {uuid.uuid4().hex}\n"}
        if name in built:
            outdated.append(built[name].id)
        built[name] = build(dockerfiles[name], TAG.format(number), files=changed)
        return built[name].seconds

    cases = {
        name: (lambda name=name, number=number: again(name, number))
        for number, name in enumerate(dockerfiles, 1)
    }
    try:
        timings = rounds(cases, n=n, warmup=1, report=report)
    finally:
        # Only now: with an image, containerd's store also drops the cached layers that the next build wants.
        for image in outdated:
            discard(api, image)
    told = conditions.label(conditions.of_engine())
    timings = {name: timing.noting(engine=told) for name, timing in timings.items()}
    return Rebuild(
        timings, {name: built[name] for name in dockerfiles}, conditions.timing_notes(timings.values())
    )
