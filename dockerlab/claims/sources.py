"""책의 주장이 어떤 조건에서만 참인지를 보여 주는, 다른 사람이 잰 값과 그 출처입니다.

여기 있는 수는 모두 남의 컴퓨터에서 잰 것이라 이 컴퓨터의 값과 섞어 계산하지 않습니다.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """문헌 하나에서 읽은 것입니다.

    ``measured``는 무엇을 어떻게 쟀는지, ``read``는 그 값을 어디서 읽었는지입니다.
    ``primary``가 거짓이면 문헌 자체가 아니라 다른 글이 옮긴 값입니다.
    """

    key: str
    claims: tuple[str, ...]
    title: str
    authors: str
    venue: str
    year: int
    measured: str
    read: str
    primary: bool
    address: str


SOURCES = (
    Source(
        key="lightvm",
        claims=("start", "resources"),
        title="My VM is Lighter (and Safer) than your Container",
        authors="Manco 외",
        venue="SOSP",
        year=2017,
        measured=(
            "Xen의 제어 도구를 다시 만든 LightVM이 유니커널 VM을 2.3 ms에 부팅했습니다. 같은 글에서 Linux의 "
            "fork/exec은 약 1 ms였고, Docker보다 100배쯤(two orders of magnitude) 빨랐습니다. "
            "범용 배포판을 부팅한 값이 아닙니다."
        ),
        read="초록",
        primary=True,
        address="https://doi.org/10.1145/3132747.3132763",
    ),
    Source(
        key="firecracker-specification",
        claims=("start", "resources"),
        title="Firecracker Specification (SPECIFICATION.md)",
        authors="firecracker-microvm",
        venue="프로젝트 문서",
        year=2021,
        measured=(
            "KVM을 쓰는 microVM(가상 CPU 1개, 메모리 128 MiB)이 시작 요청부터 게스트의 /sbin/init까지 "
            "125 ms 이하, VMM 자신의 메모리는 5 MiB 이하라고 약속합니다. 베어메탈 서버에서, 직렬 콘솔을 "
            "끄고, 최소로 줄인 커널과 루트 파일 시스템으로 잰 값입니다."
        ),
        read="문서 원문(저장소의 이전 버전. 최신 버전에도 메모리 5 MiB의 약속은 그대로 있습니다)",
        primary=True,
        address="https://github.com/firecracker-microvm/firecracker/blob/main/SPECIFICATION.md",
    ),
    Source(
        key="firecracker",
        claims=("start", "resources"),
        title="Firecracker: Lightweight Virtualization for Serverless Applications",
        authors="Agache 외",
        venue="NSDI",
        year=2020,
        measured=(
            "KVM을 쓰는 작은 VMM으로 microVM의 부팅을 약 125 ms, VMM의 메모리를 약 3 MB로 줄였습니다."
        ),
        read="논문을 정리한 다른 글",
        primary=False,
        address="https://www.usenix.org/conference/nsdi20/presentation/agache",
    ),
    Source(
        key="felter",
        claims=("performance",),
        title="An Updated Performance Comparison of Virtual Machines and Linux Containers",
        authors="Felter 외",
        venue="ISPASS (IBM RC25482)",
        year=2015,
        measured=(
            "KVM과 Docker를 견주어 거의 모든 경우에 컨테이너의 성능이 VM과 같거나 나았습니다. "
            "입출력이 많은 일은 둘 다 조정이 필요했습니다."
        ),
        read="초록",
        primary=True,
        address="https://doi.org/10.1109/ISPASS.2015.7095802",
    ),
    Source(
        key="slacker",
        claims=("start",),
        title="Slacker: Fast Distribution with Lazy Docker Containers",
        authors="Harter 외",
        venue="FAST",
        year=2016,
        measured=(
            "57개 응용의 컨테이너에서 시작 시간의 76 %가 이미지를 받는 데 들었고, 받은 자료의 6.4 %만 "
            "읽었습니다. 이 과정은 이미지를 미리 받아 두고 재므로 그 시간이 빠져 있습니다."
        ),
        read="초록",
        primary=True,
        address="https://www.usenix.org/conference/fast16/technical-sessions/presentation/harter",
    ),
    Source(
        key="gvisor",
        claims=("start", "performance"),
        title="The True Cost of Containing: A gVisor Case Study",
        authors="Young 외",
        venue="HotCloud",
        year=2019,
        measured=(
            "컨테이너에 커널을 하나 더 두는 런타임 gVisor에서 시작, 메모리, 시스템 콜, 네트워크, 파일 열기("
            "모두 Gofer라는 프로세스를 거칩니다)의 비용을 하나씩 쟀습니다. 모든 컨테이너가 호스트의 커널을 "
            "그대로 쓰지는 않으며, 그때는 비용도 다릅니다. 초록에는 수가 없습니다."
        ),
        read="초록",
        primary=True,
        address="https://www.usenix.org/conference/hotcloud19/presentation/young",
    ),
)


def about(claim: str) -> tuple[Source, ...]:
    """그 주장에 관한 문헌들을 돌려줍니다."""
    return tuple(source for source in SOURCES if claim in source.claims)
