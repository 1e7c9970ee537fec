"""컨테이너보다 오래 사는 볼륨입니다."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from dockerlab import engine
from dockerlab.engine.objects import PLUGIN
from dockerlab.errors import InvalidRequest


class Volume:
    """볼륨 하나입니다. ``with``에 쓰면 나갈 때 지웁니다."""

    def __init__(self, api: Any, name: str, driver: str) -> None:
        self._api = api
        self.name = name
        self.driver = driver

    def __enter__(self) -> Volume:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def place(self) -> str:
        """엔진이 볼륨의 파일을 두는 폴더입니다. 엔진이 있는 곳의 경로입니다."""
        with engine.errors_of_engine():
            return self._api.inspect_volume(self.name)["Mountpoint"]

    def close(self) -> None:
        """볼륨을 지웁니다. 쓰는 컨테이너가 있으면 엔진이 거절합니다."""
        import docker.errors

        with engine.errors_of_engine():
            try:
                self._api.remove_volume(self.name)
            except docker.errors.NotFound:
                pass  # closed before


def volume(driver: str = "local", options: Mapping[str, str] | None = None) -> Volume:
    """볼륨을 만듭니다. ``start(..., volumes={"/data": 이것})``으로 컨테이너에 붙입니다.

    ``driver``가 플러그인이면 ``options``는 플러그인이 알아듣는 것들입니다. ``local``의 것은 받지 않습니다.
    이 컴퓨터의 폴더를 볼륨으로 삼을 수 있기 때문입니다. 이 프로세스가 어떻게 끝나든 남지 않습니다.
    """
    if options and driver == "local":
        raise InvalidRequest(
            "local 볼륨에는 선택 항목을 쓰지 않습니다. 이 컴퓨터의 다른 폴더에 닿을 수 있습니다.",
            seen=repr(dict(options)),
            todo="options를 빼십시오.",
        )
    if driver != "local" and not driver.startswith(PLUGIN):
        raise InvalidRequest(
            f"과정의 것이 아닌 볼륨 드라이버입니다: {driver!r}. 이 컴퓨터 밖의 저장소에 닿을 수 있습니다.",
            todo="driver를 빼거나 lab.runtimes.volume_plugin()의 이름을 쓰십시오.",
        )
    api = engine.connect().client.api
    name = f"dockerlab-{uuid.uuid4().hex[:12]}"
    with engine.errors_of_engine():
        api.create_volume(name, driver, dict(options or {}), labels=engine.labels(kind="volume"))
    return Volume(api, name, driver)


def named(volumes: Mapping[str, Volume] | None) -> dict[str, str]:
    """붙일 볼륨들의 이름입니다. 이 컴퓨터의 경로처럼 볼륨이 아닌 것은 받지 않습니다."""
    for volume in dict(volumes or {}).values():
        if not isinstance(volume, Volume):
            raise InvalidRequest(
                f"볼륨이 아닙니다: {volume!r}. 이 컴퓨터의 폴더는 컨테이너에 넣지 않습니다.",
                todo="lab.volume()으로 만든 것을 쓰십시오. 파일을 넣으려면 files={'/경로': 내용}입니다.",
            )
    return {path: volume.name for path, volume in (volumes or {}).items()}
