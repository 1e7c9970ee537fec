"""엔진으로 이미지를 올리고(push) 받습니다(pull). 레이어마다 무슨 일이 있었는지 돌려줍니다."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import docker.errors
import requests

from dockerlab import engine
from dockerlab.engine.translation import engine_lost
from dockerlab.errors import UsageMistake
from dockerlab.images import names, official, origins
from dockerlab.progress import Report, silent
from dockerlab.registries import refusals
from dockerlab.registries.reference import Reference

if TYPE_CHECKING:
    from dockerlab.registries.remote import Remote

_SENT = {"Pushed": "pushed", "Layer already exists": "exists"}
_MEANT_TLS = "HTTP request to an HTTPS server"
_GOT = {"Pull complete": "pulled", "Download complete": "pulled", "Already exists": "exists"}
_DIGEST = re.compile(r": digest: (\w+:[0-9a-f]+) size: \d+$")  # containerd's store tells it in no other way
# The engine tries again after 5, 10, 15, … seconds. What breaks twice in a row will break again, and the
# learner should not look at a countdown for a minute.
_ATTEMPTS = 2


@dataclass(frozen=True)
class PushedLayer:
    """올린 이미지의 레이어 하나입니다. ``size``는 압축된 바이트입니다.

    ``state``는 ``pushed``(보냈음), ``exists``(이미 있어 보내지 않음), ``mounted``(같은
    레지스트리의 다른 저장소에서 빌림) 가운데 하나입니다.
    """

    digest: str
    diff_id: str
    size: int
    state: str


@dataclass(frozen=True)
class Pushed:
    """올린 이미지입니다. ``digest``는 manifest의 것이고, 태그를 옮겨도 이것은 바뀌지 않습니다."""

    reference: Reference
    digest: str
    layers: tuple[PushedLayer, ...]

    @property
    def sent(self) -> int:
        """이번에 보낸 레이어들의 크기(압축된 바이트)입니다."""
        return sum(layer.size for layer in self.layers if layer.state == "pushed")


@dataclass(frozen=True)
class Pulled:
    """받은 이미지입니다. ``layers``는 레이어마다 (짧은 id, ``pulled`` 또는 ``exists``)이고 아래부터입니다."""

    reference: Reference
    digest: str
    id: str
    layers: tuple[tuple[str, str], ...]


def push(remote: Remote, image: str, wanted: Reference, report: Report = silent) -> Pushed:
    """엔진의 이미지에 ``wanted``라는 이름을 잠시 붙여 올립니다. 붙인 이름은 다시 뗍니다."""
    if wanted.digest:
        raise UsageMistake(
            "다이제스트에는 올릴 수 없습니다. 다이제스트는 내용이 정합니다.",
            seen=str(wanted),
            todo=f"태그를 적으십시오. 예: {wanted.repository}:1.0",
        )
    api = engine.connect().client.api
    source = names.reference(image)
    repository = f"{wanted.host}/{wanted.repository}"
    with engine.errors_of_engine():
        try:
            held = api.inspect_image(source)
        except docker.errors.ImageNotFound as error:
            raise origins.missing(source) from error
        before = _id(api, str(wanted))
        if before != held["Id"]:
            api.tag(held["Id"], repository, wanted.tag)
        try:
            states, digest = _push(api, remote, repository, wanted, report)
        finally:
            if before is None:
                api.remove_image(str(wanted), noprune=True)
            elif before != held["Id"]:
                api.tag(before, repository, wanted.tag)  # the name is the learner's again
    layers = _layers(remote, wanted, digest, held["RootFS"]["Layers"], states)
    return Pushed(wanted, digest, layers)


def _push(
    api: Any, remote: Remote, repository: str, wanted: Reference, report: Report
) -> tuple[dict[str, str], str]:
    what = f"{wanted.repository}:{wanted.tag} 올리기"
    url = f"{api.base_url}/v{api.api_version}/images/{repository}/push"
    states: dict[str, str] = {}
    digest = ""
    for event in _events(api, remote, url, {"tag": wanted.tag}, what, report):
        status = str(event.get("status", ""))
        if status.startswith("Mounted from"):
            states[event["id"]] = "mounted"
        elif status in _SENT:
            states[event["id"]] = _SENT[status]
        told = _DIGEST.search(status)
        digest = told[1] if told else digest
    if not digest:
        raise engine_lost(f"{what}: 다이제스트가 오기 전에 스트림이 끝났습니다.")
    return states, digest


def _layers(
    remote: Remote, wanted: Reference, digest: str, diff_ids: list[str], states: dict[str, str]
) -> tuple[PushedLayer, ...]:
    """The engine names a layer by the start of its diff id, or (containerd's store) of its digest."""
    stored = remote.manifest(f"{wanted.repository}@{digest}").layers
    found = []
    for diff_id, layer in zip(diff_ids, stored, strict=True):
        shorts = (diff_id.partition(":")[2][:12], layer.digest.partition(":")[2][:12])
        state = next((states[short] for short in shorts if short in states), "exists")
        found.append(PushedLayer(layer.digest, diff_id, layer.size, state))
    return tuple(found)


def pull(remote: Remote, wanted: Reference, report: Report = silent) -> Pulled:
    """이미지를 엔진으로 받습니다. 도중에 그만두면(Ctrl-C) 엔진도 그만둡니다."""
    api = engine.connect().client.api
    what = f"{wanted.repository} 받기"
    url = f"{api.base_url}/v{api.api_version}/images/create"
    asked = {"fromImage": f"{wanted.host}/{wanted.repository}", "tag": wanted.wanted}
    states: dict[str, str] = {}
    digest = ""
    with engine.errors_of_engine():
        before = _id(api, str(wanted))
        try:
            for event in _events(api, remote, url, asked, what, report):
                status = str(event.get("status", ""))
                if status in _GOT:
                    states[event["id"]] = _GOT[status]
                elif status in ("Pulling fs layer", "Waiting"):
                    states.setdefault(event["id"], "pulled")
                digest = status.removeprefix("Digest: ") if status.startswith("Digest: ") else digest
        except docker.errors.DockerException:
            if before is None and _id(api, str(wanted)):  # containerd's store keeps what it could not unpack
                api.remove_image(str(wanted), noprune=True)
            raise
        if not digest:
            raise engine_lost(f"{what}: 다이제스트가 오기 전에 스트림이 끝났습니다.")
        held = api.inspect_image(str(wanted))
    origins.forget()
    return Pulled(wanted, digest, held["Id"], tuple(states.items()))


def _events(
    api: Any, remote: Remote, url: str, asked: dict[str, str], what: str, report: Report
) -> Iterator[dict[str, Any]]:
    """The stream of one transfer, line by line. Not docker-py's own: it drops the error of a pull, waits a
    minute for each line and reads the learner's credentials."""
    told = remote.login.for_engine(remote.address) if remote.login else {}
    headers = {"X-Registry-Auth": base64.urlsafe_b64encode(json.dumps(told).encode()).decode()}
    progress, retries = _Progress(what, report), _Retries(what)
    try:
        with api.post(url, params=asked, headers=headers, stream=True, timeout=remote.patience) as answer:
            if answer.status_code == 500 and _MEANT_TLS in answer.text:
                remote.check()  # 20.10 tells of its second try, without TLS; this says why the first failed
            api._raise_for_status(answer)
            answer.raw.connection.sock.settimeout(remote.patience)
            for line in answer.iter_lines():
                if line.strip():
                    event = json.loads(line)
                    official.raise_said(event)
                    progress.follow(event)
                    retries.follow(event)
                    yield event
    except (requests.Timeout, requests.ConnectionError) as error:
        if "timed out" not in str(error).lower():
            raise
        api.ping()  # if it was the engine that is silent, this says so
        raise refusals.silent(what, remote.patience) from error


class _Progress:
    """Bytes of all layers together."""

    def __init__(self, what: str, report: Report) -> None:
        self._what, self._report = what, report
        self._layers: dict[str, tuple[int, int]] = {}

    def follow(self, event: dict[str, Any]) -> None:
        detail = event.get("progressDetail") or {}
        if event.get("status") in ("Downloading", "Pushing") and detail.get("total"):
            self._layers[event["id"]] = (min(detail.get("current", 0), detail["total"]), detail["total"])
        elif event.get("status") in (*_SENT, *_GOT) and event.get("id") in self._layers:
            whole = self._layers[event["id"]][1]
            self._layers[event["id"]] = (whole, whole)
        else:
            return
        done, total = (sum(numbers) for numbers in zip(*self._layers.values(), strict=True))
        self._report(self._what, done, total)


class _Retries:
    """Counts how often the engine begins a layer anew, from its countdowns ("Retrying in 5 seconds")."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._breaks: dict[str, int] = {}
        self._left: dict[str, int] = {}

    def follow(self, event: dict[str, Any]) -> None:
        layer = event.get("id", "")
        counted = re.fullmatch(r"Retrying in (\d+) seconds?", event.get("status", ""))
        if not counted:
            return
        seconds = int(counted[1])
        if seconds >= self._left.get(layer, 0):
            self._breaks[layer] = self._breaks.get(layer, 0) + 1
        self._left[layer] = seconds
        if self._breaks[layer] >= _ATTEMPTS:
            raise refusals.interrupted(self._what, f"레이어 {layer}: {_ATTEMPTS}번 모두 도중에 끊겼습니다.")


def held(reference: str) -> str | None:
    """엔진에 그 이름의 이미지가 있으면 id, 없으면 ``None``입니다."""
    with engine.errors_of_engine():
        return _id(engine.connect().client.api, reference)


def forget(reference: str) -> None:
    """이미지의 이름을 뗍니다. 쓰는 컨테이너가 있거나 이미 없으면 그대로 둡니다."""
    with engine.errors_of_engine():
        try:
            engine.connect().client.api.remove_image(reference, noprune=True)
        except docker.errors.APIError as error:
            if error.status_code not in (404, 409):
                raise


def _id(api: Any, reference: str) -> str | None:
    try:
        return api.inspect_image(reference)["Id"]
    except docker.errors.ImageNotFound:
        return None
