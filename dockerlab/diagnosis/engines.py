"""엔진과, 엔진이 컨테이너의 한도를 정말 지키는지를 살펴봅니다."""

from __future__ import annotations

import platform
from typing import Any

from dockerlab.diagnosis.findings import Findings
from dockerlab.engine import embedded, rungs
from dockerlab.progress import Report, silent


def engine(found: Findings, report: Report = silent) -> dict[str, Any]:
    """어떤 엔진을 왜 골랐고 무엇으로 이루어졌는지 살펴봅니다."""
    from dockerlab import engine
    from dockerlab.engine.search import discover

    discovery = discover(report, download=False)
    tried = [
        {
            "origin": one.origin,
            "url": one.url,
            "code": one.error.code if one.error else "",
            "outcome": one.error.what if one.error else "골랐습니다.",
        }
        for one in discovery.attempts
    ]
    if discovery.endpoint is None:
        if discovery.failure is not None:
            found.problem(**discovery.failure.as_dict())
        return {"tried": tried, "ladder": ladder()}
    connected = engine.connect()
    info = connected.info
    rung = embedded.said().get("rung", "") if connected.kind == "embedded" else ""
    options = info.get("SecurityOptions") or []
    told = {
        "kind": connected.kind,
        "version": connected.version,
        "api": connected.api_version,
        "url": connected.endpoint.url,
        "origin": connected.endpoint.origin,
        "rung": rung,
        "where": rungs.rung(rung).TITLE if rung else "",
        "tried": tried,
        "ladder": ladder(),
        "storage_driver": info.get("Driver") or "",
        "image_store": image_store(info),
        # Absent on engines before 20.10, which know only the first version.
        "cgroup_version": str(info.get("CgroupVersion") or "1"),
        "rootless": any("name=rootless" in option for option in options),
        "kernel": info.get("KernelVersion") or "",
        "os": info.get("OperatingSystem") or "",
        "arch": info.get("Architecture") or "",
        "cpus": info.get("NCPU") or 0,
        "memory": info.get("MemTotal") or 0,
    }
    if connected.kind == "embedded" and (lacking := embedded.lacks_for_network()):
        found.notes.append(f"컨테이너가 바깥 네트워크에 닿지 못합니다. 이 컴퓨터에 없는 것: {lacking}")
    if lost := embedded.losses():
        found.notes.append(
            f"내장 엔진이 쓰는 동안 {lost}번 멈춰 다시 시작했습니다. 이미지와 볼륨은 남아 있습니다."
        )
    if connected.kind == "podman":
        found.notes.append("Podman은 실험적으로 지원합니다. 몇몇 단계의 결과가 Docker와 다를 수 있습니다.")
    if told["cgroup_version"] == "1":
        found.notes.append("이 컴퓨터는 cgroup v1을 씁니다. 교재의 cgroup v2와 파일 이름이 다릅니다.")
    if rung in rungs.WITH_OWN_KERNEL:
        found.notes.append(
            f"컨테이너의 커널은 이 컴퓨터가 아니라 '{told['where']}'의 것입니다: {told['kernel']}"
        )
    elif platform.system() != "Linux" or connected.kind == "docker-desktop":
        found.notes.append("컨테이너의 커널은 이 컴퓨터가 아니라 Docker가 뒤에서 돌리는 Linux VM의 것입니다.")
    return told


def ladder() -> list[dict[str, str]]:
    """내장 엔진을 띄우는 방법마다 쓸 수 있는지를 좋은 것부터 늘어놓습니다. 아무것도 시작하지 않습니다."""
    told = []
    for name in rungs.NAMES:
        rung = rungs.rung(name)
        why = rung.impossible()
        state = "impossible" if why else "ready" if rung.prepared() else "unprepared"
        told.append({"rung": name, "title": rung.TITLE, "state": state, "why": why})
    return told


def image_store(info: dict[str, Any]) -> str:
    """이미지를 누가 보관하는지입니다: 옛 방식(graphdriver) 또는 containerd."""
    status = dict(pair for pair in info.get("DriverStatus") or [] if len(pair) == 2)
    return "containerd" if "containerd" in str(status.get("driver-type", "")) else "graphdriver"


# What is asked of the engine, and where a container reads it back: the file of cgroup v2, then of v1.
_MEMORY, _PIDS, _CPUS = 64 * 2**20, 48, 0.5
_READ_BACK = """
cd /sys/fs/cgroup
echo memory $(cat memory.max 2>/dev/null || cat memory/memory.limit_in_bytes)
echo pids $(cat pids.max 2>/dev/null || cat pids/pids.max)
echo cpus $(cat cpu.max 2>/dev/null || cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us)
"""


def limits(found: Findings) -> dict[str, Any]:
    """한도를 건 컨테이너 안에서 한도를 도로 읽습니다. 한도를 받고도 무시하는 엔진이 있습니다."""
    from dockerlab import containers
    from dockerlab.errors import ImageMissing

    try:
        ran = containers.run(
            "tiny", ["sh", "-c", _READ_BACK], memory=_MEMORY, pids=_PIDS, cpus=_CPUS, deadline=60
        )
    except ImageMissing as error:
        what = "한도가 지켜지는지 확인하지 못했습니다. 확인할 이미지가 없습니다."
        found.problem("D01", what, error.seen, "dockerlab images prepare tiny")
        return {"checked": False}
    words = {line.split()[0]: line.split()[1:] for line in ran.stdout.splitlines() if line.strip()}
    seen = {
        "memory": _number(words.get("memory", [])[:1]),
        "pids": _number(words.get("pids", [])[:1]),
        "cpus": _ratio(words.get("cpus", [])),
    }
    asked = {"memory": _MEMORY, "pids": _PIDS, "cpus": _CPUS}
    limits = {
        name: {"asked": asked[name], "seen": seen[name], "honoured": seen[name] == asked[name]}
        for name in asked
    }
    ignored = [name for name, limit in limits.items() if not limit["honoured"]]
    if ignored:
        found.problem(
            "D02",
            "엔진이 컨테이너의 한도를 받고도 지키지 않습니다: " + ", ".join(ignored),
            "; ".join(f"{name}: 건 값 {asked[name]}, 안에서 읽은 값 {seen[name]}" for name in ignored),
            "cgroup v2를 쓰는 배포판으로 옮기거나 rootless가 아닌 엔진을 쓰십시오.",
        )
    return {"checked": True, **limits}


def _number(words: list[str]) -> int | None:
    """한도의 수입니다. 한도가 없으면(max, 또는 v1의 아주 큰 수) ``None``입니다."""
    if not words or not words[0].isdigit() or int(words[0]) >= 2**60:
        return None
    return int(words[0])


def _ratio(words: list[str]) -> float | None:
    quota, period = (_number(words[:1]), _number(words[1:2]))
    return quota / period if quota and period else None
