"""컨테이너의 읽기·쓰기 레이어를 새 이미지의 레이어로 굳힙니다(commit)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dockerlab import engine
from dockerlab.images import building, origins


@dataclass(frozen=True)
class Committed:
    """컨테이너에서 만든 이미지입니다. ``size``는 새 레이어의 바이트입니다."""

    tag: str
    id: str
    size: int


def commit(api: Any, container: str, tag: str) -> Committed:
    """컨테이너의 지금 모습을 ``tag``라는 이미지로 만듭니다. 이미지는 이 커널이 끝나면 치워집니다."""
    tag = building.free_name(api, tag)
    repository, _, version = tag.rpartition(":")
    # Else it would inherit the container's label, and nobody would know that we made it.
    changes = [f'LABEL {name}="{value}"' for name, value in engine.labels(kind="image").items()]
    with engine.errors_of_engine():
        # Not paused: a rootless engine without cgroup v2 cannot, and nothing of a lesson writes meanwhile.
        made = api.commit(container, repository, version, pause=False, changes=changes)["Id"]
        size = api.history(made)[0]["Size"]
    origins.forget()
    return Committed(tag, made, size)
