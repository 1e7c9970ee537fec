"""채점받는 제출 하나가 엔진에서 가진 것입니다. 남의 것과 가려, 끝나면 모두 치웁니다."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from dockerlab import engine
from dockerlab.engine.objects import COURSE_IMAGE
from dockerlab.exercises import parameters
from dockerlab.exercises.model import Given
from dockerlab.exercises.preparing import EXERCISE
from dockerlab.grading.policy import NO_FOLDERS, Refused
from dockerlab.images import names

_MOST = {"container": 20, "network": 10, "volume": 20, "image": 20}
_AT_ONCE = 4  # removals
_KINDS = {"container": "컨테이너", "network": "네트워크", "volume": "볼륨", "image": "이미지"}


class Desk:
    """제출 하나의 책상입니다. 만드는 것마다 라벨을 달고, 라벨이 있는 것만 자기 것으로 봅니다."""

    def __init__(self, connected: engine.Engine, given: Given, lifetime: float) -> None:
        self._api = connected.client.api
        self._lifetime = lifetime
        self._lock = threading.Lock()
        self.given = given
        self.layers: set[str] = set()
        """빌드가 지나가며 남긴 이름 없는 이미지들의 id(앞부분)입니다."""

    def labels(self, kind: str) -> dict[str, str]:
        """새로 만들 것 하나에 달 라벨입니다. 너무 많이 만들면 거절합니다."""
        self.room(kind)
        return engine.labels(self._lifetime, kind=kind) | {EXERCISE: self.given.token}

    def build_labels(self, asked: str | None) -> str:
        """빌드의 라벨입니다."""
        return json.dumps((_object(asked) if asked else {}) | self.labels("image"))

    def filters(self, asked: str | None) -> str:
        """목록에서 자기 것만 보이게 하는 조건입니다."""
        wanted = _object(asked) if asked else {}
        labels = wanted.get("label") or []
        labels = [key for key, value in labels.items() if value] if isinstance(labels, dict) else list(labels)
        return json.dumps(wanted | {"label": [*labels, f"{EXERCISE}={self.given.token}"]})

    def room(self, kind: str) -> None:
        """더 만들 자리가 있는지 봅니다."""
        if len(self._mine(kind)) >= _MOST[kind]:
            raise Refused(f"{_KINDS[kind]}를 너무 많이 만들었습니다(한도 {_MOST[kind]}개).")

    def allowed(self, kind: str, name: str) -> None:
        """가리키는 것이 볼 수 있는 것인지 봅니다. 아니면 없는 것으로 답합니다."""
        if kind == "seen image":
            self.image(name)
        elif kind == "seen network" and name in ("bridge", "none", "host"):
            return
        elif kind == "registry":
            self.in_own_registry(name)
        elif kind == "exec":
            told = self._inspect(self._api.exec_inspect, name)
            self.own("container", told["ContainerID"] if told else "")
        else:
            self.own(kind.removeprefix("seen "), name)

    def own(self, kind: str, name: str) -> None:
        """자기 것이 아니면 거절합니다."""
        if not self._is_mine(kind, self._look(kind, name)):
            raise Refused(f"그런 {_KINDS[kind]}가 없습니다: {name[:80]}", 404)

    def joinable(self, name: str) -> None:
        """컨테이너를 붙여도 되는 네트워크인지 봅니다."""
        if name not in ("bridge", "none"):
            self.own("network", name)

    def exists(self, kind: str, name: str) -> bool:
        """누구의 것이든 있는지입니다."""
        return self._look(kind, name) is not None

    def image(self, name: str) -> None:
        """쓸 수 있는 이미지(과정의 것, 자기가 만든 것)인지 봅니다."""
        told = self._look("image", name)
        if told is None or not self._may_see(told):
            raise Refused(f"No such image: {name[:80]}", 404)

    def images(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        """볼 수 있는 이미지들의 목록입니다."""
        wanted = _object(query["filters"]) if query.get("filters") else None
        listed = self._api.images(all=query.get("all") in ("1", "true"), filters=wanted)
        as_told = ((each, each | {"Config": {"Labels": each.get("Labels")}}) for each in listed)
        return [each for each, told in as_told if self._may_see(told)]

    def new_images(self, wanted: Iterable[str]) -> None:
        """붙이려는 이미지의 이름이 비어 있거나 자기 것인지 봅니다."""
        for name in wanted:
            told = self._look("image", name) if name.strip(":") else None
            if told is not None and not self._is_mine("image", told):
                raise Refused(f"이미 있는 이미지의 이름입니다: {name[:80]}")

    def in_own_registry(self, name: str) -> None:
        """올리고 받아도 되는 곳(과제가 띄운 레지스트리)의 이름인지 봅니다."""
        if not name.startswith(self._registries()):
            raise Refused(f"채점에서는 과제의 레지스트리만 쓸 수 있습니다: {name[:80]}")

    def base(self, name: str) -> None:
        """빌드의 바탕으로 써도 되는 이미지인지 봅니다. 없는 이미지이면 엔진이 바깥에서 받으려 합니다."""
        told = self._look("image", name)
        if not name.startswith(self._registries()) and (told is None or not self._may_see(told)):
            raise Refused(f"채점에서는 과정의 이미지와 스스로 만든 이미지만 바탕으로 씁니다: {name[:80]}")

    def volume_of_bind(self, source: str) -> None:
        """마운트할 볼륨이 자기 것인지 봅니다. 없으면 라벨을 달아 먼저 만듭니다."""
        if source.startswith((".", "~")) or "/" in source:
            raise Refused(NO_FOLDERS)
        if not source:
            return
        if not self.exists("volume", source):
            self._api.create_volume(source, labels=self.labels("volume"))
        self.own("volume", source)

    def clear(self) -> None:
        """만든 것을 모두 치웁니다. 라벨을 다시 읽은 뒤 전체 id로 지웁니다."""
        import docker.errors

        removals = {
            "container": lambda each: self._api.remove_container(each, force=True, v=True),
            "network": self._api.remove_network,
            "volume": self._api.remove_volume,
            "image": lambda each: self._api.remove_image(each, force=True),
        }

        def removed(remove: Callable[[str], None], identity: str) -> None:
            try:
                remove(identity)
            except docker.errors.APIError as error:
                if error.status_code not in (404, 409):
                    raise

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for kind, remove in removals.items():  # containers first: they hold the rest
                list(pool.map(partial(removed, remove), self._mine(kind)))
        self._clear_layers()

    def _clear_layers(self) -> None:
        """What a failed build leaves behind has no label: it is known by what the build told."""
        import docker.errors

        for identity in self.layers:
            told = self._look("image", identity)
            if told is None or told.get("RepoTags") or self._is_course(told):
                continue
            try:
                self._api.remove_image(told["Id"])
            except docker.errors.APIError as error:
                if error.status_code not in (404, 409):
                    raise

    def _may_see(self, told: dict[str, Any]) -> bool:
        return self._is_near(told) or self._is_course(told) or self._is_mine("image", told)

    def _is_near(self, told: dict[str, Any]) -> bool:
        """Prepared for this submission, of its registry, or a step of its own build: without its label."""
        tags = told.get("RepoTags") or ()
        given = set(map(str, self.given.values.values())) & set(tags)
        pulled = any(tag.startswith(self._registries()) for tag in tags)
        return bool(given) or pulled or told["Id"].removeprefix("sha256:")[:12] in self.layers

    def _registries(self) -> tuple[str, ...]:
        return tuple(f"localhost:{port}/" for port in parameters.ports(self.given))

    def _is_course(self, told: dict[str, Any]) -> bool:
        """By name too: what is built from a course image inherits its label."""
        name = ((told.get("Config") or {}).get("Labels") or {}).get(COURSE_IMAGE, "")
        return name in names.ALL and names.reference(name) in (told.get("RepoTags") or ())

    def _mine(self, kind: str) -> list[str]:
        wanted = {"label": f"{EXERCISE}={self.given.token}"}
        if kind == "container":
            return [each["Id"] for each in self._api.containers(all=True, filters=wanted)]
        if kind == "network":
            return [each["Id"] for each in self._api.networks(filters=wanted)]
        if kind == "volume":
            return [each["Name"] for each in self._api.volumes(filters=wanted)["Volumes"] or ()]
        return [each["Id"] for each in self._api.images(filters=wanted)]

    def _look(self, kind: str, name: str) -> dict[str, Any] | None:
        if not name:
            return None
        inspect = {
            "container": self._api.inspect_container,
            "network": self._api.inspect_network,
            "volume": self._api.inspect_volume,
            "image": self._api.inspect_image,
        }
        return self._inspect(inspect[kind], name)

    def _inspect(self, inspect: Any, name: str) -> dict[str, Any] | None:
        import docker.errors

        try:
            return inspect(name)
        except (docker.errors.NotFound, docker.errors.NullResource):
            return None
        except docker.errors.APIError as error:
            if error.status_code == 400:
                return None  # not a name that anything could have
            raise

    def _is_mine(self, kind: str, told: dict[str, Any] | None) -> bool:
        if told is None:
            return False
        held = told.get("Config") if kind in ("container", "image") else told
        return ((held or {}).get("Labels") or {}).get(EXERCISE) == self.given.token


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused("JSON이 아닌 조건입니다.", 400) from error
    if not isinstance(found, dict):
        raise Refused("JSON 객체가 아닌 조건입니다.", 400)
    return found
