"""잰 조건입니다. 어떤 엔진, 어떤 가속기, 언제인지가 없는 수는 내보내지 않습니다."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from dockerlab import engine, vm
from dockerlab.engine import embedded, rungs
from dockerlab.measure import Timing, caveats
from dockerlab.vm import qemu

EMULATION = (
    "VM의 값은 TCG 에뮬레이션으로 잰 것입니다. CPU의 명령을 소프트웨어로 흉내 내므로, "
    "KVM이나 HVF로 도는 VM은 이보다 훨씬 빠릅니다. 같은 번역을 되풀이하지 않도록 게스트 커널의 주소 무작위 "
    "배치를 껐으며(norandmaps), 그만큼 VM에 유리합니다."
)
INSIDE = (
    "컨테이너의 값은 '{where}'에서 잰 것입니다. 엔진과 컨테이너가 또 하나의 커널 안에서 돌아 시스템 콜과 "
    "디스크가 느리므로, Linux에 바로 설치한 Docker보다 큰 값이 나옵니다. VM은 그 커널 밖에서 바로 "
    "부팅했으므로 두 값은 같은 조건에서 잰 것이 아닙니다. 비율을 컨테이너와 VM의 일반적인 차이로 읽지 "
    "마십시오."
)
WARM = "이미지와 게스트의 파일을 미리 받아 한 번씩 써 본 뒤(warm)에 쟀습니다. 내려받는 시간은 빠져 있습니다."


def told(*guests: str) -> dict[str, Any]:
    """``guests``로 재는 것의 조건입니다: 엔진, VM, 날짜와 시각(ISO 8601)."""
    return {
        "engine": of_engine(),
        "vm": of_vm(guests),
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
    }


def of_engine() -> dict[str, Any]:
    """연결된 엔진이 무엇이고 어떤 커널과 저장소를 쓰는지를 담은 딕셔너리입니다."""
    connected = engine.connect()
    told = connected.info
    said = embedded.said() if connected.kind == "embedded" else {}
    return {
        "kind": connected.kind,
        "rung": said.get("rung", ""),
        "where": rungs.rung(said["rung"]).TITLE if said else "",
        "version": connected.version,
        "api": connected.api_version,
        "storage": told.get("Driver", ""),
        "cgroup": str(told.get("CgroupVersion", "")),
        "kernel": told.get("KernelVersion", ""),
        "os": told.get("OperatingSystem", ""),
        "arch": told.get("Architecture", ""),
        "memory": told.get("MemTotal", 0),
        "seccomp": seccomp(told.get("SecurityOptions") or ()),
    }


def seccomp(options: Iterable[str]) -> str:
    """엔진이 컨테이너에 거는 seccomp 필터의 이름입니다(``/info``에서 읽음). 없으면 빈 문자열입니다."""
    for option in options:
        parts = dict(part.partition("=")[::2] for part in option.split(","))
        if parts.get("name") == "seccomp":
            return parts.get("profile", "default")
    return ""


def of_vm(guests: Iterable[str]) -> dict[str, Any]:
    """VM을 어떤 가속기와 QEMU로 돌렸는지를 담은 딕셔너리입니다. User-Mode Linux에는 QEMU가 없습니다."""
    if set(guests) == {"uml"}:
        return {"accelerator": "uml", "emulated": False, "hypervisor": "uml", "version": "", "origin": ""}
    accelerator, found = vm.accelerator(), qemu.find()
    return {
        "accelerator": accelerator.name,
        "emulated": accelerator.emulated,
        "hypervisor": "qemu",
        "version": found.version,
        "origin": found.origin,
    }


def timing_notes(timings: Iterable[Timing]) -> tuple[str, ...]:
    """잰 값들의 주의할 점입니다. 같은 문장은 한 번만 적고, 모두의 것이 아니면 누구의 것인지를 붙입니다."""
    shared: dict[str, list[str]] = {}
    known = list(timings)
    for caveat in caveats(*known):
        what, _, sentence = caveat.partition(": ")
        if any(timing.what == what for timing in known):
            shared.setdefault(sentence, []).append(what)
        else:
            shared.setdefault(caveat, [])
    return tuple(
        f"{said} [{', '.join(names)}]" if 0 < len(names) < len(known) else said
        for said, names in shared.items()
    )


def label(told: Mapping[str, Any]) -> str:
    """값 곁에 적는 엔진의 이름과 버전입니다. 내장 엔진은 어디에서 도는지까지 적습니다."""
    return f"{told.get('where') or told['kind']} {told['version']}"


def noted(timings: Mapping[str, Timing], guest: str = "") -> dict[str, Timing]:
    """잰 값마다 어느 엔진에서 쟀는지를 적어 둡니다. VM 안에서 잰 것이면 ``guest``의 가속기를 적습니다."""
    facts = {"accelerator": of_vm([guest])["accelerator"]} if guest else {"engine": label(of_engine())}
    return {name: timing.noting(**facts) for name, timing in timings.items()}


def notes(engine: Mapping[str, Any], machine: Mapping[str, Any]) -> tuple[str, ...]:
    """컨테이너와 VM의 값 곁에 꼭 적어야 할 문장들입니다. 둘 다 이 컴퓨터에서 바로 돌았으면 비어 있습니다."""
    inside = (INSIDE.format(where=engine["where"]),) if engine.get("rung") in rungs.WITH_OWN_KERNEL else ()
    return inside + ((EMULATION,) if machine["accelerator"] == "tcg" else ())
