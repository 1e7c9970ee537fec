"""컨테이너를 한 번 실행하고, 지나간 지점의 시간을 잽니다."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from dockerlab import engine
from dockerlab.containers import lifecycle
from dockerlab.containers.networks import check_joinable
from dockerlab.containers.request import MEMORY, PIDS, Request, as_bytes, contents, limit, words
from dockerlab.containers.result import Run
from dockerlab.containers.stream import STDERR, STDOUT, Stream
from dockerlab.engine import debts
from dockerlab.errors import DeadlineExceeded, DockerlabError, OutOfMemory
from dockerlab.images import origins
from dockerlab.measure.phases import Phases

_MARKER = "dockerlab-ready"


def run(
    image: str,
    command: str | Sequence[str] | None = None,
    *,
    stdin: str | bytes | None = None,
    environment: Mapping[str, str] | None = None,
    files: Mapping[str, str | bytes] | None = None,
    name: str | None = None,
    network: str | None = None,
    ports: Mapping[int, int | None] | None = None,
    memory: int = MEMORY,
    pids: int = PIDS,
    cpus: float = 1.0,
    user: str | None = None,
    workdir: str | None = None,
    read_only: bool = False,
    deadline: float = 60.0,
    output_limit: int = lifecycle.OUTPUT_LIMIT,
) -> Run:
    """컨테이너를 만들어 명령이 끝날 때까지 실행하고, 지운 뒤 결과를 돌려줍니다.

    ``image``는 이미지 이름이거나 과정 이미지의 짧은 이름('tiny', 'debian', 'python')입니다. 이미지를 몰래
    내려받지 않습니다. ``command``가 문자열이면 단어로 나누고(셸을 거치지 않음), 없으면 이미지의 명령입니다.
    ``memory``는 바이트, ``cpus``는 CPU 개수, ``deadline``은 초, ``output_limit``은 스트림마다의 바이트입니다.
    네트워크는 따로 정하지 않으면 없고('none'), ``ports``(안쪽 포트: 바깥 포트, 바깥이 ``None``이면 빈 포트)는
    이 컴퓨터의 127.0.0.1에만 열립니다. ``files``는 시작하기 전에 넣는 파일(절대 경로: 내용)입니다.

    종료 코드가 0이 아니어도 오류가 아니라 결과입니다. 어떻게 끝나든 컨테이너는 남지 않습니다.

    Raises:
        ImageMissing, CommandNotFound, PortInUse, NameInUse, InvalidRequest: 실행하지 못했을 때.
        DeadlineExceeded, OutOfMemory: 시간이나 메모리 한도를 넘었을 때. 오류의 ``run``에 그때까지의 결과가
            있습니다.
        EngineLost, DiskFull: 엔진이나 디스크에 문제가 생겼을 때.
    """
    limit(deadline)
    given = contents(files)
    request = Request(
        image,
        words(command),
        environment=environment or {},
        name=name,
        network=network,
        ports=ports or {},
        memory=memory,
        pids=pids,
        cpus=cpus,
        user=user,
        workdir=workdir,
        read_only=read_only,
        stdin=as_bytes(stdin),
    )
    connected = engine.connect()
    api = connected.client.api
    check_joinable(connected, request.network)
    lifecycle.free_ports(request.ports)
    with engine.errors_of_engine():
        debts.settle(api)
    body = request.body(engine.labels(deadline=deadline), connected.info["NCPU"])
    origin = origins.of(connected, request.reference)
    marks: dict[str, float] = {}
    start = time.perf_counter()
    with engine.errors_of_engine():
        container = lifecycle.create(api, request, body)
        try:
            marks["create"] = time.perf_counter() - start
            lifecycle.put(api, container, given)
            stream = lifecycle.attach(api, container, stdin=request.stdin, limit=output_limit)
            try:
                exit_code = _start_and_wait(api, container, start, deadline, marks)
                if exit_code is not None:
                    stream.wait_end(5)  # what the container wrote last may still be on its way
            finally:
                stream.close()
            oom_killed = exit_code not in (0, None) and _oom_killed(api, container)
        finally:
            lifecycle.discard(api, container)
            marks["remove"] = time.perf_counter() - start
    result = _result(request, exit_code, stream, start, marks, oom_killed, container, origin)
    return _checked(result, request, deadline)


def _start_and_wait(
    api: Any, container: str, start: float, deadline: float, marks: dict[str, float]
) -> int | None:
    """시작하고 끝나기를 기다려 종료 코드를 돌려줍니다. 시간이 다 되면 ``None``입니다."""
    api.start(container)
    marks["start"] = time.perf_counter() - start
    try:
        answer = api.wait(container, timeout=max(0.05, deadline - marks["start"]))
    except OSError:  # requests' errors are OSErrors; a timeout has several shapes, the clock has one
        if time.perf_counter() - start < deadline:
            raise
        return None
    marks["exit"] = time.perf_counter() - start
    return answer["StatusCode"]


def _oom_killed(api: Any, container: str) -> bool:
    return bool(api.inspect_container(container)["State"].get("OOMKilled"))


def _result(
    request: Request,
    exit_code: int | None,
    stream: Stream,
    start: float,
    marks: dict[str, float],
    oom_killed: bool,
    container: str,
    origin: str,
) -> Run:
    if stream.first is not None:
        marks["first_output"] = stream.first - start
    return Run(
        image=request.image,
        command=request.command,
        exit_code=exit_code,
        stdout=stream.content(STDOUT).decode("utf-8", "replace"),
        stderr=stream.content(STDERR).decode("utf-8", "replace"),
        phases=Phases(tuple(sorted(marks.items(), key=lambda mark: mark[1]))),
        truncated=stream.truncated,
        oom_killed=oom_killed,
        container_id=container,
        origin=origin,
        arrivals=stream.arrivals(start),
    )


def _checked(result: Run, request: Request, deadline: float) -> Run:
    if result.exit_code is None:
        error: DockerlabError = DeadlineExceeded(
            f"컨테이너가 {deadline:g}초 안에 끝나지 않아 멈추고 지웠습니다.",
            seen=f"그때까지의 출력: {_tail(result)}",
            todo="명령이 끝나는지 확인하거나 deadline을 늘리십시오.",
        )
    elif result.oom_killed:
        error = OutOfMemory(
            f"컨테이너가 메모리 한도를 넘었습니다(한도 {request.memory / 2**20:.0f} MiB). "
            "커널이 프로세스를 강제로 끝냈습니다.",
            seen=f"종료 코드 {result.exit_code}, OOMKilled=true, 그때까지의 출력: {_tail(result)}",
            todo="memory를 늘리거나 메모리를 덜 쓰게 고치십시오.",
        )
    else:
        return result
    error.run = result
    raise error


def _tail(result: Run, limit: int = 200) -> str:
    text = (result.stdout + result.stderr).strip()
    return repr(text[-limit:]) if text else "없음"


def boot(image: str = "tiny", *, deadline: float = 60.0) -> Phases:
    """컨테이너를 띄워 사용자 공간이 첫 글자를 찍기까지를 잽니다. VM의 부팅과 결승선이 같습니다.

    지점은 create(엔진이 만들기에 답함)와 ready(표준 출력의 첫 바이트가 도착함)이고, 단위는 초입니다.
    """
    result = run(image, ["echo", _MARKER], deadline=deadline)
    ready = result.phases.at("first_output")
    if result.stdout.strip() != _MARKER or ready is None:
        raise DockerlabError(
            f"이미지 '{image}'의 컨테이너가 준비 신호를 찍지 못했습니다.",
            seen=f"종료 코드 {result.exit_code}, 출력 {_tail(result)}",
            todo="dockerlab images로 과정 이미지를 다시 준비하십시오.",
        )
    return Phases((("create", result.phases.at("create") or 0.0), ("ready", ready)))
