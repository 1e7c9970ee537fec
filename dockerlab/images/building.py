"""Dockerfile의 글로 이미지를 만듭니다. 단계마다 걸린 시간, 더한 바이트, 캐시를 썼는지를 돌려줍니다."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import docker.errors
import requests

from dockerlab import engine
from dockerlab.engine import debts
from dockerlab.engine.objects import OBJECT, SESSION
from dockerlab.errors import DockerlabError, ImageError, UsageMistake
from dockerlab.images import context, failures, origins
from dockerlab.images.steps import BuildStep, Following
from dockerlab.progress import Report, silent

MEMORY = 512 * 2**20
TIMEOUT = 600.0
_BRIEF = 60


@dataclass(frozen=True)
class Built:
    """만든 이미지입니다. ``steps``는 Dockerfile에 적힌 차례이고, ``size``는 푼 바이트입니다."""

    tag: str
    id: str
    size: int
    seconds: float
    steps: tuple[BuildStep, ...]

    @property
    def cached(self) -> tuple[BuildStep, ...]:
        """전에 만든 것을 그대로 쓴 단계입니다. ``FROM``은 세지 않습니다."""
        return tuple(step for step in self.steps if step.cached and not step.base)

    @property
    def ran(self) -> tuple[BuildStep, ...]:
        """이번에 정말로 한 단계입니다. ``FROM``은 세지 않습니다."""
        return tuple(step for step in self.steps if not step.cached and not step.base)


def build(
    text: str,
    tag: str,
    *,
    files: Mapping[str, str | bytes] | None = None,
    network: str = "none",
    cache: bool = True,
    memory: int = MEMORY,
    timeout: float = TIMEOUT,
    report: Report = silent,
) -> Built:
    """Dockerfile의 글로 이미지를 만들어 ``tag``라는 이름을 붙입니다.

    엔진은 ``text``와 ``files``(컨텍스트 안의 경로: 내용)만 받습니다. 명령은 네트워크 없이 실행되므로,
    필요하면 ``network="bridge"``로 정합니다. 만든 이미지는 이 커널이 끝나면 치워집니다.

    Raises:
        BuildFailed: 어느 단계가 실패했을 때. 어느 단계인지(``step``), 무엇을 찍었는지 말합니다.
        DockerfileInvalid: 글을 Dockerfile로 읽을 수 없을 때.
        ImageMissing, ImageUnknown, RegistryUnreachable, …: 베이스 이미지를 얻지 못했을 때.
        ImageError: 그 이름의 이미지가 과정이 만든 것이 아닐 때.
    """
    _check(network, timeout)
    sent = context.packed(text, files or {})
    api = engine.connect(report).client.api
    tag = free_name(api, tag)
    settings = {
        "rm": True,
        "forcerm": True,
        "nocache": not cache,
        "networkmode": network,
        "memory": memory,
        "memswap": memory,
    }
    began = time.perf_counter()
    told = Following()
    try:
        with engine.errors_of_engine():
            debts.settle(api)
            for event in _events(api, sent, settings, timeout, told):
                for step in told.follow(event):
                    _report(step, told.total, report)
            if told.failure is not None or not told.image:
                raise failures.of_step(told, network)
    except BaseException:
        if told.running:  # an engine that was killed does not remove it when it comes back
            debts.owe(told.running)
        _keep_for_next_time(api, told)
        raise
    seconds = time.perf_counter() - began
    with engine.errors_of_engine():
        steps = tuple(_sized(api, step) for step in told.steps)
        for image in _unfinished(told)[:-1]:
            _labelled(api, image, None)  # an earlier stage: nothing of it is below the last one
        made = _labelled(api, told.image, tag)
        size = api.inspect_image(made)["Size"]
    origins.forget()
    return Built(tag, made, size, seconds, steps)


def _check(network: str, timeout: float) -> None:
    if network == "host" or network.startswith("container:"):
        raise UsageMistake(
            "이 과정에서 쓰지 않는 네트워크입니다.",
            seen=network,
            todo="none이나 bridge를 쓰십시오.",
        )
    if not 0 < timeout <= 3600:
        raise UsageMistake(
            "시간 한도가 올바르지 않습니다.", seen=f"{timeout!r}", todo="3600초 이하로 적으십시오."
        )


def free_name(api: Any, tag: str) -> str:
    """이미지에 붙일 온전한 이름입니다. 남의 이미지가 쓰는 이름이면 ``ImageError``를 냅니다."""
    from dockerlab.registries.reference import parse

    read = parse(tag)
    if read.digest:
        raise UsageMistake(
            "만들 이미지의 이름에는 다이제스트를 적지 않습니다.", seen=tag, todo="예: my-app:1"
        )
    whole = read.short
    try:
        with engine.errors_of_engine():
            labels = api.inspect_image(whole)["Config"].get("Labels") or {}
    except ImageError:
        return whole
    if SESSION not in labels or not labels.get(OBJECT, "").startswith("image-"):
        raise ImageError(
            f"이름이 '{whole}'인 이미지가 이미 있고, 여기서 만든 것이 아닙니다. 건드리지 않았습니다.",
            seen=f"없는 라벨: {SESSION}",
            todo="다른 이름을 쓰십시오. 예: lesson/app:1",
        )
    return whole


def _events(
    api: Any, sent: bytes, settings: Mapping[str, Any], timeout: float, told: Following
) -> Iterator[dict[str, Any]]:
    """The stream of one build. Not docker-py's own: that asks the learner's helpers of credentials, and waits
    without limit. When it is left half-way, the connection is closed and the engine gives up too."""
    until = time.monotonic() + timeout
    headers = {"Content-Type": "application/x-tar"}
    url = f"{api.base_url}/v{api.api_version}/build"
    try:
        with api.post(
            url, data=sent, params=settings, headers=headers, stream=True, timeout=timeout
        ) as answer:
            if answer.status_code == 400:
                raise failures.of_dockerfile(answer.json().get("message", ""))
            api._raise_for_status(answer)
            socket = answer.raw.connection.sock
            for line in answer.iter_lines():
                left = until - time.monotonic()
                if left <= 0:
                    raise failures.too_late(told, timeout)
                socket.settimeout(left)
                if line.strip():
                    yield json.loads(line)
    except (requests.Timeout, requests.ConnectionError) as error:
        if "timed out" not in str(error).lower():
            raise
        api.ping()  # if it was the engine that is silent, this says so
        raise failures.too_late(told, timeout) from error


def _report(step: BuildStep, total: int, report: Report) -> None:
    line = " ".join(step.instruction.split())
    line = line if len(line) <= _BRIEF else line[: _BRIEF - 1] + "…"
    report(f"[{step.number}/{total}] {line}", int(bool(step.seconds)), 1)


def _sized(api: Any, step: BuildStep) -> BuildStep:
    if not step.image:
        return step
    if step.base:
        return replace(step, size=api.inspect_image(step.image)["Size"])
    return replace(step, size=api.history(step.image)[0]["Size"])


def _labelled(api: Any, image: str, tag: str | None) -> str:
    """The image with our labels, by one step more. A label in the text itself would spoil the cache."""
    labels = engine.labels(kind="image")
    lines = [f"FROM {image}", "LABEL " + " ".join(f'{name}="{value}"' for name, value in labels.items())]
    settings = {"rm": True, "forcerm": True} | ({"t": tag} if tag else {})
    told = Following()
    for event in _events(api, context.packed("\n".join(lines), {}), settings, TIMEOUT, told):
        for _ in told.follow(event):
            pass
    if told.failure is not None or not told.image:
        raise failures.of_step(told, "none")
    return told.image


def _keep_for_next_time(api: Any, told: Following) -> None:
    """What was done before a step failed serves the next try; with a label it goes when the session does."""
    try:
        for image in _unfinished(told):
            _labelled(api, image, None)
    except (OSError, docker.errors.DockerException, DockerlabError):
        pass  # the engine has gone, and the error that is on its way says so


def _unfinished(told: Following) -> list[str]:
    """The last image of every stage that has one of its own."""
    last: dict[int, str] = {}
    stage = 0
    for step in told.steps:
        stage += step.base
        if step.image and not step.base:
            last[stage] = step.image
    return [*last.values()]
