"""docker 명령을 실행하고, 한 말을 그대로 돌려줍니다."""

from __future__ import annotations

import shlex
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from dockerlab import engine
from dockerlab.client import fence, grammar, marking, targets
from dockerlab.client.programs import of_engine, program
from dockerlab.errors import DeadlineExceeded

PATIENCE = 60.0
"""명령 하나를 기다리는 초입니다."""

OUTPUT_LIMIT = 1024 * 1024


@dataclass(frozen=True)
class Said:
    """docker 명령 하나와 그 답입니다. ``command``는 적은 그대로, ``seconds``는 끝나기까지의 초입니다."""

    command: str
    exit_code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def output(self) -> str:
        """표준 출력의 앞뒤 빈칸을 뗀 글입니다. id나 이름 하나를 답하는 명령에 씁니다."""
        return self.stdout.strip()


@dataclass(frozen=True)
class Transcript:
    """차례로 실행한 명령들과 그 답입니다."""

    said: tuple[Said, ...]


def docker(command: str | Sequence[str], *, patience: float = PATIENCE) -> Said:
    """진짜 docker 명령을 과정의 엔진에 실행하고 답을 돌려줍니다. 예: ``docker("ps -a")``

    만들어지는 것에는 과정의 라벨이, 컨테이너와 빌드에는 한도가 더해집니다. 종료 코드가 0이 아니어도 오류가
    아니라 결과입니다. 셸을 거치지 않으므로 파이프와 변수는 쓸 수 없습니다.

    Raises:
        UsageMistake, Refused: 명령을 읽을 수 없거나, 이 과정에서 하지 않는 것일 때.
        DeadlineExceeded: ``patience``초 안에 끝나지 않았을 때.
        ToolMissing, EngineError: docker 명령이나 엔진이 없을 때.
    """
    asked = grammar.read(command)
    fence.guard(asked)
    connected = engine.connect()
    names = admit(asked, connected.endpoint, patience=patience)
    whole = [*program(), *asked.arguments([*marking.labels(asked), *marking.limits(asked)])]
    typed = shlex.join(("docker", *asked.words)) if not isinstance(command, str) else command.strip()
    typed = typed if typed.startswith("docker ") else f"docker {typed}"
    said = Said(typed, *_finished(whole, of_engine(connected.endpoint), patience))
    if said.exit_code == 0:
        targets.remember(names)
    return said


def admit(
    asked: grammar.Command, endpoint: engine.Endpoint, *, patience: float = PATIENCE
) -> tuple[str, ...]:
    """남의 것인지 보고 붙일 볼륨을 마련합니다. 성공하면 기억할 이미지의 이름들을 돌려줍니다."""
    targets.check(asked, endpoint)
    with engine.errors_of_engine():
        names = targets.new_names(asked, endpoint)
    make_volumes(asked, endpoint, patience=patience)
    return names


def make_volumes(asked: grammar.Command, endpoint: engine.Endpoint, *, patience: float = PATIENCE) -> None:
    """명령이 이름으로 붙이는데 아직 없는 볼륨을 만듭니다. 엔진에 맡기면 라벨 없이 만들어 남게 됩니다."""
    with engine.errors_of_engine():
        missing = targets.new_volumes(asked, endpoint)
    for volume in missing:
        docker(["volume", "create", volume], patience=patience)


def docker_lines(text: str) -> Transcript:
    """여러 줄의 docker 명령을 차례로 실행합니다. 빈 줄과 ``#``으로 시작하는 줄은 건너뜁니다."""
    lines = (line.strip() for line in text.replace("\\\n", " ").splitlines())
    return Transcript(tuple(docker(line) for line in lines if line and not line.startswith("#")))


def _finished(whole: list[str], environment: dict[str, str], patience: float) -> tuple[int, str, str, float]:
    start = time.perf_counter()
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(whole, env=environment, **pipes) as process:
        said = (bytearray(), bytearray())
        readers = [
            threading.Thread(target=_read, args=(stream, into, process), daemon=True)
            for stream, into in zip((process.stdout, process.stderr), said, strict=True)
        ]
        try:
            for reader in readers:
                reader.start()
            process.wait(patience)
            spent = time.perf_counter() - start
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise DeadlineExceeded(
                f"docker 명령이 {patience:g}초 안에 끝나지 않아 멈췄습니다.",
                seen=bytes(said[0] + said[1])[-200:].decode("utf-8", "replace") or "출력 없음",
                todo="오래 도는 컨테이너는 -d로, stats는 --no-stream으로, logs는 -f 없이 쓰십시오.",
            ) from error
        except BaseException:
            process.kill()
            raise
        finally:
            for reader in readers:
                reader.join()
    stdout, stderr = (bytes(text).decode("utf-8", "replace") for text in said)
    return process.returncode, stdout, stderr, spent


def _read(stream: IO[bytes], into: bytearray, process: subprocess.Popen) -> None:
    while chunk := stream.read1(65536):
        into += chunk[: OUTPUT_LIMIT - len(into)]
        if len(into) >= OUTPUT_LIMIT:  # a flood: the command is ended, what it said so far is shown
            process.kill()
            return
