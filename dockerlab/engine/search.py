"""쓸 수 있는 엔진을 정해진 순서로 찾습니다: 이름을 댄 것, 이 컴퓨터에 있는 것, 내장 엔진."""

from __future__ import annotations

import glob
import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn

from dockerlab.engine import rungs
from dockerlab.engine.context import ContextUnreadable, current_context
from dockerlab.engine.endpoint import Endpoint
from dockerlab.engine.probe import Greeting, greet
from dockerlab.errors import (
    DockerlabError,
    EngineNotFound,
    RemoteEngineRefused,
    UsageMistake,
)
from dockerlab.progress import Report, silent

EMBEDDED = "내장 엔진"
SYSTEM_SOCKETS = (("system", "/var/run/docker.sock"), ("podman", "/run/podman/podman.sock"))


@dataclass(frozen=True)
class Attempt:
    """찾으면서 가 본 곳 하나입니다. ``error``가 ``None``이면 그곳의 엔진을 골랐습니다."""

    origin: str
    url: str
    error: DockerlabError | None = None


@dataclass(frozen=True)
class Discovery:
    """찾은 엔진과, 찾기까지 가 본 곳들입니다. 찾지 못했으면 ``failure``에 던질 오류가 있습니다."""

    attempts: tuple[Attempt, ...]
    endpoint: Endpoint | None = None
    greeting: Greeting | None = None
    failure: DockerlabError | None = None


def find(report: Report = silent) -> Endpoint:
    """쓸 수 있는 엔진의 주소를 찾습니다.

    ``DOCKER_HOST``, docker 명령의 컨텍스트, 기본 소켓들, 내장 엔진의 순서로 봅니다. 환경 변수
    ``DOCKERLAB_ENGINE``이 ``embedded``면 내장 엔진만, ``system``이면 내장 엔진 없이 찾습니다. 내장 엔진을
    띄우는 방법의 이름(``root``, ``rootless``, ``uml``, ``qemu``)이면 그 방법만 씁니다.

    Raises:
        EngineNotFound: 아무 데도 없을 때. 가 본 곳과 까닭을 모두 말합니다.
        RemoteEngineRefused: 다른 컴퓨터의 엔진이 정해져 있고 허락하지 않았을 때.
    """
    found = discover(report)
    if found.endpoint is None:
        assert found.failure is not None
        raise found.failure
    return found.endpoint


def discover(report: Report = silent, *, download: bool = True) -> Discovery:
    """:func:`find`처럼 찾되 던지지 않고, 가 본 곳을 모두 돌려줍니다.

    ``download``가 거짓이면 내장 엔진 때문에 엔진 묶음을 내려받지 않습니다.
    """
    wanted = os.environ.get("DOCKERLAB_ENGINE") or "auto"
    if wanted not in ("auto", "embedded", "system", *rungs.NAMES):
        mistake = UsageMistake(
            "DOCKERLAB_ENGINE의 값을 알 수 없습니다.",
            seen=f"DOCKERLAB_ENGINE={wanted}",
            todo="embedded(내장 엔진만), system(내장 엔진 없이), auto 가운데 하나로 정하십시오. "
            f"내장 엔진을 띄우는 방법({', '.join(rungs.NAMES)})을 정해도 됩니다.",
        )
        return Discovery((), failure=mistake)
    attempts: list[Attempt] = []
    for candidate in _candidates(wanted, report, download):
        try:
            endpoint = candidate.open()
            greeting = greet(endpoint)
        except DockerlabError as error:
            attempts.append(Attempt(candidate.origin, candidate.url, error))
            if candidate.named or isinstance(error, RemoteEngineRefused):
                # What the learner named is never replaced behind their back.
                return Discovery(tuple(attempts), failure=error)
        else:
            attempts.append(Attempt(endpoint.origin, endpoint.url))
            return Discovery(tuple(attempts), endpoint, greeting)
    return Discovery(tuple(attempts), failure=_failure(attempts))


@dataclass(frozen=True)
class _Candidate:
    origin: str
    url: str
    open: Callable[[], Endpoint]
    named: bool = False  # by the learner, for this very process


def _candidates(wanted: str, report: Report, download: bool) -> Iterator[_Candidate]:
    if wanted in ("auto", "system"):
        if os.environ.get("DOCKER_HOST"):
            host = os.environ["DOCKER_HOST"]
            yield _Candidate("환경 변수 DOCKER_HOST", host, _from_environment, named=True)
            return
        yield from _from_context()
        seen: set[str] = set()
        for kind, path in _default_sockets():
            real = os.path.realpath(path)
            if real not in seen:
                seen.add(real)
                endpoint = Endpoint(f"unix://{path}", _kind_of(real, kind), "기본 소켓")
                yield _Candidate(endpoint.origin, endpoint.url, partial(_permitted, endpoint))
    if wanted != "system":
        for name in [wanted] if wanted in rungs.NAMES else rungs.NAMES:
            yield _Candidate(_title(name), "", partial(_embedded, name, report, download))


