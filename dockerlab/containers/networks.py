"""컨테이너들이 서로를 이름으로 찾는 네트워크입니다."""

from __future__ import annotations

import uuid
from typing import Any

from dockerlab import engine
from dockerlab.engine import belongings
from dockerlab.engine.objects import SESSION
from dockerlab.errors import Refused


class Network:
    """사용자 정의 네트워크 하나입니다. ``with``에 쓰면 나갈 때 지웁니다."""

    def __init__(self, api: Any, name: str, identity: str) -> None:
        self._api = api
        self.name = name
        self.id = identity

    def __enter__(self) -> Network:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def subnet(self) -> str:
        """이 네트워크의 주소 범위입니다(예: ``172.18.0.0/16``)."""
        with engine.errors_of_engine():
            told = self._api.inspect_network(self.id)["IPAM"]["Config"]
        return told[0]["Subnet"]

    @property
    def addresses(self) -> dict[str, str]:
        """붙어 있는 컨테이너마다 그 주소입니다(컨테이너의 id: IPv4 주소)."""
        with engine.errors_of_engine():
            told = self._api.inspect_network(self.id)["Containers"]
        return {container: each["IPv4Address"].partition("/")[0] for container, each in told.items()}

    def close(self) -> None:
        """네트워크를 지웁니다. 붙어 있는 컨테이너가 있으면 엔진이 거절합니다."""
        import docker.errors

        with engine.errors_of_engine():
            try:
                self._api.remove_network(self.id)
            except docker.errors.NotFound:
                pass  # closed before


def network(*, internal: bool = False) -> Network:
    """네트워크를 만듭니다(bridge). ``internal``이면 바깥 네트워크로 나가지 못합니다.

    컨테이너를 ``start(..., network=이것, alias="web")``으로 시작하면 같은 네트워크에서 그 이름으로 찾을 수
    있습니다. 이 프로세스가 어떻게 끝나든 남지 않습니다.
    """
    api = engine.connect().client.api
    name = f"dockerlab-{uuid.uuid4().hex[:12]}"
    with engine.errors_of_engine():
        made = api.create_network(
            name, driver="bridge", internal=internal, labels=engine.labels(kind="network")
        )
    return Network(api, name, made["Id"])


def check_joinable(connected: engine.Engine, name: str | None) -> None:
    """과정이 만들지 않은 네트워크이면 ``Refused``입니다. 그 안의 것들과 서로 닿게 되기 때문입니다."""
    if name in (None, "none", "bridge", "default"):
        return
    with engine.errors_of_engine():
        other = belongings.foreign(connected.endpoint, "network", name)
    if other is not None:
        raise Refused(
            f"과정이 만들지 않은 네트워크에는 붙이지 않습니다: {name}",
            seen=f"없는 라벨: {SESSION}",
            todo="network=lab.network()로 만든 것을 쓰십시오.",
        )
