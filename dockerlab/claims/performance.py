"""성능: 같은 실행 파일로 네 가지 일을 하고, 네이티브·컨테이너·VM에서 걸린 시간을 견줍니다.

세 곳 모두 정적으로 링크한 busybox 하나를 실행합니다. 시간은 시작 표시와 끝 표시가 호스트에 도착한 때의
차이라서, 게스트의 시계를 믿지 않아도 됩니다. 일의 종류에 따라 답이 다르므로 한 수로 뭉뚱그리지 않습니다.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from dockerlab import containers, engine, images, vm
from dockerlab.claims import conditions
from dockerlab.claims.claim import Claim
from dockerlab.claims.words import against, brief, times
from dockerlab.errors import MeasureError
from dockerlab.measure import Comparison, Timing, compare, rounds
from dockerlab.progress import Report, silent

NATIVE, CONTAINER, VM = "native", "container", "vm"
LONG_ENOUGH = 0.35
"""네이티브에서 한 번에 걸려야 하는 초입니다. 이보다 짧으면 흔들림이 값보다 커집니다."""

TOO_LONG = 8.0
"""VM에서 한 번에 걸려도 되는 초입니다. User-Mode Linux의 시스템 콜은 몹시 느립니다."""

_INSIDE = "/dockerlab/busybox"
_BEGIN, _END = b"dockerlab begin\n", b"dockerlab end\n"
Runner = Callable[[str], float]


@dataclass(frozen=True)
class Work:
    """일 한 가지입니다. ``script``의 ``$B``는 busybox, ``$N``은 일의 양입니다."""

    kind: str
    title: str
    what: str
    script: str


WORKS = (
    Work(
        "arithmetic",
        "산술",
        # Not SHA-256: where the CPU has instructions for it, emulating those is another 30 times slower.
        "MD5 계산: 거의 모든 시간을 사용자 공간의 보통 CPU 명령에 씁니다",
        'a=; i=0; while [ $i -lt $N ]; do a="$a $B"; i=$((i+1)); done; $B md5sum $a >/dev/null',
    ),
    Work(
        "system calls",
        "시스템 콜",
        "한 바이트씩 read와 write: 커널에 쉴 새 없이 드나듭니다",
        "$B dd if=/dev/zero of=/dev/null bs=1 count=$N 2>/dev/null",
    ),
    Work(
        "page faults",
        "페이지 폴트",
        "새 메모리 32 MiB를 처음 만지기: 커널이 페이지를 하나씩 마련합니다",
        "i=0; while [ $i -lt $N ]; do $B dd if=/dev/zero of=/dev/null bs=32M count=1 2>/dev/null; "
        "i=$((i+1)); done",
    ),
    Work(
        "processes",
        "프로세스 만들기",
        "fork와 exec: 커널이 프로세스와 주소 공간을 만들고 없앱니다",
        "i=0; while [ $i -lt $N ]; do $B true; i=$((i+1)); done",
    ),
)


def measure(
    n: int = 6, *, image: str = "tiny", guest: str = "micro", warmup: int = 1, report: Report = silent
) -> Claim:
    """네 가지 일을 세 곳에서 ``n``라운드 동안 무작위 순서로 시키고, 네이티브의 몇 배인지 구합니다.

    일의 양은 네이티브(Linux가 아니면 컨테이너)에서 0.35초쯤 걸리도록 맞추고, VM에서 너무 오래 걸릴 일은
    줄입니다. ``timings``의 이름은 ``"arithmetic container"``처럼 일과 장소이고, ``details``의
    ``comparisons``는 일마다 장소마다의 :class:`Comparison`, ``amounts``는 일의 양, ``titles``는 일의 한국어
    이름입니다. 여섯 번보다 적게 재면 차이를 말하지 않습니다.
    """
    images.ensure(image, report)
    busybox = vm.busybox(report)
    told = conditions.told(guest)
    cpus = engine.connect().info["NCPU"]  # a quota below would be measured instead of the container
    with (
        containers.start(
            image, ["sleep", "3600"], files={_INSIDE: busybox.read_bytes()}, cpus=cpus
        ) as container,
        vm.start(guest) as machine,
    ):
        places: dict[str, Runner] = {
            CONTAINER: partial(run_in_container, container),
            VM: partial(run_in_vm, machine),
        }
        if sys.platform.startswith("linux"):
            places = {NATIVE: partial(run_native, busybox), **places}
        amounts = {work.kind: calibrated(work, next(iter(places.values())), places[VM]) for work in WORKS}
        cases = {
            f"{work.kind} {place}": partial(run, sized(work, amounts[work.kind]))
            for work in WORKS
            for place, run in places.items()
        }
        taken = rounds(cases, n=n, warmup=warmup, report=report)
    accelerator = told["vm"]["accelerator"]
    timings = {
        name: timing.noting(accelerator=accelerator, cache="warm")
        if name.endswith(VM)
        else timing.noting(cache="warm")
        for name, timing in taken.items()
    }
    details = {"amounts": amounts, "binary": sha256(busybox.read_bytes()).hexdigest()}
    return claim(timings, told, details)


def run_native(busybox: Path, script: str) -> float:
    """이 컴퓨터에서 곧바로 실행하고 걸린 초를 돌려줍니다."""
    command = [busybox, "sh", "-c", _marked(busybox, script)]
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env={})
    except OSError as error:  # a data folder on a file system that runs no programs
        raise _failed(NATIVE, None, f"{busybox}: {error.strerror}") from error
    with process:
        heard: list[tuple[float, bytes]] = []
        while chunk := os.read(process.stdout.fileno(), 4096):  # type: ignore[union-attr]
            heard.append((time.perf_counter(), chunk))
    return _between(heard, process.returncode, NATIVE)


def run_in_container(container: containers.Container, script: str) -> float:
    """돌고 있는 컨테이너 안에서 실행하고 걸린 초를 돌려줍니다."""
    done = container.exec([_INSIDE, "sh", "-c", _marked(_INSIDE, script)], timeout=300)
    return _between(done.arrivals, done.exit_code, CONTAINER)


def run_in_vm(machine: vm.Machine, script: str) -> float:
    """돌고 있는 VM 안에서 실행하고 걸린 초를 돌려줍니다. 게스트의 /bin/busybox가 같은 파일입니다."""
    done = machine.run(f"B=/bin/busybox; {script}", timeout=300)
    if done.exit_code:
        raise _failed(VM, done.exit_code, done.output)
    return done.seconds


def sized(work: Work, amount: int) -> str:
    """일의 양을 정한 스크립트입니다."""
    return f"N={amount}; {work.script}"


def calibrated(work: Work, run: Runner, run_slowly: Runner) -> int:
    """``run``에서 한 번에 0.35초쯤 걸리되, ``run_slowly``에서는 8초를 넘지 않을 양을 찾습니다."""
    amount = 1
    # The better of two: a hiccup would make the work look longer than it is.
    while (seconds := min(run(sized(work, amount)), run(sized(work, amount)))) < 0.8 * LONG_ENOUGH:
        # At most tenfold: the first runs are mostly the start of the program. One that is very short may
        # take no time at all, when this process was not awake to see its beginning before its end.
        amount = max(amount + 1, round(amount * (min(10.0, LONG_ENOUGH / seconds) if seconds else 10.0)))
    tenth = max(1, amount // 10)
    each = run_slowly(sized(work, tenth)) / tenth
    return max(1, min(amount, int(TOO_LONG / each))) if each else amount


def claim(timings: Mapping[str, Timing], told: Mapping[str, Any], details: Mapping[str, Any]) -> Claim:
    """잰 시간들을 비교표의 한 줄로 모읍니다. 값은 일마다 기준의 몇 배인지입니다."""
    baseline = NATIVE if f"{WORKS[0].kind} {NATIVE}" in timings else CONTAINER
    comparisons = {
        work.kind: {
            place: compare(timings[f"{work.kind} {place}"], timings[f"{work.kind} {baseline}"])
            for place in (CONTAINER, VM)
            if place != baseline
        }
        for work in WORKS
    }
    container = {kind: each[CONTAINER] for kind, each in comparisons.items() if CONTAINER in each}
    machine = {kind: each[VM] for kind, each in comparisons.items()}
    return Claim(
        claim="performance",
        container=_by_kind(container) if container else "기준(이 컴퓨터에서는 네이티브로 실행할 수 없음)",
        vm=_by_kind(machine),
        unit="ratio",
        n=min(timing.n for timing in timings.values()),
        raw={name: timing.values for name, timing in timings.items()},
        verdict=verdict(container, machine),
        notes=notes(timings.values(), told),
        timings=dict(timings),
        details={
            **details,
            "baseline": baseline,
            "comparisons": comparisons,
            "titles": {work.kind: work.title for work in WORKS},
        },
        metadata=dict(told),
    )


def verdict(container: Mapping[str, Comparison], machine: Mapping[str, Comparison]) -> str:
    """컨테이너와 VM이 각각 어떤 일에서 얼마나 느렸는지를 말합니다."""
    sentences = []
    if container:
        sentences.append(f"컨테이너: {_spread(container)}")
    sentences.append(f"VM: {_spread(machine)}")
    return " ".join(sentences)


def notes(timings: Sequence[Timing], told: Mapping[str, Any]) -> tuple[str, ...]:
    """읽을 때 주의할 점입니다."""
    filtered = told["engine"]["seccomp"]
    return (
        f"컨테이너에는 엔진의 기본 seccomp 필터({filtered})가 걸려 있어 시스템 콜마다 검사를 거칩니다."
        if filtered
        else "이 엔진은 컨테이너에 seccomp 필터를 걸지 않습니다.",
        "컨테이너와 VM은 띄워 둔 채로 예열한 뒤(warm)에 쟀으므로, 시작 시간은 들어 있지 않습니다.",
        *conditions.notes(told["engine"], told["vm"]),
        *conditions.timing_notes(timings),
    )


def _by_kind(comparisons: Mapping[str, Comparison]) -> str:
    titles = {work.kind: work.title for work in WORKS}
    return ", ".join(f"{titles[kind]} {brief(each)}" for kind, each in comparisons.items())


def _spread(comparisons: Mapping[str, Comparison]) -> str:
    titles = {work.kind: work.title for work in WORKS}
    told = {titles[kind]: each for kind, each in comparisons.items() if each.claims_difference}
    quiet = [titles[kind] for kind, each in comparisons.items() if not each.claims_difference]
    sentences = [f"{title}의 시간은 {against(each, '네이티브')}." for title, each in told.items()]
    if quiet:
        sentences.append(f"{', '.join(quiet)}에서는 차이가 있다고 말할 수 없습니다.")
    if len(told) > 1:
        ratios = [each.ratio for each in told.values()]
        sentences.append(f"일의 종류에 따라 {times(min(ratios))}에서 {times(max(ratios))}까지 다릅니다.")
    return " ".join(sentences)


def _marked(busybox: str | Path, script: str) -> str:
    return f"B='{busybox}'; echo {_BEGIN.decode().strip()}; {script}; echo {_END.decode().strip()}"


def _between(heard: Sequence[tuple[float, bytes]], exit_code: int | None, where: str) -> float:
    """The seconds between the arrival of the two marks; the work in between prints nothing."""
    text = b"".join(chunk for _, chunk in heard)
    if exit_code or not (text.startswith(_BEGIN) and text.endswith(_END)):
        raise _failed(where, exit_code, text.decode("utf-8", "replace"))
    return heard[-1][0] - heard[0][0]


def _failed(where: str, exit_code: int | None, output: str) -> MeasureError:
    return MeasureError(
        f"일을 시키지 못해 시간을 재지 못했습니다({where}).",
        seen=f"종료 코드 {exit_code}, 출력 {output[-200:]!r}",
        todo="dockerlab doctor로 점검한 뒤 다시 재십시오.",
    )
