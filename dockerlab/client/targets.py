"""docker 명령이 가리키는 것이 과정의 것인지 엔진에 묻습니다. 남의 것에는 손대지 않습니다."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

from dockerlab.client import options
from dockerlab.client.fence import host_side, refused
from dockerlab.client.grammar import Command
from dockerlab.engine import belongings, objects
from dockerlab.engine.endpoint import Endpoint
from dockerlab.errors import EngineLost, InvalidReference
from dockerlab.registries.reference import parse

_WORDS = {"container": "컨테이너에", "network": "네트워크에", "volume": "볼륨에", "image": "이미지에"}
_ALL = ("kill", "pause", "restart", "rm", "start", "stop", "unpause", "update")
_FIRST = ("attach", "commit", "exec", "rename")
_COURSE = "dockerlab/"
_OF_ENGINE = ("none", "bridge", "default")

_given: set[str] = set()  # names that this kernel gave to images that are not the course's


def check(command: Command, endpoint: Endpoint) -> None:
    """명령이 바꾸는 것 가운데 남의 것이 있으면 ``Refused``입니다."""
    try:
        for kind, name in _touched(command):
            _check_one(command, endpoint, kind, name)
        for name in _renamed(command):
            taken = belongings.foreign(endpoint, "image", name)
            if taken is not None and _whole(name) not in _given:
                raise refused(
                    command,
                    f"이름이 '{name}'인 이미지가 이미 있고, 과정이 만든 것이 아닙니다.",
                    "다른 이름을 쓰십시오(예: my-app:1).",
                )
    except (OSError, http.client.HTTPException) as error:
        raise EngineLost(
            "명령이 가리키는 것을 엔진에 물어보지 못해 실행하지 않았습니다.",
            seen=str(error)[:200],
            todo="lab.doctor()로 엔진을 살펴본 뒤 다시 실행하십시오.",
        ) from error


def new_volumes(command: Command, endpoint: Endpoint) -> tuple[str, ...]:
    """명령이 이름으로 붙이는데 아직 없는 볼륨입니다. 엔진은 라벨 없이 만들어 버립니다."""
    named = dict.fromkeys(name for kind, name in _joined(command) if kind == "volume")
    return tuple(name for name in named if objects.found(endpoint, "volume", name) is None)


def new_names(command: Command, endpoint: Endpoint) -> tuple[str, ...]:
    """명령이 이미지에 새로 붙이는 이름입니다. 나중에 그 이름만은 지울 수 있게 기억합니다."""
    named = command.rest[1:2] if command.action == "tag" else command.rest if command.action == "pull" else ()
    return tuple(_whole(name) for name in named if objects.found(endpoint, "image", name) is None)


def remember(names: tuple[str, ...]) -> None:
    """이 커널이 붙인 이름들을 기억합니다."""
    _given.update(names)


def _check_one(command: Command, endpoint: Endpoint, kind: str, name: str) -> None:
    other = belongings.foreign(endpoint, kind, name)
    if other is None or (kind == "image" and _whole(name) in _given):
        return
    if kind == "image" and objects.COURSE_IMAGE in other.labels and other.name.startswith(_COURSE):
        raise refused(
            command,
            f"과정 이미지입니다. 지우면 다음 수업에서 다시 준비해야 하므로 남겨 둡니다: {name}",
            f"연습이라면 docker tag {name} my-image:1로 새 이름을 붙이고 그 이름을 지우십시오.",
        )
    raise refused(
        command,
        f"과정이 만들지 않은 {_WORDS[kind]}는 손대지 않습니다: {name}",
        "과정에서 만든 것의 이름을 쓰십시오. 여러분의 것은 노트북이 아니라 터미널에서 다루십시오.",
    )


def _touched(command: Command) -> Iterator[tuple[str, str]]:
    """What exists already and would be changed, as (kind, name)."""
    action, rest = command.action, command.rest
    if action == "rmi" or command.verb == ("image", "rm"):
        yield from (("image", name) for name in rest)
    elif action in _ALL:
        yield from (("container", name) for name in rest)
    elif action in _FIRST:
        yield from (("container", name) for name in rest[:1])
    elif action == "cp":
        inside = [each for each in rest if each not in host_side(command)]
        yield from (("container", each.partition(":")[0]) for each in inside)
    elif action in ("network rm", "volume rm"):
        yield from ((command.verb[0], name) for name in rest)
    elif action in ("network connect", "network disconnect"):
        yield from (("network", name) for name in rest[:1] if name not in _OF_ENGINE)
        yield from (("container", name) for name in rest[1:2])
    yield from _joined(command)


def _joined(command: Command) -> Iterator[tuple[str, str]]:
    """Networks and volumes that a new container takes part in."""
    if command.action not in ("run", "create", "build"):
        return
    for option, value in command.options:
        if option == "network":
            for name in options.names_of_network(value):
                if name not in _OF_ENGINE:
                    yield "network", name
        elif option in ("volume", "mount"):
            read = options.source_of_volume if option == "volume" else options.source_of_mount
            if source := read(value):
                yield "volume", source


def _renamed(command: Command) -> tuple[str, ...]:
    """Names of images that the command would move to another one."""
    if command.action == "build":
        return tuple(value for option, value in command.options if option == "tag")
    return command.rest[1:2] if command.action in ("tag", "commit", "import") else ()


def _whole(name: str) -> str:
    try:
        return str(parse(name))
    except InvalidReference:
        return name
