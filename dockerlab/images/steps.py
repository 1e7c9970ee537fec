"""엔진이 이미지를 만들며 하는 말을 단계(Dockerfile의 명령 하나)로 나눕니다."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

OUTPUT_LIMIT = 64 * 1024
"""단계마다 남기는 출력의 글자 수입니다. 넘으면 뒤쪽을 남깁니다."""

# Docker's words, and Podman's: "STEP 1/2: …", which counts the steps of each stage by itself.
_BEGUN = re.compile(r"(?:\[\d+/\d+\] )?(?:Step|(STEP)) (\d+)/(\d+) ?: (.*)", re.S)
_RUNNING = re.compile(r" ---> Running in ([0-9a-f]+)\n?")
_MADE = re.compile(r"(?: -)?--> ([0-9a-f]{12,64})\n?")
_GONE = re.compile(r"(?: ---> Removed|Removing) intermediate container ([0-9a-f]+)\n?")  # the second: 20.10
_CACHED = (" ---> Using cache", "--> Using cache")
_DONE = re.compile(r"(?:\[\d+/\d+\] )?COMMIT .*|Successfully tagged .*|[0-9a-f]{64}\n?", re.S)  # Podman's
# How the engine marks what came from a program's standard error.
_RED, _PLAIN = "\x1b[91m", "\x1b[0m"


@dataclass(frozen=True)
class BuildStep:
    """Dockerfile의 명령 하나가 한 일입니다.

    ``cached``는 전에 만든 것을 그대로 썼는지, ``seconds``는 걸린 초, ``size``는 이 단계가 이미지에 더한
    바이트, ``output``은 명령이 찍은 글입니다. ``FROM``의 ``size``는 베이스 이미지의 크기입니다. ``image``는
    이 단계까지의 이미지의 id입니다(``FROM scratch``이거나 끝내지 못했으면 비어 있습니다).
    """

    number: int
    instruction: str
    cached: bool = False
    seconds: float = 0.0
    size: int = 0
    output: str = ""
    image: str = ""

    @property
    def base(self) -> bool:
        """베이스 이미지를 고르는 단계(``FROM``)인지 말합니다."""
        return self.instruction.upper().startswith("FROM ")


@dataclass
class Following:
    """엔진의 말을 따라가며 모은 단계들입니다. ``failure``는 오류, ``running``은 지금 도는 컨테이너입니다."""

    steps: list[BuildStep] = field(default_factory=list)
    total: int = 0
    image: str = ""
    failure: dict[str, Any] | None = None
    running: str = ""
    _since: float = 0.0
    _podman: bool = False

    def follow(self, event: dict[str, Any]) -> Iterator[BuildStep]:
        """말 한마디를 읽고, 단계가 시작되거나 끝나면 그 단계를 줍니다."""
        if "error" in event:
            self.failure = event.get("errorDetail") or {"message": str(event["error"])}
            self._ended()
        elif "aux" in event:
            self.image = str(event["aux"].get("ID", ""))
        else:
            yield from self._heard(str(event.get("stream", "")))

    def _heard(self, text: str) -> Iterator[BuildStep]:
        if self.running:
            # Until its container is gone, whatever comes is what the command printed.
            gone = _GONE.fullmatch(text)
            if gone and gone[1] == self.running:
                self.running = ""
            else:
                self._print(text)
        elif begun := _BEGUN.match(text):
            if self.steps:
                yield self._ended()
            self._podman = begun[1] is not None
            number = len(self.steps) + 1
            self.total = number + int(begun[3]) - int(begun[2])
            self.steps.append(BuildStep(number, begun[4].strip()))
            self._since = time.perf_counter()
            yield self.steps[-1]
        elif running := _RUNNING.fullmatch(text):
            self.running = running[1]
        elif text.startswith(_CACHED):
            self.steps[-1] = replace(self.steps[-1], cached=True)
        elif made := _MADE.fullmatch(text):
            self.steps[-1] = replace(self.steps[-1], image=made[1])
        elif text.startswith("Successfully built"):
            yield self._ended()
        elif self._podman and not _DONE.fullmatch(text):
            self._print(text)  # it does not say when a command begins to run and has ended

    def _ended(self) -> BuildStep:
        if self.steps and not self.steps[-1].seconds:
            self.steps[-1] = replace(self.steps[-1], seconds=time.perf_counter() - self._since)
        return self.steps[-1] if self.steps else BuildStep(0, "")

    def _print(self, text: str) -> None:
        if text.startswith(_RED) and text.endswith(_PLAIN):
            text = text[len(_RED) : -len(_PLAIN)]
        step = self.steps[-1]
        self.steps[-1] = replace(step, output=(step.output + text)[-OUTPUT_LIMIT:])
