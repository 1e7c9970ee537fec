"""내 엔진이 어디에서 도는지 알아봅니다: 어느 커널인지, dockerd와 컨테이너의 프로세스가 어디에 있는지."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dockerlab import containers, engine, images
from dockerlab.claims import conditions
from dockerlab.claims.isolation import LOOK, View, look_at_host, read
from dockerlab.engine import embedded
from dockerlab.progress import Report, silent


@dataclass(frozen=True)
class Process:
    """호스트에서 보이는 프로세스 하나입니다."""

    pid: int
    name: str


@dataclass(frozen=True)
class Whereabouts:
    """컨테이너 하나를 띄워 두고 안과 밖에서 본 것입니다.

    ``engine_pid``는 엔진이 말하는 컨테이너의 첫 프로세스의 번호, ``container_on_host``는 호스트에서 보이는 그
    컨테이너의 프로세스들, ``keeper``는 호스트에서 보이는 내장 엔진의 맨 위 프로세스입니다. 호스트에서 보이지
    않으면 비어 있습니다.
    """

    engine: str
    host: View
    container: View
    inside_pid: int
    engine_pid: int
    container_on_host: tuple[Process, ...]
    keeper: Process | None

    @property
    def same_kernel(self) -> bool:
        """컨테이너가 이 컴퓨터의 커널을 함께 쓰면 참입니다."""
        return self.container.shares_kernel(self.host)

    @property
    def verdict(self) -> str:
        """본 것으로 지은 문장입니다."""
        if self.same_kernel:
            seen = "보통 프로세스로 보입니다" if self.container_on_host else "찾지 못했습니다"
            return f"컨테이너는 이 컴퓨터의 커널을 함께 씁니다. 컨테이너의 프로세스는 이 컴퓨터에서 {seen}."
        return (
            "컨테이너가 함께 쓰는 커널은 이 컴퓨터의 커널이 아닙니다. 엔진이 또 하나의 커널 안에서 돌고, "
            "컨테이너의 프로세스는 그 안에만 있습니다. 이 컴퓨터에는 그 커널을 돌리는 프로세스만 보입니다."
        )


def whereabouts(image: str = "tiny", report: Report = silent) -> Whereabouts:
    """컨테이너를 하나 띄워 엔진이 도는 곳을 안팎에서 들여다본 뒤 치웁니다."""
    images.ensure(image, report)
    connected = engine.connect()
    with containers.start(image, ["sh", "-c", "echo pid $$; exec sleep 3600"]) as container:
        container.wait_output("\n")
        inside = re.search(r"pid (\d+)", container.output())
        with engine.errors_of_engine():
            told = connected.client.api.inspect_container(container.id)["State"]["Pid"]
        keeper = embedded.pid() if connected.kind == "embedded" else None
        return Whereabouts(
            engine=conditions.label(conditions.of_engine()),
            host=look_at_host(),
            container=read("container", container.exec(["sh", "-c", LOOK]).stdout),
            inside_pid=int(inside[1]) if inside else 0,
            engine_pid=told,
            container_on_host=tuple(filter(None, map(_process, container.host_pids()))),
            keeper=_process(keeper) if keeper else None,
        )


def _process(pid: int) -> Process | None:
    try:
        return Process(pid, Path(f"/proc/{pid}/comm").read_text().strip())
    except OSError:
        return None  # it ended while we looked
