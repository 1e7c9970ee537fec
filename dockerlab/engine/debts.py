"""엔진이 죽어서 지우지 못한 컨테이너를 기억해 두었다가, 다시 살아난 엔진에서 지웁니다."""

from __future__ import annotations

from typing import Any

_owed: set[str] = set()


def owe(container: str) -> None:
    """우리가 만들었으나 지우지 못한 컨테이너의 id를 적어 둡니다."""
    _owed.add(container)


def settle(api: Any) -> None:
    """적어 둔 것이 있으면 지웁니다."""
    for container in list(_owed):
        remove(api, container)
        _owed.discard(container)


def remove(api: Any, container: str) -> None:
    """컨테이너를 id로 지웁니다. 이미 없거나 지우는 중이면 그대로 둡니다."""
    import docker.errors

    try:
        api.remove_container(container, force=True, v=True)
    except docker.errors.NotFound:
        pass  # somebody else, the watcher for example, was quicker
    except docker.errors.APIError as error:
        if error.status_code != 409:  # 409: its removal is already in progress
            raise
