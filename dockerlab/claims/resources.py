"""리소스 사용: 놀고 있는 컨테이너와 VM이 호스트에서 차지하는 메모리를 하나, 다섯, 열 개에서 봅니다.

컨테이너는 두 가지로 셉니다. 엔진이 말하는 값(cgroup)은 컨테이너마다 하나씩 붙는 shim 프로세스를 빼놓으므로,
호스트에서 볼 수 있으면 shim까지 더한 PSS(여럿이 나눠 쓰는 메모리를 나눈 몫)로도 셉니다. VM은 늘 호스트에서
본 PSS입니다. 이어서 둘 다 메모리를 썼다가 돌려주게 하여, 호스트의 몫이 함께 줄어드는지 봅니다.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from dockerlab import containers, images, vm
from dockerlab.claims import conditions, pss
from dockerlab.claims.claim import Claim
from dockerlab.claims.words import against, as_size, percent
from dockerlab.measure import Timing, compare, machine
from dockerlab.measure.machine import cores
from dockerlab.progress import Report, silent

COUNTS = (1, 5, 10)
TAKEN = 48 * 2**20
"""썼다가 돌려주는 바이트입니다. 컨테이너의 /dev/shm(64 MiB)에 들어가야 합니다."""

_SHARE = 0.6  # of the memory that is free now, at most
_TAKE = f"dd if=/dev/zero of={{where}}/taken bs=1M count={TAKEN // 2**20} 2>/dev/null"
_GIVE_BACK = "rm {where}/taken"


@dataclass(frozen=True)
class Idle:
    """놀고 있는 것 ``count``개가 하나에 차지하는 바이트들입니다.

    ``told``는 엔진이 말하는 컨테이너의 값, ``host``는 호스트에서 본 컨테이너와 shim의 PSS(볼 수 없으면 비어
    있음), ``vm``은 호스트에서 본 VM의 PSS입니다.
    """

    count: int
    told: tuple[int, ...]
    host: tuple[int, ...]
    vm: tuple[int, ...]


@dataclass(frozen=True)
class Growth:
    """메모리를 쓰기 전, 쓰는 동안, 돌려준 뒤의 바이트입니다. 컨테이너는 엔진이, VM은 호스트가 본 값입니다."""

    container: tuple[int, int, int]
    vm: tuple[int, int, int]

    def returned(self, who: str) -> float:
        """쓴 만큼 가운데 돌려준 뒤에 호스트로 되돌아온 몫(0~1)입니다. 늘지 않았으면 0입니다."""
        before, during, after = getattr(self, who)
        return max(0.0, during - after) / (during - before) if during > before else 0.0


def measure(
    counts: Sequence[int] = COUNTS, *, image: str = "tiny", guest: str = "micro", report: Report = silent
) -> Claim:
    """놀고 있는 컨테이너와 VM을 ``counts``개씩 띄워 하나에 차지하는 바이트를 셉니다. 가장 많을 때가 값입니다.

    남은 메모리로 감당하지 못할 수는 줄이고 그렇게 적습니다. ``n``은 가장 많이 띄운 수입니다. ``timings``는
    ``"container"``와 ``"vm"``(그때 하나하나의 바이트), ``details``의 ``idle``은 :class:`Idle`의 튜플,
    ``growth``는 :class:`Growth`, ``engine``은 엔진 자신의 PSS(볼 수 없으면 0), ``limit``은 VM에 준
    바이트입니다.
    """
    images.ensure(image, report)
    chosen = vm.guest(guest, report)
    told = conditions.told(guest)
    wanted = sorted(set(counts))
    affordable = affordable_counts(wanted, chosen.memory, free_memory())
    held, engine_memory = hold_containers(affordable, image, report)
    guests = dict(hold_guests(affordable, guest, report))
    idle = tuple(Idle(count, *held[count], guests[count]) for count in affordable)
    report("메모리를 썼다가 돌려주기", 0, 1)
    growth = take_and_give_back(image, guest)
    report("메모리를 썼다가 돌려주기", 1, 1)
    details = {"engine": engine_memory, "limit": chosen.memory, "skipped": wanted[len(affordable) :]}
    return claim(idle, growth, told, details)


def free_memory() -> int:
    """지금 쓸 수 있는 메모리(바이트)입니다. 알 수 없으면 전체의 절반으로 칩니다."""
    available = pss.available()
    return available if available is not None else machine()["memory"] // 2


def affordable_counts(wanted: Sequence[int], each: int, free: int) -> tuple[int, ...]:
    """VM을 그만큼 띄워도 남은 메모리의 6할을 넘지 않는 수들입니다. 하나는 언제나 띄웁니다."""
    # The emulator itself takes about as much as a small guest.
    fits = [count for count in wanted if count * 2 * each <= _SHARE * free]
    return tuple(fits or wanted[:1])


def hold_containers(
    counts: Sequence[int], image: str, report: Report = silent
) -> tuple[dict[int, tuple[tuple[int, ...], tuple[int, ...]]], int]:
    """컨테이너를 하나씩 늘려 가며, 수마다 (엔진이 말하는 값들, 호스트에서 본 값들)을 셉니다."""
    found = {}
    with ExitStack() as stack:
        held: list[containers.Container] = []
        while len(held) < max(counts):
            report("놀고 있는 컨테이너", len(held), max(counts))
            held.append(stack.enter_context(idle_container(image)))
            if len(held) in counts:
                told = tuple(each.memory() for each in held)
                host = tuple(pss.of_container(each) for each in held)
                found[len(held)] = (told, tuple(filter(None, host)) if all(host) else ())
        engine_memory = pss.of_engine(held[-1].id)
    report("놀고 있는 컨테이너", max(counts), max(counts))
    return found, engine_memory


@contextmanager
def idle_container(image: str) -> Iterator[containers.Container]:
    """놀고 있는 컨테이너입니다. 그 안의 프로그램이 시작된 뒤에 돌려줍니다."""
    with containers.start(image, ["sh", "-c", "echo idle; exec sleep 3600"]) as container:
        container.wait_output("idle", 60)  # before its program has begun, its memory is runc's
        yield container


def hold_guests(
    counts: Sequence[int], guest: str, report: Report = silent
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """VM을 늘려 가며, 수마다 호스트에서 본 하나하나의 바이트를 셉니다."""
    with ExitStack() as stack:
        held: list[vm.Machine] = []
        for count in sorted(counts):
            report("놀고 있는 VM", len(held), max(counts))
            held += _started(stack, guest, count - len(held))
            yield count, tuple(each.memory() for each in held)
    report("놀고 있는 VM", max(counts), max(counts))


def take_and_give_back(image: str, guest: str) -> Growth:
    """컨테이너와 VM 안에서 메모리 파일 시스템에 파일을 썼다가 지우고, 그때마다 호스트의 몫을 봅니다."""
    with idle_container(image) as container:
        before = container.memory()
        container.exec(["sh", "-c", _TAKE.format(where="/dev/shm")])
        during = container.memory()
        container.exec(["sh", "-c", _GIVE_BACK.format(where="/dev/shm")])
        in_container = (before, during, container.memory())
    with vm.start(guest) as running:
        before = running.memory()
        running.run(_TAKE.format(where="/tmp"))
        during = running.memory()
        running.run(_GIVE_BACK.format(where="/tmp"))
        return Growth(in_container, (before, during, running.memory()))


def claim(
    idle: Sequence[Idle], growth: Growth, told: Mapping[str, Any], details: Mapping[str, Any]
) -> Claim:
    """센 것들을 비교표의 한 줄로 모읍니다."""
    most = idle[-1]
    label = {"engine": conditions.label(told["engine"])}
    accelerator = {"accelerator": told["vm"]["accelerator"]}
    timings = {
        "container": Timing("container", most.host or most.told, unit="bytes", metadata=label),
        "vm": Timing("vm", most.vm, unit="bytes", metadata=accelerator),
    }
    raw: dict[str, tuple[int, ...]] = {}
    for each in idle:
        raw |= {
            f"container {each.count} (engine)": each.told,
            f"container {each.count} (host, with shim)": each.host,
            f"vm {each.count} (host)": each.vm,
        }
    raw |= {"container growth (engine)": growth.container, "vm growth (host)": growth.vm}
    return Claim(
        claim="resources",
        container=timings["container"].median,
        vm=timings["vm"].median,
        unit="bytes",
        n=most.count,
        raw=raw,
        verdict=verdict(timings, growth, details["limit"]),
        notes=notes(idle, told, details),
        timings=timings,
        details={**details, "idle": tuple(idle), "growth": growth},
        metadata=dict(told),
    )


def verdict(timings: Mapping[str, Timing], growth: Growth, limit: int) -> str:
    """하나에 차지하는 메모리의 비와, 쓴 메모리가 호스트로 되돌아왔는지를 말합니다."""
    container, machine_ = timings["container"], timings["vm"]
    comparison = compare(machine_, container)
    sentences = [
        f"놀고 있는 컨테이너는 하나에 {as_size(container.median)}, VM은 {as_size(machine_.median)}입니다. "
        f"VM의 메모리는 {against(comparison)}."
    ]
    for who, title in (("container", "컨테이너"), ("vm", "VM")):
        before, during, after = getattr(growth, who)
        sentences.append(
            f"{title}: {as_size(TAKEN)}를 쓰자 {as_size(before)}에서 {as_size(during)}로, "
            f"돌려주자 {as_size(after)}로 되어 늘어난 몫의 {percent(growth.returned(who))}가 되돌아왔습니다."
        )
    share = machine_.median / limit
    more = "그보다 많은" if share > 1 else "처음부터 다 차지하지는 않고 그"
    sentences.append(
        f"VM에 준 메모리는 {as_size(limit)}이고, 호스트에서는 {more} {percent(share)}를 차지합니다."
    )
    return " ".join(sentences)


def notes(idle: Sequence[Idle], told: Mapping[str, Any], details: Mapping[str, Any]) -> tuple[str, ...]:
    """읽을 때 주의할 점입니다."""
    most = idle[-1]
    found = []
    if most.host:
        found.append(
            "컨테이너의 값은 컨테이너의 프로세스와 그 shim의 PSS입니다. 엔진이 말하는 값(docker stats)은 "
            f"shim을 빼놓아 하나에 {as_size(median(most.told))}뿐입니다."
        )
    else:
        found.append(
            "컨테이너의 값은 엔진이 말하는 것입니다. 호스트에서 shim을 볼 수 없어 그 몫은 빠져 있습니다."
        )
    if details["engine"]:
        found.append(
            "컨테이너가 몇 개든 엔진 자신(dockerd와 containerd)이 "
            f"{as_size(details['engine'])}를 더 차지합니다."
        )
    if details["skipped"]:
        counts = ", ".join(map(str, details["skipped"]))
        found.append(f"남은 메모리가 모자라 {counts}개는 띄우지 않았습니다.")
    if told["vm"]["accelerator"] == "tcg":
        found.append(
            "VM은 TCG 에뮬레이션으로 돌렸습니다. 번역한 코드를 두는 QEMU의 메모리가 값에 들어 있으므로 "
            "KVM을 쓰는 VM은 이보다 적게 차지합니다."
        )
    return tuple(found)


def _started(stack: ExitStack, guest: str, number: int) -> list[vm.Machine]:
    """Boots several at a time; whatever of them starts is closed with the stack, even if one fails."""
    with ThreadPoolExecutor(max_workers=cores()) as pool:
        futures = [pool.submit(vm.start, guest) for _ in range(number)]
        for future in futures:
            stack.callback(_close, future)
    return [future.result() for future in futures]


def _close(future: Future[vm.Machine]) -> None:
    if not future.cancel() and future.exception() is None:
        future.result().close()
