"""오래 두고 쓰는 컨테이너입니다."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dockerlab import engine
from dockerlab.containers import lifecycle
from dockerlab.containers.executing import execute
from dockerlab.containers.networks import Network, check_joinable
from dockerlab.containers.request import MEMORY, PIDS, Request, as_bytes, contents, limit, words
from dockerlab.containers.result import Run
from dockerlab.containers.stream import STDERR, STDOUT, Stream
from dockerlab.containers.tail import Tail
from dockerlab.containers.volumes import Volume, named
from dockerlab.engine import debts
from dockerlab.errors import DeadlineExceeded
from dockerlab.images import origins
from dockerlab.measure.phases import Phases

if TYPE_CHECKING:
    from dockerlab.containers.committing import Committed
    from dockerlab.layering.live import Writable


class Container:
    """돌고 있는 컨테이너 하나입니다. ``with``에 쓰면 나갈 때 지웁니다."""

    def __init__(self, api: Any, request: Request, container: str, stream: Stream, phases: Phases) -> None:
        self._api = api
        self._request = request
        self._stream = stream
        self._closed = False
        self.id = container
        self.image = request.image
        self.phases = phases
        """만들기 요청 직전부터 create·start까지의 초입니다."""

    def __enter__(self) -> Container:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def exec(
        self,
        command: str | Sequence[str],
        *,
        stdin: str | bytes | None = None,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        workdir: str | None = None,
        timeout: float = 60.0,
        output_limit: int = lifecycle.OUTPUT_LIMIT,
    ) -> Run:
        """컨테이너 안에서 명령을 하나 더 실행하고 결과를 돌려줍니다.

        지점은 create·start(엔진의 답)·first_output·exit입니다. ``timeout``초 안에 끝나지 않으면 exec만 따로
        끝내는 방법이 엔진에 없으므로 컨테이너를 통째로 지웁니다(:class:`DeadlineExceeded`).
        """
        limit(timeout)
        return execute(
            self._api,
            self.id,
            self.image,
            words(command),
            stdin=as_bytes(stdin),
            environment=environment or {},
            user=user or "",
            workdir=workdir,
            timeout=timeout,
            output_limit=output_limit,
            give_up=self.close,
        )

    def put(self, path: str, content: bytes) -> None:
        """컨테이너 안의 절대 경로에 파일을 씁니다(권한 0755)."""
        with engine.errors_of_engine():
            lifecycle.put(self._api, self.id, {path: content})

    def output(self) -> str:
        """지금까지 나온 표준 출력입니다."""
        return self._stream.content(STDOUT).decode("utf-8", "replace")

    def errors(self) -> str:
        """지금까지 나온 표준 오류입니다."""
        return self._stream.content(STDERR).decode("utf-8", "replace")

    def tail(self) -> Tail:
        """처음부터의 출력을 나오는 대로 따라가며 마지막 줄들만 간직합니다."""
        return Tail(self._stream)

    def wait_output(self, text: str, timeout: float = 10.0) -> None:
        """출력에 ``text``가 나올 때까지 기다립니다.

        Raises:
            DeadlineExceeded: ``timeout``초 안에 나오지 않았거나 컨테이너가 먼저 끝났을 때.
        """
        if not self._stream.wait_for(text.encode(), timeout):
            raise DeadlineExceeded(
                f"컨테이너의 출력에 기다리던 글이 {timeout:g}초 안에 나오지 않았습니다: {text!r}",
                seen=repr((self.output() + self.errors())[-200:]),
                todo="명령이 그 글을 찍는지 확인하십시오.",
            )

    def memory(self) -> int:
        """엔진이 말하는 메모리 사용량(바이트)입니다. ``docker stats``처럼 버릴 수 있는 파일 캐시는 뺍니다."""
        with engine.errors_of_engine():
            told = self._api.stats(self.id, stream=False, one_shot=True)["memory_stats"]
        details = told.get("stats", {})
        cache = details.get("total_inactive_file", details.get("inactive_file", 0))
        return max(0, told.get("usage", 0) - cache)

    def host_pids(self) -> tuple[int, ...]:
        """이 컨테이너의 프로세스들의 호스트 쪽 번호입니다. 호스트에서 보이지 않으면 비어 있습니다.

        엔진이 자기만의 PID 네임스페이스에 있을 수 있어 엔진에 묻지 않고, /proc의 cgroup에서 id를 찾습니다.
        """
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if self.id in (entry / "cgroup").read_text():
                    found.append(int(entry.name))
            except OSError:
                continue  # it ended while we looked
        return tuple(sorted(found))

    @property
    def address(self) -> dict[int, int]:
        """공개한 포트입니다(안쪽 포트: 이 컴퓨터 127.0.0.1의 포트)."""
        with engine.errors_of_engine():
            bound = self._api.inspect_container(self.id)["NetworkSettings"]["Ports"] or {}
        return {int(inside.split("/")[0]): int(at[0]["HostPort"]) for inside, at in bound.items() if at}

    def layer(self) -> Writable:
        """읽기·쓰기 레이어의 지금 모습입니다: 더하고 바꾸고 지운 것과 그 바이트."""
        from dockerlab.layering.live import writable

        return writable(self.id)

    def commit(self, tag: str) -> Committed:
        """읽기·쓰기 레이어를 새 레이어로 굳힌 이미지를 ``tag``라는 이름으로 만듭니다."""
        from dockerlab.containers.committing import commit

        return commit(self._api, self.id, tag)

    @property
    def running(self) -> bool:
        """지금 돌고 있는지 엔진에 물어봅니다."""
        with engine.errors_of_engine():
            return bool(self._api.inspect_container(self.id)["State"]["Running"])

    def stop(self, grace: int = 2) -> None:
        """멈춥니다. ``grace``초 안에 끝나지 않으면 강제로 끝냅니다. 지우지 않으므로 파일은 남습니다."""
        with engine.errors_of_engine():
            self._api.stop(self.id, timeout=grace)
        self._stream.close()

    def start(self) -> None:
        """멈춘 컨테이너를 다시 시작합니다. 처음의 명령을 처음부터 실행합니다."""
        with engine.errors_of_engine():
            if not self.running:
                self._stream = lifecycle.attach(
                    self._api, self.id, stdin=None, limit=lifecycle.OUTPUT_LIMIT
                )
                self._api.start(self.id)

    def close(self) -> None:
        """컨테이너를 지웁니다. 여러 번 불러도 됩니다."""
        if self._closed:
            return
        self._closed = True
        self._stream.close()
        with engine.errors_of_engine():
            lifecycle.discard(self._api, self.id)


def start(
    image: str,
    command: str | Sequence[str] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    files: Mapping[str, str | bytes] | None = None,
    name: str | None = None,
    network: str | Network | None = None,
    alias: str | None = None,
    volumes: Mapping[str, Volume] | None = None,
    ports: Mapping[int, int | None] | None = None,
    memory: int = MEMORY,
    pids: int = PIDS,
    cpus: float = 1.0,
    user: str | None = None,
    workdir: str | None = None,
    read_only: bool = False,
    deadline: float = 3600.0,
) -> Container:
    """컨테이너를 시작해 둔 채로 돌려줍니다. ``with containers.start(...) as c:``처럼 씁니다.

    인자는 :func:`run`과 같고, ``network``에는 :func:`network`로 만든 것도 됩니다. 거기에서는 다른 컨테이너가
    ``alias``라는 이름으로 이 컨테이너를 찾습니다. ``volumes``는 붙일 볼륨(절대 경로: 볼륨)입니다.
    ``deadline``초가 지나면 파수꾼이 지웁니다.
    """
    limit(deadline)
    given = contents(files)
    request = Request(
        image,
        words(command),
        environment=environment or {},
        name=name,
        network=network.name if isinstance(network, Network) else network,
        alias=alias,
        volumes=named(volumes),
        ports=ports or {},
        memory=memory,
        pids=pids,
        cpus=cpus,
        user=user,
        workdir=workdir,
        read_only=read_only,
    )
    connected = engine.connect()
    api = connected.client.api
    check_joinable(connected, request.network)
    lifecycle.free_ports(request.ports)
    with engine.errors_of_engine():
        debts.settle(api)
    body = request.body(engine.labels(deadline=deadline), connected.info["NCPU"])
    origins.of(connected, request.reference)
    return launch(api, request, body, given)


def launch(
    api: Any, request: Request, body: Mapping[str, Any], files: Mapping[str, bytes] = MappingProxyType({})
) -> Container:
    """``body``대로 컨테이너를 만들어 시작합니다. 시작하지 못하면 남기지 않습니다."""
    begin = time.perf_counter()
    with engine.errors_of_engine():
        container = lifecycle.create(api, request, body)
        stream = None
        try:
            created = time.perf_counter() - begin
            lifecycle.put(api, container, files)
            stream = lifecycle.attach(api, container, stdin=None, limit=lifecycle.OUTPUT_LIMIT)
            api.start(container)
        except BaseException:
            if stream is not None:
                stream.close()
            lifecycle.discard(api, container)
            raise
    phases = Phases((("create", created), ("start", time.perf_counter() - begin)))
    return Container(api, request, container, stream, phases)