def _from_environment() -> Endpoint:
    host = os.environ["DOCKER_HOST"]
    verify = os.environ.get("DOCKER_TLS_VERIFY")
    folder = os.environ.get("DOCKER_CERT_PATH") or str(Path.home() / ".docker")
    endpoint = Endpoint(host, "env", "환경 변수 DOCKER_HOST", folder if verify else None)
    if not endpoint.readable:
        raise EngineNotFound(
            "DOCKER_HOST의 주소를 읽을 수 없습니다.",
            seen=f"DOCKER_HOST={host}",
            todo="unix:///경로/docker.sock 모양으로 적거나 unset DOCKER_HOST로 지우십시오.",
        )
    return _permitted(endpoint)


def _from_context() -> Iterator[_Candidate]:
    named = bool(os.environ.get("DOCKER_CONTEXT"))
    try:
        context = current_context()
        if context is None:
            return
        if not context.readable:
            raise ContextUnreadable(f"{context.origin}의 주소를 읽을 수 없습니다: {context.url}")
    except ContextUnreadable as error:
        unreadable = EngineNotFound(
            str(error), todo="docker context use default로 기본 컨텍스트를 쓰거나 설정 파일을 고치십시오."
        )
        yield _Candidate("docker context", "", partial(_raise, unreadable), named)
    else:
        yield _Candidate(context.origin, context.url, partial(_permitted, context), named)


def _raise(error: DockerlabError) -> NoReturn:
    raise error


def _permitted(endpoint: Endpoint) -> Endpoint:
    """다른 컴퓨터의 엔진이면 이름을 대고 허락했을 때만 돌려줍니다."""
    allowed = os.environ.get("DOCKERLAB_ALLOW_REMOTE", "")
    if not endpoint.remote or allowed in ("1", endpoint.url):
        return endpoint
    away = "unset DOCKER_HOST" if endpoint.kind == "env" else "docker context use default"
    raise RemoteEngineRefused(
        "다른 컴퓨터의 Docker 엔진이 정해져 있어 쓰지 않았습니다.",
        seen=f"{endpoint.origin}: {endpoint.url}",
        todo=f"이 컴퓨터의 엔진을 쓰려면 {away}, 정말 그 엔진을 쓰려면 DOCKERLAB_ALLOW_REMOTE={endpoint.url}",
    )


def _default_sockets() -> Iterator[tuple[str, str]]:
    home = Path.home()
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    yield from SYSTEM_SOCKETS
    yield "rootless", f"{runtime}/docker.sock"
    yield "docker-desktop", f"{home}/.docker/run/docker.sock"
    yield "docker-desktop", f"{home}/.docker/desktop/docker.sock"
    yield "colima", f"{home}/.colima/default/docker.sock"
    for path in sorted(glob.glob(f"{glob.escape(str(home))}/.colima/*/docker.sock")):
        yield "colima", path
    yield "rancher-desktop", f"{home}/.rd/docker.sock"
    yield "podman", f"{runtime}/podman/podman.sock"
    if platform.system() == "Darwin":
        yield "podman", f"{home}/.local/share/containers/podman/machine/podman.sock"
        for path in sorted(glob.glob(f"{os.environ.get('TMPDIR', '/tmp')}/podman/*-api.sock")):
            yield "podman", path


def _kind_of(real: str, kind: str) -> str:
    """기본 자리의 소켓이 다른 제품으로 이어진 링크면 그 제품입니다."""
    for part, product in (
        ("/.docker/", "docker-desktop"),
        ("/.colima/", "colima"),
        ("/.rd/", "rancher-desktop"),
        ("podman", "podman"),
    ):
        if part in real:
            return product
    return kind


def _title(rung: str) -> str:
    return f"{EMBEDDED}({rungs.rung(rung).TITLE})"


def _embedded(rung: str, report: Report, download: bool) -> Endpoint:
    from dockerlab.engine import embedded

    why_not = embedded.impossible(rung)
    if why_not:
        raise EngineNotFound(why_not)
    if not download and not embedded.running(rung) and not embedded.prepared(rung):
        raise EngineNotFound("엔진 묶음을 아직 내려받지 않았습니다.", todo="dockerlab setup")
    return Endpoint(embedded.ensure(report, rung), "embedded", _title(rung))


def _failure(attempts: list[Attempt]) -> DockerlabError:
    """가 본 곳을 모두 말하는 오류입니다. 없는 것보다 고장 난 것이 학습자에게 더 쓸모 있는 소식입니다."""
    absent = [one for one in attempts if isinstance(one.error, EngineNotFound) and one.url]
    telling = [(one, one.error) for one in attempts if one not in absent and one.error]
    lines = [f"{one.origin} {one.url}".strip() + f": {error.what}" for one, error in telling]
    if absent:
        lines.append("소켓이 없는 곳: " + ", ".join(one.url.removeprefix("unix://") for one in absent))
    seen = " / ".join(lines)
    for _, error in telling:
        if not isinstance(error, EngineNotFound):
            return type(error)(error.what, seen=" / ".join(filter(None, (error.seen, seen))), todo=error.todo)
    embedded = (error.todo for one, error in telling if one.origin.startswith(EMBEDDED))
    todo = next(filter(None, embedded), _install())
    return EngineNotFound("쓸 수 있는 Docker 엔진을 찾지 못했습니다.", seen=seen, todo=todo)


def _install() -> str:
    if platform.system() == "Linux":
        return "Docker Engine을 설치하고 켜거나(예: sudo apt-get install docker.io), root로 실행하십시오."
    return "Docker Desktop, Colima, Rancher Desktop 가운데 하나를 켜십시오."
