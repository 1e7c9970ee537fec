"""명령 하나를 따라가며 기록합니다."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from dockerlab import engine
from dockerlab.client import fence, session, targets
from dockerlab.engine import Engine
from dockerlab.errors import CannotTrace
from dockerlab.tracing import clock, command, containerd, joining, processes, runc
from dockerlab.tracing.background import Background
from dockerlab.tracing.events import EngineEvents, Event
from dockerlab.tracing.hops import LANES, Hop, Trace
from dockerlab.tracing.lookout import Lookout
from dockerlab.tracing.news import News
from dockerlab.tracing.relay import Relay, relayable

PATIENCE = 5.0  # seconds for events of what has already been answered
LONGEST_SOCKET = 107  # bytes, sun_path of Linux
_numbers = count(1)


class Recording:
    """지금 기록하고 있는 것입니다. ``url``이 클라이언트가 말을 걸 중계의 주소입니다."""

    def __init__(self, connected: Engine, path: Path) -> None:
        self.engine = connected
        self.notes: list[str] = []
        self.news = News()
        self.relay = Relay(connected.endpoint, path)
        self.dockerd = processes.daemon(connected.endpoint)
        self.lookout: Lookout | None = None
        self.own_clock = clock.own()
        self.engine_clock = self.own_clock if self.dockerd else clock.of_engine(connected.endpoint)
        since = time.perf_counter() + self.engine_clock.offset - self.engine_clock.bound
        self.events = EngineEvents(connected.endpoint, since, self.news, self._told)
        self.containerd: containerd.ContainerdEvents | None = None
        self.runc: runc.RuncCalls | None = None
        self.seen: list[processes.Process] = []
        self._looking: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """중계의 주소입니다. ``DOCKER_HOST``나 docker-py의 ``base_url``에 적습니다."""
        return self.relay.url

    async def start(self) -> None:
        """모든 기록을 시작합니다. 할 수 없는 것은 까닭을 적어 둡니다."""
        await self.relay.start()
        await self.events.start()
        try:
            self.containerd = containerd.ContainerdEvents(containerd.ctr(self.engine.endpoint), self.news)
            await self.containerd.start()
        except CannotTrace as error:
            self.notes.append(f"containerd: {error.what}")
        folder = runc.place(self.engine.endpoint)
        if folder is None:
            self.notes.append(f"runc: {runc.why_not(self.engine.endpoint)}")
        else:
            self.runc = runc.RuncCalls(folder, self.own_clock, self.news, self._created)
            await self.runc.start()
        if self.dockerd is None:
            await self._send_lookout()

    async def _send_lookout(self) -> None:
        """엔진이 다른 커널에서 돌면 그 커널의 /proc과 시계를 읽을 컨테이너를 보냅니다."""
        self.lookout = Lookout(self.engine)
        try:
            await self.lookout.start()
            clocks = (self.engine_clock, await self.lookout.clock())
            self.engine_clock = min(clocks, key=lambda each: each.bound)
        except CannotTrace as error:
            self.notes.append(f"process: 엔진이 다른 커널에서 돌고, {error.what}")

    async def close(self) -> None:
        """모든 기록을 멈춥니다."""
        await self.relay.close()
        await self.events.close()
        if self.containerd is not None:
            await self.containerd.close()
        if self.runc is not None:
            await self.runc.close()
        if self.lookout is not None:
            await self.lookout.close()

    def _created(self, call: runc.Call) -> None:
        """컨테이너의 프로세스가 있지만 아직 그 프로그램을 시작하지 않은 순간입니다."""
        if self.dockerd is not None:
            program = call.program()
            for process in processes.snapshot(self.dockerd, call.container):
                becomes = program if process.role == "container" else ()
                self.seen.append(replace(process, becomes=becomes))

    def _told(self, event: Event) -> None:
        """runc의 말에 보지 못했으면 시작했다는 말에 봅니다. 짧은 명령은 벌써 끝났을 수 있습니다."""
        if (event.kind, event.action) != ("container", "start"):
            return
        if self.lookout is not None:
            self._looking.add(asyncio.create_task(self._look(event.id)))
        elif self.dockerd is not None and not self._saw(event.id):
            self.seen += processes.snapshot(self.dockerd, event.id)

    def _saw(self, container: str) -> bool:
        return any((each.role, each.container) == ("container", container) for each in self.seen)

    async def _look(self, container: str) -> None:
        with contextlib.suppress(OSError, EOFError):  # the lookout is gone, and what it would have seen
            self.seen += await self.lookout.snapshot(container)

    async def settle(self) -> tuple[str, ...]:
        """이미 답한 일의 소식이 모두 올 때까지 기다리고, 오지 않은 것을 돌려줍니다."""
        if self._looking:
            await asyncio.wait(self._looking, timeout=PATIENCE)
        missing = list(self.relay.faults)
        exchanges = await self.relay.exchanges()
        wanted = set(joining.expected(exchanges))

        def arrived() -> bool:
            for event in self.events.heard:
                name = event.attributes.get("name")
                wanted.difference_update(
                    {each for each in wanted if each[0] == event.action and _means(each[1], event.id, name)}
                )
            return not wanted or self.events.ended

        await self.news.until(arrived, PATIENCE)
        await self.events.catch_up(time.perf_counter() + self.engine_clock.offset)
        arrived()
        if self.events.ended:
            missing.append("엔진의 이벤트가 중간에 끊겼습니다. 엔진이 멈춘 것으로 보입니다.")
        elif wanted:
            missing.append(
                "오지 않은 이벤트: " + ", ".join(sorted(f"{what} {id[:12]}" for what, id in wanted))
            )
        if self.containerd is not None and not await self.containerd.fence("end"):
            missing.append("containerd의 이벤트가 중간에 끊겼습니다.")
        return tuple(missing)

    async def trace(self, ran: command.Ran, name: str, detail: dict[str, Any]) -> Trace:
        """기록한 것을 하나의 시간축에 이어 놓습니다. 0은 명령이 시작한 때입니다."""
        missing = await self.settle()
        exchanges = await self.relay.exchanges()
        mentioned = joining.Mentioned(exchanges)
        hops = [Hop("client", ran.start, ran.end - ran.start, name, detail)]
        hops += joining.rest_hops(exchanges)
        translated = (replace(event, at=self.engine_clock.at(event.at)) for event in self.events.heard)
        hops += joining.event_hops(translated, mentioned)
        if self.containerd is not None:
            notices = (replace(each, at=self.own_clock.at(each.at)) for each in self.containerd.heard)
            hops += joining.notice_hops(notices, mentioned)
        if self.runc is not None:
            self.runc.hear()
            hops += joining.runc_hops(self.runc.calls(), mentioned)
            started = any(hop.what == "container start" for hop in hops)
            if started and not any(hop.lane == "runc" for hop in hops):
                self.notes.append(
                    f"runc: --runtime={runc.RUNTIME} 없이 만든 컨테이너라 부름을 기록하지 못했습니다."
                )
        via = "proc" if self.lookout is None else "container"
        hops += joining.process_hops(self.seen, hops, hops[0], via)
        if joining.unseen(hops):
            self.notes.append("process: 컨테이너의 프로세스가 /proc을 읽기 전에 끝났습니다.")
        ordered = sorted(hops, key=lambda hop: (hop.start, LANES.index(hop.lane)))
        placed = tuple(replace(hop, start=hop.start - ran.start) for hop in ordered)
        return Trace(name, placed, missing, tuple(self.notes), self.engine_clock.bound)


def _means(said: str, id: str, name: str | None) -> bool:
    """요청이 말한 컨테이너가 그것인지 봅니다. 요청은 이름이나 id의 앞부분을 적기도 합니다."""
    return bool(said) and (id.startswith(said) or said == name)


@contextmanager
def record() -> Iterator[tuple[Recording, Background]]:
    """엔진 앞에 중계를 놓고 기록합니다. 끝나면 중계와 기록이 모두 사라집니다."""
    connected = engine.connect()
    relayable(connected.endpoint)
    path = engine.session_directory() / f"{next(_numbers)}.sock"
    if len(bytes(path)) > LONGEST_SOCKET:
        raise CannotTrace(
            "중계의 소켓을 둘 폴더의 경로가 너무 깁니다.",
            seen=f"{path} ({len(bytes(path))}바이트, 한도 {LONGEST_SOCKET}바이트)",
            todo="DOCKERLAB_HOME을 더 짧은 경로로 정하십시오.",
        )
    with Background() as background:
        recording = Recording(connected, path)
        try:
            background.run(recording.start())
            yield recording, background
        finally:
            background.run(recording.close())


def trace(what: str | Sequence[str] | Callable[[str], Any], *, captured: bool = True) -> Trace:
    """명령 하나를 실행하면서 엔진 속을 지나가는 자취를 기록합니다.

    ``what``은 ``"docker run …"`` 같은 명령이거나, 중계의 주소를 받는 함수입니다. ``captured``가 참이면 명령의
    출력을 화면 대신 결과에 담습니다. 내장 엔진에서는 컨테이너를 만드는 docker 명령에 ``--runtime``을 더해
    runc를 부르는 것까지 기록합니다(더한 명령이 결과에 적혀 있습니다). 만들어지는 것에는 과정의 라벨이 달려
    이 커널이 끝나면 치워집니다. 라벨은 명령의 자리가 아니라 요청의 본문에 보입니다.

    ``CannotTrace``, ``ToolMissing``, ``UsageMistake``, ``Refused``와 엔진을 찾을 때의 오류를 던집니다.
    """
    split = None if callable(what) else command.words(what)
    asked = command.asked(split) if split else None
    names: tuple[str, ...] = ()
    if asked is not None:
        fence.guard(asked)
        names = session.admit(asked, engine.connect().endpoint)
    with record() as (recording, background):
        if split is None:
            assert callable(what)
            name = getattr(what, "__name__", "함수")
            start = time.perf_counter()
            what(recording.url)
            return background.run(
                recording.trace(command.Ran(start, time.perf_counter(), 0, "", ""), name, {"function": name})
            )
        whole = command.with_runtime(split, runc.RUNTIME) if recording.runc else split
        ran = command.run(command.with_labels(whole, asked), recording.url, captured=captured)
        if ran.exit_code == 0:
            targets.remember(names)
        detail = {"arguments": whole, "exit_code": ran.exit_code, "stdout": ran.stdout, "stderr": ran.stderr}
        return background.run(recording.trace(ran, shlex.join(split), detail))
