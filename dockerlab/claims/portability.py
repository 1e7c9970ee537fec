"""이식성: 같은 이미지가 어디서나 같은 답을 하는지, 무엇은 따라오지 않는지를 봅니다.

따라오는 것: 설정이 다른 클라이언트와 두 번째 엔진에서 같은 명령의 답을 견줍니다. 따라오지 않는 것: CPU 구조가
다른 이미지를 실행해 보고, 컨테이너가 보는 커널을 엔진의 커널과 견줍니다. VM에서는 같은 디스크를 다른 장치에
꽂아 부팅해 봅니다.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dockerlab import containers, engine, images, vm
from dockerlab.claims import conditions, elsewhere, foreign
from dockerlab.claims.claim import Claim
from dockerlab.claims.elsewhere import Answer, SecondEngine
from dockerlab.claims.foreign import ForeignRun
from dockerlab.errors import GuestNotReady
from dockerlab.progress import Report, silent

BUSES = ("virtio", "ide")
"""디스크를 꽂을 장치입니다. 첫째가 게스트가 만들어질 때 생각한 것입니다."""


@dataclass(frozen=True)
class DiskBoot:
    """같은 디스크를 한 장치에 꽂아 부팅한 결과입니다. ``said``는 실패했을 때 게스트가 한 말입니다."""

    bus: str
    booted: bool
    said: str = ""


@dataclass(frozen=True)
class Found:
    """이식성 실험에서 본 것 모두입니다.

    ``layers``는 이미지의 레이어들의 다이제스트, ``container_kernel``과 ``engine_kernel``은 컨테이너 안의
    ``uname -r``과 엔진이 말하는 커널입니다.
    """

    image: str
    layers: tuple[str, ...]
    answers: tuple[Answer, ...]
    second: SecondEngine
    foreign: tuple[ForeignRun, ...]
    container_kernel: str
    engine_kernel: str
    disks: tuple[DiskBoot, ...]

    @property
    def container_answers(self) -> tuple[str, ...]:
        """컨테이너가 한 답을 모두 모은 것입니다(두 번째 엔진 포함)."""
        moved = (self.second.output,) if self.second.tried else ()
        return (*(each.container for each in self.answers), *moved)

    @property
    def same_answer(self) -> bool:
        """컨테이너의 답이 모두 같으면 참입니다."""
        return len(set(self.container_answers)) == 1

    @property
    def same_content(self) -> bool:
        """두 번째 엔진에서도 레이어들의 다이제스트가 같으면 참입니다."""
        return self.second.tried and self.second.layers == self.layers


def measure(
    *, image: str = "tiny", guest: str = "full", second_engine: bool = True, report: Report = silent
) -> Claim:
    """이미지와 VM의 디스크를 여러 조건에서 돌려 봅니다. 값은 짧은 사실입니다.

    ``n``은 같은 명령의 답을 견준 컨테이너의 수입니다. ``second_engine``이 거짓이면 두 번째 엔진은 띄우지
    않습니다. ``details["found"]``는 :class:`Found`입니다.
    """
    course = images.ensure(image, report)
    told = conditions.told(guest)
    steps = len(elsewhere.SETTINGS) + 2 + len(BUSES)
    answers = []
    for done, settings in enumerate(elsewhere.SETTINGS):
        report("이식성", done, steps)
        answers.append(elsewhere.answer(course.id, settings))
    report("이식성", len(answers), steps)
    second = carry(course.id) if second_engine else SecondEngine(False, "두 번째 엔진은 띄우지 않았습니다.")
    report("이식성", len(answers) + 1, steps)
    foreign_runs = foreign.run_each()
    disks = []
    for bus in BUSES:
        report("이식성", len(answers) + 2 + len(disks), steps)
        disks.append(boot_from(bus, guest))
    report("이식성", steps, steps)
    connected = engine.connect()
    with engine.errors_of_engine():
        layers = connected.client.api.inspect_image(course.id)["RootFS"]["Layers"]
    found = Found(
        image=course.id,
        layers=tuple(layers),
        answers=tuple(answers),
        second=second,
        foreign=foreign_runs,
        container_kernel=containers.run(image, ["uname", "-r"]).stdout.strip(),
        engine_kernel=told["engine"]["kernel"],
        disks=tuple(disks),
    )
    return claim(found, told)


def carry(image: str) -> SecondEngine:
    """이미지를 파일로 내보내어 두 번째 엔진에서 실행해 봅니다."""
    with tempfile.TemporaryDirectory(prefix="dockerlab-") as folder:
        archive = Path(folder, "image.tar")
        with engine.errors_of_engine(), archive.open("wb") as file:
            for chunk in engine.connect().client.api.get_image(image):
                file.write(chunk)
        return elsewhere.on_second_engine(image, archive)


def boot_from(bus: str, guest: str = "full") -> DiskBoot:
    """게스트의 디스크를 그 장치에 꽂아 부팅해 봅니다. 다른 장치에서 부팅하지 못하는 것도 결과입니다."""
    try:
        vm.boot_vm(replace(vm.guest(guest), bus=bus))
    except GuestNotReady as error:
        if bus == BUSES[0]:
            raise
        return DiskBoot(bus, False, error.what.strip(" :"))
    return DiskBoot(bus, True)


def claim(found: Found, told: Mapping[str, Any]) -> Claim:
    """본 것들을 비교표의 한 줄로 모읍니다."""
    return Claim(
        claim="portability",
        container=_container_fact(found),
        vm=_vm_fact(found.disks),
        unit="fact",
        n=len(found.container_answers),
        raw={
            "settings": tuple(dict(each.settings) for each in found.answers),
            "host answers": tuple(each.host for each in found.answers),
            "container answers": found.container_answers,
            "image layers": found.layers,
            "second engine layers": found.second.layers,
            "architectures": tuple(f"{each.arch}: {each.said}" for each in found.foreign),
            "kernels": (found.container_kernel, found.engine_kernel),
            "disks": tuple(f"{each.bus}: {'booted' if each.booted else each.said}" for each in found.disks),
        },
        verdict=verdict(found),
        notes=notes(found, told),
        details={"found": found},
        metadata=dict(told),
    )


def verdict(found: Found) -> str:
    """무엇이 따라왔고 무엇이 따라오지 않았는지를 말합니다."""
    hosts = len({each.host for each in found.answers})
    sentences = [
        f"설정을 {len(found.answers)}가지로 바꾸자 호스트의 답은 {hosts}가지가 되었고, "
        f"컨테이너의 답은 {len({each.container for each in found.answers})}가지였습니다."
    ]
    if found.second.tried:
        kept = "그대로였습니다" if found.same_content else "달랐습니다"
        agreed = "같았습니다" if found.same_answer else "달랐습니다"
        sentences.append(f"두 번째 엔진으로 옮기자 레이어의 다이제스트는 {kept}. 답은 {agreed}.")
    for each in found.foreign:
        if not each.own:
            outcome = "실행되었습니다" if each.ran else "실행되지 않았습니다"
            sentences.append(f"CPU 구조가 {each.arch}인 이미지는 {outcome}({each.said}).")
    if found.container_kernel == found.engine_kernel:
        sentences.append(f"컨테이너 안에서는 엔진의 커널({found.engine_kernel})이 그대로 보입니다.")
    else:
        sentences.append(
            f"컨테이너 안에서 본 커널({found.container_kernel})은 "
            f"엔진의 커널({found.engine_kernel})과 다릅니다."
        )
    sentences.append(f"같은 VM 디스크: {_vm_fact(found.disks)}.")
    works = found.same_answer and not any(each.ran for each in found.foreign if not each.own)
    if works:
        sentences.append("그러므로 '어디서든 동일'은 CPU 구조와 커널이 맞는 곳에서 참입니다.")
    return " ".join(sentences)


def notes(found: Found, told: Mapping[str, Any]) -> tuple[str, ...]:
    """읽을 때 주의할 점입니다."""
    noted = []
    if not found.second.tried:
        noted.append(f"두 번째 엔진에서는 실행하지 않았습니다: {found.second.why}")
    if any(each.ran for each in found.foreign if not each.own):
        noted.append(
            "다른 구조의 이미지가 실행된 것은 이 엔진에 CPU 에뮬레이터(binfmt)가 등록되어 있기 때문입니다."
        )
    noted += [
        f"{each.bus}에 꽂은 디스크는 부팅하지 못했습니다({each.said}). 이 게스트는 디스크를 커널 인자에 적힌 "
        f"이름(/dev/vda)으로 찾는데, 그 이름은 {BUSES[0]} 장치에만 붙습니다."
        for each in found.disks
        if not each.booted
    ]
    noted += conditions.notes(told["engine"], told["vm"])
    return tuple(noted)


def _container_fact(found: Found) -> str:
    where = f"설정 {len(found.answers)}가지" + (", 엔진 2개" if found.second.tried else "")
    answer = "같은 답" if found.same_answer else "다른 답"
    outside = [each for each in found.foreign if not each.own]
    stopped = [each.arch for each in outside if not each.ran]
    refusal = f", CPU 구조가 다르면({', '.join(stopped)}) 실행 안 됨" if stopped else ""
    return f"{where}에서 {answer}{refusal}"


def _vm_fact(disks: Sequence[DiskBoot]) -> str:
    return ", ".join(f"{each.bus}에 꽂으면 {'부팅됨' if each.booted else '부팅 안 됨'}" for each in disks)
