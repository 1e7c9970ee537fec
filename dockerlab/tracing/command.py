"""따라갈 명령입니다: 진짜 docker 명령을 중계 앞에서 실행합니다."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

from dockerlab.client import grammar, marking
from dockerlab.client.programs import environment, program
from dockerlab.errors import UsageMistake

WITH_VALUE = ("--config", "-l", "--log-level", "--tlscacert", "--tlscert", "--tlskey")
OTHER_ENGINE = ("-c", "--context", "-H", "--host")


@dataclass(frozen=True)
class Ran:
    """명령을 실행한 결과입니다. 때는 시간축의 초입니다. 출력을 붙잡지 않았으면 비어 있습니다."""

    start: float
    end: float
    exit_code: int
    stdout: str
    stderr: str


def words(command: str | Sequence[str]) -> list[str]:
    """명령을 낱말로 나눕니다. 다른 엔진을 가리키는 docker 명령은 거절합니다."""
    try:
        split = shlex.split(command) if isinstance(command, str) else list(map(str, command))
    except ValueError as error:
        raise UsageMistake(
            "명령의 따옴표가 닫히지 않았습니다.", seen=str(command), todo="따옴표를 닫으십시오."
        ) from error
    if not split:
        raise UsageMistake("따라갈 명령이 없습니다.", todo="예: docker run --rm dockerlab/tiny echo hi")
    elsewhere = [word for word in split[1 : _verb(split)] if word.partition("=")[0] in OTHER_ENGINE]
    if elsewhere:
        raise UsageMistake(
            "다른 엔진을 가리키는 명령은 따라갈 수 없습니다.",
            seen=shlex.join(split),
            todo=f"{elsewhere[0].partition('=')[0]}를 빼고 쓰십시오. 엔진은 DOCKER_HOST로 정합니다.",
        )
    return split


def asked(split: list[str]) -> grammar.Command | None:
    """docker 명령이면 읽은 것을 돌려줍니다."""
    at = _verb(split)
    return grammar.read(split[at:]) if at else None


def with_runtime(split: list[str], runtime: str) -> list[str]:
    """컨테이너를 만드는 docker 명령이면 런타임을 정합니다. 이미 정해져 있거나 다른 명령이면 그대로입니다."""
    at = _verb(split)
    if at and split[at : at + 1] == ["container"]:
        at += 1
    makes = at and split[at : at + 1] in (["run"], ["create"])
    if not makes or any(word.partition("=")[0] == "--runtime" for word in split[at:]):
        return split
    return [*split[: at + 1], f"--runtime={runtime}", *split[at + 1 :]]


def with_labels(split: list[str], read: grammar.Command | None) -> list[str]:
    """무엇을 만드는 docker 명령이면 과정의 라벨을 답니다. 학습자의 낱말은 모두 그 뒤에 그대로 있습니다."""
    if read is None:
        return split
    at = _verb(split) + len(read.verb)
    return [*split[:at], *marking.labels(read), *split[at:]]


def _verb(split: list[str]) -> int:
    """docker 명령에서 하위 명령이 있는 자리입니다. docker 명령이 아니면 0입니다."""
    if os.path.basename(split[0]) != "docker":
        return 0
    at = 1
    while at < len(split) and split[at].startswith("-"):
        at += 2 if split[at] in WITH_VALUE + OTHER_ENGINE else 1
    return at


def run(split: list[str], url: str, *, captured: bool) -> Ran:
    """명령을 실행합니다. docker가 이 컴퓨터에 없으면 엔진 묶음의 것을 씁니다."""
    whole = [*program(split[0]), *split[1:]]
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    start = time.perf_counter()
    with subprocess.Popen(whole, env=environment(url), **streams if captured else {}) as process:
        try:
            stdout, stderr = process.communicate()
        except BaseException:
            process.kill()
            raise
    end = time.perf_counter()
    told = [(text or b"").decode("utf-8", "replace") for text in (stdout, stderr)]
    return Ran(start, end, process.returncode, *told)
