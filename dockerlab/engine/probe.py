"""주소 하나에 엔진이 정말 있는지, 말이 통하는지 알아봅니다."""

from __future__ import annotations

import http.client
import socket
import stat
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dockerlab.engine import wire
from dockerlab.engine.endpoint import Endpoint
from dockerlab.errors import (
    EngineNotAnswering,
    EngineNotFound,
    EnginePermissionDenied,
    EngineStopped,
    EngineTooNew,
    EngineTooOld,
)

GLANCE = 0.5  # seconds; a healthy engine needs less than a millisecond
LIMIT = 3.0  # seconds for one answer of a healthy engine; docker-py alone would wait 60
RESTART = "Docker 엔진을 다시 시작하십시오. (예: sudo systemctl restart docker)"


@dataclass(frozen=True)
class Greeting:
    """엔진의 자기소개입니다. ``api_version``은 양쪽이 모두 아는 가장 높은 API입니다."""

    version: str
    api_version: str
    newest_api: str
    oldest_api: str
    podman: bool


def greet(endpoint: Endpoint) -> Greeting:
    """엔진에 인사하고 API를 맞춥니다. 까닭마다 다른 :class:`EngineError`를 던집니다."""
    try:
        if endpoint.path is not None:
            knock(endpoint)
        ping = wire.ask(endpoint, "GET", "/_ping", limit=LIMIT)
        said = wire.ask(endpoint, "GET", "/version", limit=LIMIT)
    except TimeoutError as error:
        raise EngineNotAnswering(
            f"Docker 엔진이 {LIMIT:.0f}초 안에 답하지 않았습니다: {endpoint.url}",
            seen="소켓은 열리지만 답이 오지 않습니다.",
            todo=RESTART,
        ) from error
    except http.client.HTTPException as error:
        raise _not_an_engine(endpoint, f"{type(error).__name__}: {error}") from error
    except OSError as error:
        raise EngineStopped(
            f"Docker 엔진과 연결하지 못했습니다: {endpoint.url}", seen=str(error), todo=RESTART
        ) from error
    if not ping.good or not said.good or not isinstance(said.body, dict):
        seen = f"/_ping {ping.status}, /version {said.status}: {str(said.body)[:200]}"
        raise _not_an_engine(endpoint, seen)
    return _agreed(endpoint, said.body)


def knock(endpoint: Endpoint) -> None:
    """유닉스 소켓을 열어만 봅니다. 오류 번호가 까닭을 가장 정확히 말해 줍니다."""
    path = endpoint.path
    assert path is not None
    try:
        with closing(socket.socket(socket.AF_UNIX)) as tried:
            tried.settimeout(LIMIT)
            tried.connect(str(path))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise EngineNotFound(
            f"Docker 소켓이 없습니다: {path}",
            seen=endpoint.origin,
            todo="Docker를 설치하고 켜거나, 주소를 확인하십시오.",
        ) from error
    except PermissionError as error:
        raise EnginePermissionDenied(
            f"Docker 소켓을 열 권한이 없습니다: {path}",
            seen=_owner(endpoint),
            # Membership of that group is as good as root: the learner should know.
            todo="다음 명령을 실행하고(root와 같은 권한을 줍니다) 다시 로그인하십시오: "
            "sudo usermod -aG docker $USER",
        ) from error
    except ConnectionRefusedError as error:
        seen = "소켓에서 듣는 프로그램이 없습니다." if _is_socket(endpoint) else "소켓이 아닌 파일입니다."
        raise EngineStopped(f"Docker 엔진이 꺼져 있습니다: {path}", seen=seen, todo=RESTART) from error
    except BlockingIOError as error:  # the listener's queue is full
        raise TimeoutError(str(error)) from error
    except TimeoutError:
        raise
    except OSError as error:
        raise EngineNotFound(
            f"Docker 소켓을 열지 못했습니다: {path}", seen=str(error), todo="소켓의 경로를 확인하십시오."
        ) from error


def answers(path: Path) -> bool:
    """소켓의 엔진이 한마디라도 답하는지 봅니다. 느린 엔진은 답하는 것으로 칩니다.

    Opening it tells too little: for a moment the socket of an engine that has been killed still opens.
    """
    with closing(socket.socket(socket.AF_UNIX)) as tried:
        tried.settimeout(GLANCE)
        try:
            tried.connect(str(path))
            tried.sendall(b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n")
            return bool(tried.recv(1))
        except (TimeoutError, BlockingIOError):  # whoever waits for its answer says so in time
            return True
        except OSError:
            return False


def _agreed(endpoint: Endpoint, said: dict) -> Greeting:
    from docker.constants import DEFAULT_DOCKER_API_VERSION, MINIMUM_DOCKER_API_VERSION

    newest = str(said.get("ApiVersion") or "")
    oldest = str(said.get("MinAPIVersion") or newest)
    if not newest:
        raise _not_an_engine(endpoint, "/version에 ApiVersion이 없습니다.")
    version = str(said.get("Version") or "?")
    ours = f"{MINIMUM_DOCKER_API_VERSION}~{DEFAULT_DOCKER_API_VERSION}"
    seen = f"엔진 {version}의 API {oldest}~{newest}, 이 과정의 API {ours}"
    if _number(newest) < _number(MINIMUM_DOCKER_API_VERSION):
        raise EngineTooOld(
            f"Docker 엔진이 너무 오래되었습니다: {endpoint.url}",
            seen=seen,
            todo="Docker Engine을 새 버전으로 업그레이드하십시오.",
        )
    agreed = min(newest, DEFAULT_DOCKER_API_VERSION, key=_number)
    if _number(agreed) < _number(oldest):
        raise EngineTooNew(
            f"Docker 엔진이 이 과정이 아는 것보다 새로운 API만 받습니다: {endpoint.url}",
            seen=seen,
            todo="pip install --upgrade dockerlab-course docker로 과정을 업그레이드하십시오.",
        )
    parts = said.get("Components") or []
    podman = any("podman" in str(part.get("Name", "")).lower() for part in parts if isinstance(part, dict))
    return Greeting(version, agreed, newest, oldest, podman)


def _number(api: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in api.split("."))


def _not_an_engine(endpoint: Endpoint, seen: str) -> EngineNotAnswering:
    return EngineNotAnswering(
        f"Docker 엔진답지 않은 답이 왔습니다: {endpoint.url}",
        seen=seen,
        todo="주소를 확인하고, 맞다면 Docker 엔진을 다시 시작하십시오.",
    )


def _is_socket(endpoint: Endpoint) -> bool:
    assert endpoint.path is not None
    try:
        return stat.S_ISSOCK(endpoint.path.stat().st_mode)
    except OSError:
        return False


def _owner(endpoint: Endpoint) -> str:
    """소켓이 누구의 것인지, 나는 누구인지 말합니다."""
    import grp
    import os
    import pwd

    assert endpoint.path is not None

    def named(find: object, number: int) -> str:
        try:
            return find(number)[0]  # type: ignore[operator]
        except KeyError:
            return str(number)

    me = named(pwd.getpwuid, os.geteuid())
    try:
        found = endpoint.path.stat()
    except OSError:
        return f"지금 사용자({me})는 그 폴더에도 들어가지 못합니다."
    owner, group = named(pwd.getpwuid, found.st_uid), named(grp.getgrgid, found.st_gid)
    return f"소켓의 주인 {owner}, 그룹 {group}, 권한 {stat.filemode(found.st_mode)}; 지금 사용자 {me}"
