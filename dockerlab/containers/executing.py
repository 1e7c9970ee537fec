"""살아 있는 컨테이너 안에서 명령을 하나 더 실행합니다(exec)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from dockerlab import engine
from dockerlab.containers.result import Run
from dockerlab.containers.stream import STDERR, STDOUT, Stream
from dockerlab.errors import CommandNotFound, ContainerError, DeadlineExceeded
from dockerlab.measure.phases import Phases

_EXEC_FAILED = "OCI runtime exec failed"


def execute(
    api: Any,
    container: str,
    image: str,
    argv: tuple[str, ...],
    *,
    stdin: bytes | None,
    environment: Mapping[str, str],
    user: str,
    workdir: str | None,
    timeout: float,
    output_limit: int,
    give_up: Callable[[], None],
) -> Run:
    """명령을 실행하고 결과를 돌려줍니다. ``timeout``초 안에 끝나지 않으면 ``give_up``을 부릅니다."""
    marks: dict[str, float] = {}
    start = time.perf_counter()
    with engine.errors_of_engine():
        made = api.exec_create(
            container,
            list(argv),
            stdin=stdin is not None,
            environment=dict(environment),
            user=user,
            workdir=workdir,
        )["Id"]
        marks["create"] = time.perf_counter() - start
        raw = api.exec_start(made, socket=True)
        stream = Stream(raw, stdin=stdin, limit=output_limit, patience=timeout + 1)
        marks["start"] = time.perf_counter() - start
        try:
            ended = stream.wait_end(timeout)
        finally:
            stream.close()
        if ended:
            marks["exit"] = time.perf_counter() - start
            exit_code = _exit_code(api, made)
        else:
            exit_code = None
            give_up()
    if stream.first is not None:
        marks["first_output"] = stream.first - start
    result = Run(
        image=image,
        command=argv,
        exit_code=exit_code,
        stdout=stream.content(STDOUT).decode("utf-8", "replace"),
        stderr=stream.content(STDERR).decode("utf-8", "replace"),
        phases=Phases(tuple(sorted(marks.items(), key=lambda mark: mark[1]))),
        truncated=stream.truncated,
        container_id=container,
        arrivals=stream.arrivals(start),
    )
    return _checked(result, timeout)


def _exit_code(api: Any, made: str) -> int:
    # The stream may end a moment before the engine has noted the exit code.
    end = time.perf_counter() + 5
    while True:
        code = api.exec_inspect(made)["ExitCode"]
        if code is not None:
            return code
        if time.perf_counter() > end:
            raise ContainerError(
                "컨테이너 안의 명령이 출력을 닫았지만 끝나지 않았습니다.",
                todo="명령이 배경에서 계속 돌지 않게 고치십시오.",
            )
        time.sleep(0.005)


def _checked(result: Run, timeout: float) -> Run:
    if result.exit_code is None:
        late = DeadlineExceeded(
            f"컨테이너 안의 명령이 {timeout:g}초 안에 끝나지 않아 컨테이너를 지웠습니다.",
            seen=f"그때까지의 출력: {(result.stdout + result.stderr)[-200:]!r}",
            todo="명령이 끝나는지 확인하거나 timeout을 늘리십시오.",
        )
        late.run = result
        raise late
    if result.exit_code in (126, 127) and _EXEC_FAILED in result.stdout + result.stderr:
        missing = CommandNotFound(
            f"컨테이너 안에서 '{result.command[0]}' 명령을 실행할 수 없습니다.",
            seen=(result.stdout + result.stderr).strip(),
            todo="명령의 철자와 이미지를 확인하십시오.",
        )
        missing.run = result
        raise missing
    return result
