"""격리 수준: 컨테이너와 VM의 안에서, 그리고 호스트에서 같은 것을 들여다봅니다.

네임스페이스는 번호(inode)만으로 견주지 않습니다. 처음부터 있는 네임스페이스의 번호는 어느 커널에서나 같아서,
번호만 보면 VM이 호스트와 네임스페이스를 함께 쓰는 것처럼 보입니다. 그래서 (boot_id, 번호)를 견줍니다.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dockerlab import containers, images, vm
from dockerlab.claims import conditions
from dockerlab.claims.claim import Claim
from dockerlab.claims.words import as_size
from dockerlab.progress import Report, silent

# POSIX shell, so that the host, busybox and Alpine all answer. The glob counts processes without making one.
LOOK = """set -- /proc/[0-9]*
echo processes $#
echo boot_id $(cat /proc/sys/kernel/random/boot_id)
echo kernel $(uname -r)
while read -r name value unit; do
  case $name in MemTotal:) echo memory $((value * 1024)); break;; esac
done < /proc/meminfo
for path in /proc/self/ns/*; do echo namespace ${path##*/} $(readlink $path); done
"""
# Handles for children, not namespaces of their own.
_HANDLES = ("pid_for_children", "time_for_children")


@dataclass(frozen=True)
class View:
    """한곳에서 들여다본 것입니다.

    ``boot_id``는 커널이 부팅할 때마다 새로 정하는 이름이라, 같으면 같은 커널입니다. ``memory``는 보이는 전체
    메모리(바이트), ``processes``는 보이는 프로세스의 수, ``namespaces``는 종류마다의 번호입니다.
    """

    where: str
    boot_id: str
    kernel: str
    memory: int
    processes: int
    namespaces: Mapping[str, str] = field(default_factory=dict)

    def shares_kernel(self, other: View) -> bool:
        """같은 커널 위에 있으면 참입니다."""
        return bool(self.boot_id) and self.boot_id == other.boot_id

    def separate_from(self, other: View) -> tuple[str, ...]:
        """``other``와 갈라진 네임스페이스의 이름들입니다. 커널이 다르면 모두 갈라져 있습니다."""
        return tuple(
            name
            for name, number in self.namespaces.items()
            if (self.boot_id, number) != (other.boot_id, other.namespaces.get(name))
        )

    def same_numbers(self, other: View) -> tuple[str, ...]:
        """번호만 보면 ``other``와 같아 보이는 네임스페이스의 이름들입니다."""
        return tuple(name for name, number in self.namespaces.items() if other.namespaces.get(name) == number)


@dataclass(frozen=True)
class Sight:
    """컨테이너 하나와 VM 하나를 함께 띄워 두고 한 번 들여다본 것입니다.

    ``container_on_host``는 호스트에서 보이는 그 컨테이너의 프로세스 수(호스트에서 볼 수 없는 엔진이면 0),
    ``vm_on_host``는 호스트에서 보이는 그 VM의 프로세스 수입니다.
    """

    host: View
    container: View
    vm: View
    container_on_host: int
    vm_on_host: int


def measure(n: int = 2, *, image: str = "tiny", guest: str = "micro", report: Report = silent) -> Claim:
    """컨테이너와 VM을 ``n``번 새로 띄워 안팎에서 들여다봅니다. 값은 짧은 사실입니다.

    ``details["sights"]``는 :class:`Sight`의 튜플, ``details["engine_kernel"]``은 엔진이 말하는 커널입니다.
    """
    images.ensure(image, report)
    told = conditions.told(guest)
    sights = []
    for done in range(n):
        report("격리", done, n)
        sights.append(look(image, guest))
    report("격리", n, n)
    return claim(sights, told)


def look(image: str = "tiny", guest: str = "micro") -> Sight:
    """컨테이너와 VM을 하나씩 띄우고, 호스트와 함께 들여다본 뒤 치웁니다."""
    with containers.start(image, ["sleep", "3600"]) as container, vm.start(guest) as machine:
        return Sight(
            host=look_at_host(),
            container=read("container", container.exec(["sh", "-c", LOOK]).stdout),
            vm=read("vm", machine.run(LOOK).output),
            container_on_host=len(container.host_pids()),
            vm_on_host=_processes_in_group(machine.pid),
        )


def look_at_host() -> View:
    """이 컴퓨터를 들여다봅니다. Linux가 아니면 커널의 이름만 압니다."""
    if not sys.platform.startswith("linux"):
        return View("host", "", f"{platform.system()} {platform.release()}", 0, 0)
    seen = subprocess.run(["sh", "-c", LOOK], capture_output=True, text=True, check=True)
    return read("host", seen.stdout)


def read(where: str, text: str) -> View:
    """들여다본 글을 :class:`View`로 바꿉니다."""
    facts: dict[str, str] = {}
    namespaces: dict[str, str] = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if name == "namespace":
            kind, _, number = value.partition(" ")
            if kind not in _HANDLES:
                namespaces[kind] = number
        else:
            facts[name] = value
    return View(
        where,
        boot_id=facts.get("boot_id", ""),  # some engines' sandboxes hide it
        kernel=facts.get("kernel", ""),
        memory=int(facts.get("memory") or 0),
        processes=int(facts.get("processes") or 0),
        namespaces=namespaces,
    )


def claim(sights: Sequence[Sight], told: Mapping[str, Any]) -> Claim:
    """들여다본 것들을 비교표의 한 줄로 모읍니다."""
    raw: dict[str, tuple[Any, ...]] = {}
    for where in ("host", "container", "vm"):
        views = [getattr(sight, where) for sight in sights]
        for fact in ("kernel", "boot_id", "memory", "processes"):
            raw[f"{where} {fact}"] = tuple(getattr(view, fact) for view in views)
        raw[f"{where} namespaces"] = tuple(dict(view.namespaces) for view in views)
    raw["container processes on host"] = tuple(sight.container_on_host for sight in sights)
    raw["vm processes on host"] = tuple(sight.vm_on_host for sight in sights)
    return Claim(
        claim="isolation",
        container=_container_fact(sights),
        vm=_vm_fact(sights),
        unit="fact",
        n=len(sights),
        raw=raw,
        verdict=verdict(sights),
        notes=notes(sights, told),
        details={"sights": tuple(sights), "engine_kernel": told["engine"]["kernel"]},
        metadata=dict(told),
    )


def verdict(sights: Sequence[Sight]) -> str:
    """들여다본 것이 책의 두 낱말, '프로세스 수준'과 '하드웨어 수준'에 맞는지를 말합니다."""
    last = sights[-1]
    sentences = [f"컨테이너: {_container_fact(sights)}. VM: {_vm_fact(sights)}."]
    if all(sight.container_on_host for sight in sights):
        sentences.append(
            f"컨테이너의 프로세스는 호스트에서 {last.container_on_host}개 그대로 보입니다. "
            f"VM 안에서 도는 {last.vm.processes}개는 QEMU 프로세스 {last.vm_on_host}개로만 보입니다."
        )
    whose = "호스트" if last.container.memory == last.host.memory else "엔진이 도는 곳"
    sentences.append(
        f"컨테이너에는 {whose}의 메모리 전체({as_size(last.container.memory)})가 보이고, "
        f"VM에는 받은 만큼({as_size(last.vm.memory)})만 보입니다."
    )
    return " ".join(sentences)


def notes(sights: Sequence[Sight], told: Mapping[str, Any]) -> tuple[str, ...]:
    """읽을 때 주의할 점입니다."""
    found = []
    last = sights[-1]
    alike = last.vm.same_numbers(last.host)
    if alike:
        found.append(
            f"VM의 네임스페이스 번호 가운데 {len(alike)}개({', '.join(alike)})는 호스트와 같습니다. "
            "처음부터 있는 네임스페이스의 번호는 어느 커널에서나 같기 때문이며, 함께 쓴다는 뜻이 아닙니다. "
            "그래서 boot_id와 함께 견줍니다."
        )
    if not last.container.shares_kernel(last.host):
        found.append(
            "세 곳을 구별해야 합니다: "
            f"내 OS의 커널({last.host.kernel}), 엔진이 도는 곳의 커널({told['engine']['kernel']}), "
            f"컨테이너가 보는 커널({last.container.kernel}). 엔진이 이 컴퓨터와는 다른 커널 위에서 돕니다."
        )
    if told["vm"]["accelerator"] == "tcg":
        found.append(
            "VM은 TCG 에뮬레이션으로 돌렸습니다. 여기서 본 것은 빠르기가 아니라서 가속기와 상관없습니다."
        )
    return tuple(found)


def _container_fact(sights: Sequence[Sight]) -> str:
    shared = [sight.container.shares_kernel(sight.host) for sight in sights]
    if all(shared):
        apart = sights[-1].container.separate_from(sights[-1].host)
        kinds = len(sights[-1].container.namespaces)
        return f"호스트와 같은 커널, 네임스페이스 {kinds}종 가운데 {len(apart)}종({', '.join(apart)}) 분리"
    if len({sight.container.boot_id for sight in sights}) == 1:
        return "엔진이 도는 곳의 커널을 함께 씀"
    return "들여다볼 때마다 커널이 달랐음"


def _vm_fact(sights: Sequence[Sight]) -> str:
    boots = {sight.vm.boot_id for sight in sights}
    apart = not any(
        sight.vm.shares_kernel(other) for sight in sights for other in (sight.host, sight.container)
    )
    if apart and len(boots) == len(sights):
        return f"저마다 자기 커널({sights[-1].vm.kernel})"
    return "커널을 함께 쓰는 VM이 있음"


def _processes_in_group(leader: int) -> int:
    """A guest leads a process group of its own, so whatever it makes on the host is in there."""
    if not sys.platform.startswith("linux"):
        listed = subprocess.run(["ps", "-A", "-o", "pgid="], capture_output=True, text=True, check=True)
        return listed.stdout.split().count(str(leader))
    found = 0
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(ProcessLookupError):  # it ended while we looked
            found += os.getpgid(int(entry.name)) == leader
    return found
