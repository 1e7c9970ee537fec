"""엔진 안의 우리 것(컨테이너, 네트워크, 볼륨, 이미지)을 라벨로 찾고, 확인하고, 지웁니다.

A label alone does not make an object ours: a container inherits the labels of its image, an image those
of its base, and `docker commit` passes a container's labels on. So every call of ``labels()`` gives a
number of its own (``dockerlab.object``), and what merely inherited a number is the learner's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from dockerlab.engine.endpoint import Endpoint
from dockerlab.engine.wire import Answer, ask

SESSION = "dockerlab.session"
HOST = "dockerlab.host"
OWNER = "dockerlab.owner"
DEADLINE = "dockerlab.deadline"
OBJECT = "dockerlab.object"
COURSE_IMAGE = "dockerlab.image"

KINDS = ("container", "network", "volume", "plugin", "image")  # in the order of removal: users first
_FOLDERS = {kind: f"/{kind}s" for kind in KINDS}
PLUGIN = "dockerlab/plugin-"  # how the names of ours begin


@dataclass(frozen=True)
class Thing:
    """엔진 안의 것 하나입니다."""

    kind: str
    id: str
    name: str
    labels: dict[str, str]


class EngineConfused(OSError):
    """엔진이 목록을 달라는 말에 목록을 주지 않았습니다."""


def listed(endpoint: Endpoint, kind: str, label: str) -> list[Thing]:
    """라벨이 있는 우리 것을 찾습니다. 라벨을 물려받기만 한 것은 빼고 줍니다."""
    if kind == "plugin":
        return _plugins(endpoint, label)
    path = _FOLDERS[kind] + ("/json" if kind in ("container", "image") else "")
    query = {"filters": json.dumps({"label": [label]})} | ({"all": "1"} if kind == "container" else {})
    answer = ask(endpoint, "GET", path, query=query)
    body = answer.body
    if kind == "volume" and isinstance(body, dict):
        body = body.get("Volumes") or []
    if not answer.good or not isinstance(body, list):
        raise EngineConfused(f"{path}: {answer.status} {str(answer.body)[:200]}")
    things = [_thing(kind, raw) for raw in body]
    if kind == "container":
        return [thing for thing in things if not _inherited(endpoint, thing)]
    if kind == "image" and label != COURSE_IMAGE:
        return _originals(endpoint, things)
    return things


def found(endpoint: Endpoint, kind: str, name: str) -> Thing | None:
    """이름이나 id로 찾은 것입니다. 없으면 ``None``입니다."""
    seen = _inspect(endpoint, kind, name)
    if seen.status == 404:
        return None
    if not seen.good or not isinstance(seen.body, dict):
        raise EngineConfused(f"{kind} {name}: {seen.status} {str(seen.body)[:200]}")
    return replace(_thing(kind, seen.body), labels=_labels(kind, seen.body))


def remove(endpoint: Endpoint, thing: Thing, ours: Callable[[dict[str, str]], bool]) -> bool:
    """라벨을 다시 읽어 아직 우리 것이면 전체 id로 지웁니다. 이제 없으면 참입니다."""
    seen = _inspect(endpoint, thing.kind, thing.id)
    if seen.status == 404:
        return True
    if not seen.good or not isinstance(seen.body, dict) or not ours(_labels(thing.kind, seen.body)):
        return False
    if _id(thing.kind, seen.body) != thing.id:  # a name, or an abbreviation, may mean another thing by now
        return False
    # Force ends what runs; an image or a volume in use by the learner must stay.
    force = {"container": {"force": "1", "v": "1"}, "plugin": {"force": "1"}}
    query = force.get(thing.kind)
    answer = ask(endpoint, "DELETE", f"{_FOLDERS[thing.kind]}/{thing.id}", query=query, limit=30)
    return answer.good or answer.status == 404


def _plugins(endpoint: Endpoint, label: str) -> list[Thing]:
    """A plugin carries no labels: they are the description that we gave it."""
    answer = ask(endpoint, "GET", "/plugins")
    if answer.status == 404:
        return []  # Podman has none
    if not answer.good or not isinstance(answer.body, list):
        raise EngineConfused(f"/plugins: {answer.status} {str(answer.body)[:200]}")
    ours = (_thing("plugin", raw) for raw in answer.body if str(raw.get("Name")).startswith(PLUGIN))
    key, equals, value = label.partition("=")
    return [one for one in ours if key in one.labels and (not equals or one.labels[key] == value)]


def _inherited(endpoint: Endpoint, thing: Thing) -> bool:
    """라벨이 이미지에서 왔는지 봅니다. 그렇다면 학습자가 그 이미지로 띄운 컨테이너입니다."""
    seen = _inspect(endpoint, "container", thing.id)
    image = seen.body.get("Image") if seen.good and isinstance(seen.body, dict) else None
    if not image:
        return False
    source = _inspect(endpoint, "image", image)
    if not source.good or not isinstance(source.body, dict):
        return False
    return _labels("image", source.body).get(OBJECT) == thing.labels.get(OBJECT)


def _originals(endpoint: Endpoint, things: list[Thing]) -> list[Thing]:
    """같은 라벨을 가진 이미지 가운데 물려준 쪽만 고릅니다. 가릴 수 없으면 모두 둡니다."""
    families: dict[tuple[str, str], list[tuple[int, Thing]]] = {}
    for thing in things:
        number = thing.labels.get(OBJECT, "")
        if not number.startswith("image-"):
            continue  # committed from one of our containers
        seen = _inspect(endpoint, "image", thing.id)
        if not seen.good or not isinstance(seen.body, dict):
            continue
        layers = len((seen.body.get("RootFS") or {}).get("Layers") or [])
        family = (thing.labels.get(SESSION, ""), number)
        families.setdefault(family, []).append((layers, thing))
    originals = []
    for members in families.values():
        fewest = min(layers for layers, _ in members)
        roots = [thing for layers, thing in members if layers == fewest]
        originals += roots if len(roots) == 1 else []
    return originals


def _inspect(endpoint: Endpoint, kind: str, identity: str) -> Answer:
    ending = "/json" if kind in ("container", "image", "plugin") else ""
    return ask(endpoint, "GET", f"{_FOLDERS[kind]}/{identity}{ending}")


def _thing(kind: str, raw: dict[str, Any]) -> Thing:
    names = raw.get("Names") or raw.get("RepoTags") or [raw.get("Name") or ""]
    told = _labels(kind, raw) if kind == "plugin" else dict(raw.get("Labels") or {})
    return Thing(kind, _id(kind, raw), str(names[0]).lstrip("/"), told)


def _id(kind: str, raw: dict[str, Any]) -> str:
    return str(raw["Name"] if kind == "volume" else raw["Id"])


def _labels(kind: str, body: dict[str, Any]) -> dict[str, str]:
    if kind == "plugin":
        try:
            return dict(json.loads(body["Config"]["Description"]))
        except (ValueError, KeyError, TypeError):
            return {}  # somebody else's
    held = body.get("Config") if kind in ("container", "image") else body
    return dict((held or {}).get("Labels") or {})
