"""연습 문제에서 만든 것을 치웁니다. 이름에 ``given.token``이 든 것과, 과제가 미리 만든 것만 지웁니다."""

from __future__ import annotations

from typing import Any

from dockerlab import engine
from dockerlab.exercises import parameters
from dockerlab.exercises.model import Given
from dockerlab.exercises.preparing import EXERCISE


def tidy(given: Given, connected: engine.Engine) -> tuple[str, ...]:
    """지운 것의 이름을 돌려줍니다. 그 글자는 학습자마다 무작위라 남의 것의 이름과 겹치지 않습니다."""
    import docker.errors

    api = connected.client.api
    token = given.token
    with engine.errors_of_engine():
        containers = api.containers(all=True, filters={"name": token})
        networks = api.networks(filters={"name": token})
        volumes = api.volumes(filters={"name": token})["Volumes"] or ()
        images = api.images()
        ours = (token, *(f"localhost:{port}/" for port in parameters.ports(given)))
        # By name, not by id: the learner may have given one of ours a name of their own, or a course image
        # one of ours.
        names = [name for each in images for name in _names(each) if any(part in name for part in ours)]
        nameless = [
            each["Id"]
            for each in images
            if (each.get("Labels") or {}).get(EXERCISE) == token and not _names(each)
        ]
        removals = [
            *((api.remove_container, each["Id"], each["Names"][0].lstrip("/")) for each in containers),
            *((api.remove_network, each["Id"], each["Name"]) for each in networks),
            *((api.remove_volume, each["Name"], each["Name"]) for each in volumes),
            *((api.remove_image, each, each) for each in (*names, *nameless)),
        ]
        removed = []
        for remove, identity, name in removals:
            forced = {api.remove_container: {"force": True, "v": True}, api.remove_image: {"force": True}}
            try:
                remove(identity, **forced.get(remove, {}))
                removed.append(name)
            except docker.errors.APIError as error:
                if error.status_code not in (404, 409):
                    raise  # 404: gone already; 409: the learner uses it elsewhere
    return tuple(removed)


def _names(image: dict[str, Any]) -> list[str]:
    """Tags, and names by digest of what was pulled so; older engines say "<none>" where there are none."""
    told = [*(image.get("RepoTags") or ()), *(image.get("RepoDigests") or ())]
    return [name for name in told if not name.startswith("<none>")]
