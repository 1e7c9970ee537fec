"""시작 시간: 컨테이너와 VM을 같은 결승선까지 번갈아 달리게 합니다.

결승선은 사용자 공간이 찍은 첫 글자가 호스트에 도착한 때입니다. 컨테이너는 표준 출력의 첫 바이트,
VM은 직렬 콘솔의 표시이고(배포판 전체는 로그인 프롬프트), 출발은 둘 다 요청하기 직전입니다.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dockerlab import containers, images, vm
from dockerlab.claims import conditions
from dockerlab.claims.claim import Claim
from dockerlab.claims.words import against, duration, guest_title
from dockerlab.measure import Comparison, Phases, Timing, compare, machine, rounds
from dockerlab.progress import Report, silent

CONTAINER = "container"
FINISH = "ready"
MINUTE = 60.0


@dataclass(frozen=True)
class Race:
    """한 번의 경주입니다. ``timings``는 ``"container"``와 게스트의 이름마다 하나씩입니다."""

    timings: Mapping[str, Timing]
    image: str
    accelerator: str
    engine: Mapping[str, Any]
    vm: Mapping[str, Any]
    machine: Mapping[str, Any]
    date: str

    @property
    def comparisons(self) -> dict[str, Comparison]:
        """게스트마다, 그 VM의 시작 시간이 컨테이너의 몇 배인지입니다."""
        container = self.timings[CONTAINER]
        return {
            name: compare(timing, container)
            for name, timing in self.timings.items()
            if name != CONTAINER
        }

    @property
    def verdict(self) -> str:
        """잰 값으로 지은 문장입니다."""
        return verdict(self.comparisons)

    @property
    def notes(self) -> tuple[str, ...]:
        """읽을 때 주의할 점입니다."""
        return (
            *conditions.notes(self.engine, self.vm),
            conditions.WARM,
            *conditions.timing_notes(self.timings.values()),
        )

    def as_dict(self) -> dict[str, Any]:
        """JSON에 그대로 넣을 수 있는 모양으로 돌려줍니다."""
        return {
            "timings": {name: timing.as_dict() for name, timing in self.timings.items()},
            "comparisons": {name: each.as_dict() for name, each in self.comparisons.items()},
            "image": self.image,
            "engine": dict(self.engine),
            "vm": dict(self.vm),
            "machine": dict(self.machine),
            "date": self.date,
        }


def race(
    n: int = 10,
    guests: Sequence[str] = ("micro",),
    *,
    image: str = "tiny",
    warmup: int = 1,
    seed: int | None = None,
    report: Report = silent,
) -> Race:
    """컨테이너와 VM들을 ``n``라운드 동안 무작위 순서로 시작해 보고 :class:`Race`를 돌려줍니다.

    값은 출발부터 사용자 공간의 첫 글자까지의 초입니다. 준비(이미지와 게스트)는 재기 전에 마칩니다.
    """
    images.ensure(image, report)
    for guest in guests:
        vm.guest(guest, report)
    told = conditions.told(*guests)
    accelerator = told["vm"]["accelerator"]
    cases = {CONTAINER: lambda: containers.boot(image)}
    for guest in guests:
        cases[guest] = _boots(guest)
    taken = rounds(cases, n=n, warmup=warmup, seed=seed, finish=FINISH, report=report)
    timings = {
        name: timing.noting(engine=conditions.label(told["engine"]), cache="warm")
        if name == CONTAINER
        else timing.noting(accelerator="uml" if name == "uml" else accelerator, cache="warm")
        for name, timing in taken.items()
    }
    return Race(timings, image, accelerator, told["engine"], told["vm"], machine(), told["date"])


def measure(
    n: int = 10,
    *,
    guest: str = "micro",
    also: str = "full",
    also_n: int = 6,
    image: str = "tiny",
    report: Report = silent,
) -> Claim:
    """컨테이너와 ``guest``를 ``n``라운드, 이어서 더 무거운 ``also``를 ``also_n``라운드 재어 견줍니다.

    값은 시작 시간의 중앙값(초)입니다. ``also_n``이 0이면 ``also``는 재지 않습니다(에뮬레이션에서는
    오래 걸립니다). ``timings``는 ``"container"``, ``guest``, ``also``이고, ``also``의 비는 그 경주에서 함께
    달린 컨테이너(``"container with full"``)와 구합니다. ``details["comparisons"]``는 게스트마다의
    :class:`Comparison`입니다.
    """
    races = [race(n, (guest,), image=image, report=report)]
    if also_n and also != guest:
        races.append(race(also_n, (also,), image=image, report=report))
    return claim(races)


def claim(races: Sequence[Race]) -> Claim:
    """경주들을 비교표의 한 줄로 모읍니다. 첫 경주의 값이 줄을 대표합니다."""
    first = races[0]
    timings = dict(first.timings)
    comparisons = dict(first.comparisons)
    for extra in races[1:]:
        comparisons |= extra.comparisons
        names = [name for name in extra.timings if name != CONTAINER]
        timings |= {name: extra.timings[name] for name in names}
        timings[f"{CONTAINER} with {'+'.join(names)}"] = extra.timings[CONTAINER]
    guest = next(iter(first.comparisons))
    return Claim(
        claim="start",
        container=first.timings[CONTAINER].median,
        vm=first.timings[guest].median,
        unit="s",
        n=first.timings[CONTAINER].n,
        raw={name: timing.values for name, timing in timings.items()},
        verdict=verdict(comparisons),
        notes=tuple(dict.fromkeys(note for each in races for note in each.notes)),
        timings=timings,
        details={"comparisons": comparisons, "guest": guest, "races": tuple(races)},
        metadata={"engine": first.engine, "vm": first.vm, "date": first.date},
    )


def verdict(comparisons: Mapping[str, Comparison]) -> str:
    """게스트마다 몇 배 걸렸는지, 그리고 책에 적힌 단위와 맞는지를 말합니다."""
    sentences = [f"{guest_title(name)}의 시작 시간은 {against(each)}." for name, each in comparisons.items()]
    slowest = max((each.a for each in comparisons.values()), key=lambda timing: timing.median)
    container = next(iter(comparisons.values())).b
    sentences.append(
        f"컨테이너는 {duration(container.median)} 만에, "
        f"가장 느린 VM({slowest.what})은 {duration(slowest.median)} 만에 시작했습니다."
    )
    if slowest.median < MINUTE:
        sentences.append("책에 적힌 '분 단위'까지 걸린 VM은 없었습니다.")
    else:
        sentences.append("책에 적힌 대로 '분 단위'가 걸린 VM이 있었습니다.")
    return " ".join(sentences)


def _boots(guest: str) -> Callable[[], Phases]:
    return lambda: vm.boot_vm(guest).phases
