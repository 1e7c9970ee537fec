"""검사하는 쪽이 엔진을 보는 눈입니다. 학습자가 무엇을 찍었는지가 아니라 엔진에 무엇이 있는지를 봅니다."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dockerlab import engine
from dockerlab.containers.stream import STDOUT, Stream
from dockerlab.errors import DockerlabError
from dockerlab.exercises.model import Untried
from dockerlab.images import names

if TYPE_CHECKING:
    from dockerlab.layering import Image

OUTPUT_LIMIT = 64 * 1024
PATIENCE = 5.0  # seconds for a command inside
SOON = 2.0  # seconds for a service that has just been started
MEMORY_CAP = 512 * 2**20
"""채점할 때 한도를 적지 않은 컨테이너에 거는 메모리 한도입니다. 학습자가 적은 한도로 보지 않습니다."""
PIDS_CAP = 256
ASKED_PORTS = "dockerlab.asked-ports"
"""채점할 때는 포트를 이 컴퓨터에만 공개하고, 학습자가 정한 것(PortBindings)은 이 라벨에 적어 둡니다."""


@dataclass(frozen=True)
class Told:
    """명령이나 요청의 결과입니다. 응답하지 않았으면 ``code``가 ``None``입니다."""

    code: int | None
    text: str


@dataclass(frozen=True)
class Box:
    """엔진이 말하는 컨테이너 하나입니다."""

    api: Any
    raw: dict[str, Any]

    @property
    def id(self) -> str:
        return self.raw["Id"]

    @property
    def image(self) -> str:
        """이미지의 id입니다. 이름은 옮겨 붙일 수 있지만 id는 내용에서 나옵니다."""
        return self.raw["Image"]

    @property
    def running(self) -> bool:
        return bool(self.raw["State"]["Running"]) and not self.raw["State"].get("Paused")

    @property
    def state(self) -> str:
        """지금의 상태를 한 마디로 말합니다."""
        state = self.raw["State"]
        if state.get("Paused"):
            return "일시 정지되었습니다"
        if state["Running"]:
            return "돌고 있습니다"
        if state.get("OOMKilled"):
            return "메모리 한도를 넘어 강제로 끝났습니다"
        if state["Status"] == "created":
            return "만들어졌으나 시작되지 않았습니다"
        return f"종료되었습니다(코드 {state['ExitCode']})"

    @property
    def environment(self) -> dict[str, str]:
        pairs = (pair.partition("=") for pair in self.raw["Config"].get("Env") or ())
        return {key: value for key, _, value in pairs}

    @property
    def user(self) -> str:
        return self.raw["Config"].get("User") or ""

    @property
    def host(self) -> dict[str, Any]:
        """만들 때 학습자가 정한 호스트 쪽의 설정(HostConfig)입니다."""
        asked = (self.raw["Config"].get("Labels") or {}).get(ASKED_PORTS)
        return self.raw["HostConfig"] | ({"PortBindings": json.loads(asked)} if asked else {})

    @property
    def memory(self) -> int:
        """메모리 한도(바이트)입니다. 없으면 0입니다."""
        limit = self.host.get("Memory") or 0
        return 0 if limit == MEMORY_CAP else limit

    @property
    def pids(self) -> int:
        """프로세스 수 한도입니다. 없으면 0입니다."""
        limit = self.host.get("PidsLimit") or 0
        return 0 if limit in (-1, PIDS_CAP) else limit

    @property
    def networks(self) -> dict[str, dict[str, Any]]:
        return self.raw["NetworkSettings"].get("Networks") or {}

    @property
    def ports(self) -> dict[int, int]:
        """공개한 포트입니다(안쪽: 바깥쪽)."""
        bound = self.raw["NetworkSettings"].get("Ports") or {}
        return {int(inside.split("/")[0]): int(at[0]["HostPort"]) for inside, at in bound.items() if at}

    @property
    def mounts(self) -> dict[str, dict[str, Any]]:
        """마운트입니다(안쪽 경로: 엔진의 말)."""
        return {mount["Destination"]: mount for mount in self.raw.get("Mounts") or ()}

    def exec(self, command: Sequence[str], user: str = "") -> Told:
        """컨테이너 안에서 명령을 실행해 봅니다. 오래 걸리거나 끝나지 않으면 ``code``가 ``None``입니다."""
        import docker.errors

        try:
            made = self.api.exec_create(self.id, list(command), user=user)["Id"]
            # Our clock, not one inside: the learner's image may hold any program.
            raw = self.api.exec_start(made, socket=True)
            stream = Stream(raw, stdin=None, limit=OUTPUT_LIMIT, patience=PATIENCE + 1)
            try:
                ended = stream.wait_end(PATIENCE)
            finally:
                stream.close()
            code = self.api.exec_inspect(made)["ExitCode"] if ended else None
        except docker.errors.APIError as error:
            return Told(None, str(error.explanation or error))
        return Told(code, stream.content(STDOUT).decode("utf-8", "replace"))


class View:
    """엔진을 들여다봅니다. 학습자의 것은 아무것도 바꾸지 않습니다."""

    def __init__(self, connected: engine.Engine) -> None:
        self.engine = connected

    @property
    def api(self) -> Any:
        return self.engine.client.api

    @cached_property
    def limits_kept(self) -> bool:
        """이 엔진이 메모리 한도를 지키는지입니다."""
        return bool(self.engine.info.get("MemoryLimit"))

    def container(self, name: str) -> Box | None:
        """이름이 꼭 같은 컨테이너입니다. 없으면 ``None``입니다."""
        raw = self._asked(self.api.inspect_container, name)
        return Box(self.api, raw) if raw and raw["Name"].lstrip("/") == name else None

    def existing_container(self, name: str) -> Box:
        """이름이 꼭 같은 컨테이너입니다. 없으면 아직 손대지 않은 과제입니다(``Untried``)."""
        box = self.container(name)
        if box is None:
            raise Untried(f"이름이 {name}인 컨테이너가 없습니다.")
        return box

    def image(self, name: str) -> dict[str, Any] | None:
        """이미지입니다(엔진의 말 그대로). 과정 이미지는 짧은 이름으로도 찾습니다."""
        return self._asked(self.api.inspect_image, names.reference(name))

    def existing_image(self, name: str) -> dict[str, Any]:
        """이미지입니다. 없으면 아직 손대지 않은 과제입니다(``Untried``)."""
        image = self.image(name)
        if image is None:
            raise Untried(f"이름이 {name}인 이미지가 없습니다.")
        return image

    def is_image(self, box: Box, name: str) -> bool:
        """컨테이너가 그 이미지로 만들어졌는지, 내용(id)으로 봅니다."""
        image = self.image(name)
        return image is not None and box.image == image["Id"]

    def layers(self, name: str) -> Image:
        """이미지의 레이어입니다."""
        from dockerlab.layering import layers

        return layers(name)

    def file(self, name: str, path: str) -> str:
        """이미지의 가장 아래 레이어부터 찾은 파일의 내용입니다. 위에서 지운 파일도 읽습니다."""
        from dockerlab.layering import read_file

        for at, layer in enumerate(self.layers(name).layers):
            if any(file.path == path for file in layer.files):
                return read_file(name, path, at).data.decode("utf-8", "replace")
        return ""

    def run(self, name: str, command: Sequence[str] | None = None) -> Told:
        """이미지로 컨테이너를 하나 띄워 끝까지 실행해 봅니다. 네트워크 없이, 한도를 걸고 합니다."""
        from dockerlab import containers

        try:
            run = containers.run(name, command, deadline=PATIENCE * 2, output_limit=OUTPUT_LIMIT)
        except DockerlabError as error:
            return Told(None, error.what)
        return Told(run.exit_code, run.stdout)

    @contextmanager
    def serving(self, name: str, port: int, *, read_only: bool = False) -> Iterator[tuple[Box, int]]:
        """이미지로 서비스를 띄워 보고, 컨테이너와 공개된 포트를 줍니다. 뜨지 않으면 포트가 0입니다."""
        from dockerlab import containers

        with containers.start(name, ports={port: None}, read_only=read_only, deadline=60) as started:
            box = self.container_by_id(started.id)
            outside = box.ports.get(port, 0) if box.running else 0
            end = time.monotonic() + PATIENCE
            while outside and self.get(outside, patience=0).code is None and time.monotonic() < end:
                box = self.container_by_id(started.id)
                outside = outside if box.running else 0
                time.sleep(0.05)
            yield self.container_by_id(started.id), outside

    def container_by_id(self, identity: str) -> Box:
        """전체 id로 찾은 컨테이너입니다."""
        return Box(self.api, self.api.inspect_container(identity))

    @contextmanager
    def idle(self, name: str) -> Iterator[Box]:
        """서비스 대신 기다리기만 하는 컨테이너입니다. 상태 검사가 정말 검사하는지 볼 때 씁니다."""
        body = {
            "Image": name,
            "Entrypoint": ["sleep"],
            "Cmd": ["60"],
            "Labels": engine.labels(60),
            "HostConfig": {"NetworkMode": "none", "Memory": 64 * 2**20, "CapDrop": ["ALL"]},
        }
        with engine.errors_of_engine():
            made = self.api.create_container_from_config(body)["Id"]
            try:
                self.api.start(made)
                yield self.container_by_id(made)
            finally:
                self.api.remove_container(made, force=True, v=True)

    def pushed(self, port: int, name: str) -> tuple[str, str]:
        """이 컴퓨터의 레지스트리에 올라온 이미지의 두 다이제스트(manifest, config)입니다."""
        from dockerlab.registries import Remote

        try:
            with Remote(f"localhost:{port}") as remote:
                return remote.digest(name), remote.manifest(name).config.digest
        except DockerlabError:
            return "", ""

    def network(self, name: str) -> dict[str, Any] | None:
        """네트워크입니다(엔진의 말 그대로)."""
        raw = self._asked(self.api.inspect_network, name)
        return raw if raw and raw["Name"] == name else None

    def volume(self, name: str) -> dict[str, Any] | None:
        """볼륨입니다(엔진의 말 그대로)."""
        return self._asked(self.api.inspect_volume, name)

    def get(self, port: int, path: str = "/", patience: float = SOON) -> Told:
        """이 컴퓨터의 127.0.0.1에 공개된 포트에 HTTP로 물어봅니다. 갓 띄운 서비스는 조금 기다려 줍니다."""
        end = time.monotonic() + patience
        while True:
            told = self._asked_once(port, path)
            if told.code is not None or time.monotonic() > end:
                return told
            time.sleep(0.05)

    def _asked_once(self, port: int, path: str, limit: float = 3.0) -> Told:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=limit)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return Told(answer.status, answer.read(OUTPUT_LIMIT).decode("utf-8", "replace"))
        except (OSError, http.client.HTTPException) as error:
            return Told(None, f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    def _asked(self, inspect: Any, name: str) -> dict[str, Any] | None:
        import docker.errors

        try:
            with engine.errors_of_engine():
                try:
                    return inspect(name)
                except docker.errors.NotFound:
                    return None
        except docker.errors.NullResource:
            return None
