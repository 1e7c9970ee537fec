"""찾은 엔진에 연결하고, 이 프로세스가 사는 동안 그 연결을 함께 씁니다."""

from __future__ import annotations

import http.client
import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dockerlab.engine import leftovers, session
from dockerlab.engine.endpoint import Endpoint
from dockerlab.engine.probe import Greeting, answers
from dockerlab.engine.search import discover
from dockerlab.engine.translation import errors_of_engine
from dockerlab.engine.wire import ask, tls
from dockerlab.progress import Report, silent

if TYPE_CHECKING:
    import docker

CHOICES = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKERLAB_ENGINE", "DOCKERLAB_HOME")
PATIENCE = 60.0  # seconds; a create on a busy disk takes its time, a dead engine is noticed sooner
# More idle connections than this would be closed with a warning on the learner's screen.
# docker-py makes a pool for every path, and fills it: not more than needed.
POOL = 24


@dataclass(frozen=True)
class Engine:
    """연결된 엔진입니다.

    ``client``는 docker-py의 클라이언트, ``info``는 엔진이 ``/info``로 알려 준 값입니다.
    ``kind``는 :class:`Endpoint`의 것이지만, 답한 쪽이 Podman이면 ``podman``입니다(실험적 지원).
    """

    client: docker.DockerClient
    endpoint: Endpoint
    kind: str
    version: str
    api_version: str
    info: dict[str, Any]


_lock = threading.RLock()
_connected: tuple[tuple[object, ...], Engine] | None = None  # what the choice depended on, and the choice


def connect(report: Report = silent) -> Engine:
    """쓸 수 있는 엔진을 찾아 연결합니다. 두 번째부터는 같은 연결을 돌려줍니다.

    엔진이 그사이 죽었으면 다시 찾습니다(내장 엔진은 다시 시작됩니다). 처음 연결할 때 지난번에 남은 것을
    치웁니다. :class:`EngineError`를 던집니다.
    """
    global _connected
    with _lock:
        situation = (os.getpid(), *map(os.environ.get, CHOICES))
        if _connected is not None:
            before, engine = _connected
            if before == situation and (engine.endpoint.path is None or answers(engine.endpoint.path)):
                return engine
            if before[0] == os.getpid():  # a forked child must not close its parent's connections
                engine.client.close()
            _connected = None
        engine = _open(report)
        session.use_engine(engine.endpoint)
        leftovers.sweep_once(engine.endpoint)
        _connected = (situation, engine)
        return engine


def connected() -> Engine | None:
    """이 프로세스가 이미 연결한 엔진입니다. 없으면 ``None``이고, 연결을 시작하지 않습니다."""
    return _connected[1] if _connected is not None and _connected[0][0] == os.getpid() else None


def image_names_if_connected() -> tuple[str, ...]:
    """이미 연결된 엔진에 있는 이미지의 이름들입니다. 연결이 없으면 비어 있고, 연결을 시작하지도 않습니다."""
    engine = connected()
    if engine is None:
        return ()
    try:
        listed = ask(engine.endpoint, "GET", "/images/json", limit=1.0)
    except (OSError, http.client.HTTPException):
        return ()
    names = (name for image in listed.body for name in image.get("RepoTags") or ()) if listed.good else ()
    return tuple(sorted(name for name in names if name != "<none>:<none>"))


def _open(report: Report) -> Engine:
    found = discover(report)
    if found.endpoint is None or found.greeting is None:
        assert found.failure is not None
        raise found.failure
    return _client(found.endpoint, found.greeting)


def _client(endpoint: Endpoint, greeting: Greeting) -> Engine:
    import docker

    from dockerlab.engine.patience import Adapter

    with errors_of_engine():
        client = docker.DockerClient(
            base_url=endpoint.url,
            version=greeting.api_version,
            timeout=PATIENCE,
            max_pool_size=POOL,
            tls=tls(endpoint.certificates),
            use_ssh_client=endpoint.url.startswith("ssh://"),
        )
        if endpoint.path is not None:
            client.api.mount("http+docker://", Adapter(endpoint, timeout=PATIENCE, max_pool_size=POOL))
        return Engine(
            client=client,
            endpoint=endpoint,
            kind="podman" if greeting.podman else endpoint.kind,
            version=greeting.version,
            api_version=greeting.api_version,
            info=client.info(),
        )


def _forget_after_fork() -> None:
    global _lock
    _lock = threading.RLock()


os.register_at_fork(after_in_child=_forget_after_fork)
