"""엔진과 HTTP로 한 마디씩 주고받습니다. 표준 라이브러리만 씁니다.

The search, the watcher and the sweep speak through this: they need a handful of plain requests, a time
limit on the whole answer (requests only limits single reads, so a slow drip never ends) and, in the
watcher, a process a third the size of one with docker-py. Lessons use docker-py.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from dockerlab.engine.endpoint import Endpoint

PIECE = 2**17
_TAR_END = 1024  # bytes; two empty blocks
LONGEST_ANSWER = 64 * 2**20  # bytes; a list of every container of a busy machine is far below


@dataclass(frozen=True)
class Answer:
    """엔진의 답입니다. ``body``는 JSON이면 읽은 값, 아니면 글입니다."""

    status: int
    body: Any

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(self._path)
        except FileNotFoundError as error:  # an engine that ended took its socket with it
            raise ConnectionRefusedError(f"{self._path}: {error.strerror}") from error


def ask(
    endpoint: Endpoint, method: str, path: str, *, query: dict[str, str] | None = None, limit: float = 10.0
) -> Answer:
    """요청 하나를 보내고 답을 받습니다. ``limit``은 답을 다 받을 때까지의 초입니다.

    ``OSError``와 ``http.client.HTTPException``을 그대로 던집니다. 시간을 넘기면 ``TimeoutError``입니다.
    """
    target = quote(path) + (f"?{urlencode(query)}" if query else "")
    connection = _plain_connection(endpoint, limit)
    if connection is None:
        return _ask_by_docker_py(endpoint, method, target, limit)
    return _exchange(connection, method, target, limit)


def tar_stream(endpoint: Endpoint, path: str, *, limit: float) -> Iterator[bytes] | None:
    """tar로 오는 답을 조각으로 받습니다. ``limit``은 조각 하나를 기다리는 초입니다.

    docker-py로 받아야 하는 주소이거나 엔진이 거절하면 ``None``입니다. 도중에 끊기면 ``OSError``를 던집니다.
    """
    connection = _plain_connection(endpoint, limit)
    if connection is None:
        return None
    with ExitStack() as opened:
        opened.enter_context(closing(connection))
        connection.connect()
        # To HTTP/1.0 an engine sends the bytes as they are. Else they come in chunks of 32 KiB, and taking
        # those apart costs more than all the rest of receiving them.
        connection.sock.sendall(f"GET {quote(path)} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        answer = opened.enter_context(closing(http.client.HTTPResponse(connection.sock)))
        answer.begin()
        return _tar_pieces(answer, opened.pop_all()) if answer.status == 200 else None


def _tar_pieces(answer: http.client.HTTPResponse, opened: ExitStack) -> Iterator[bytes]:
    end = b""
    with opened:
        while piece := answer.read(PIECE):
            yield piece
            end = (end + piece[-_TAR_END:])[-_TAR_END:]
    # HTTP/1.0 does not say where an answer ends, but a tar does.
    if end.strip(b"\0") or len(end) < _TAR_END:
        raise ConnectionResetError("the answer ended before the end of its tar")


def _plain_connection(endpoint: Endpoint, limit: float) -> http.client.HTTPConnection | None:
    if endpoint.path is not None:
        return _UnixConnection(str(endpoint.path), limit)
    parts = urlsplit(endpoint.url)
    if parts.scheme in ("tcp", "http") and endpoint.certificates is None:
        return http.client.HTTPConnection(parts.hostname or "", parts.port or 2375, timeout=limit)
    return None


def _exchange(connection: http.client.HTTPConnection, method: str, target: str, limit: float) -> Answer:
    late = threading.Event()

    def give_up() -> None:
        late.set()
        waiting = connection.sock
        # It may be closed at this very moment: an error here would reach the learner's screen.
        with suppress(OSError):
            if waiting is not None:
                # Closing would not wake a blocked read; shutting down does.
                waiting.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(limit, give_up)
    timer.daemon = True
    with closing(connection):
        timer.start()
        try:
            connection.request(method, target)
            response = connection.getresponse()
            raw = response.read(LONGEST_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            if late.is_set():
                raise TimeoutError(f"no whole answer within {limit} s") from error
            raise
        finally:
            timer.cancel()
        if late.is_set():
            raise TimeoutError(f"no whole answer within {limit} s")
    return Answer(response.status, _read(raw))


def _ask_by_docker_py(endpoint: Endpoint, method: str, target: str, limit: float) -> Answer:
    # TLS, SSH and named pipes: docker-py knows them all.
    import docker
    import requests

    try:
        client = docker.APIClient(
            base_url=endpoint.url,
            version="1.41",  # named, so that nothing is asked before our own request
            timeout=limit,
            tls=tls(endpoint.certificates),
            use_ssh_client=True,
        )
        with closing(client):
            response = client.request(method, client.base_url + target, timeout=limit)
            return Answer(response.status_code, _read(response.content))
    except requests.Timeout as error:
        raise TimeoutError(str(error)) from error
    except (requests.RequestException, docker.errors.DockerException) as error:
        raise ConnectionError(str(error)) from error


def tls(certificates: str | None) -> Any:
    """인증서 폴더를 docker-py가 쓰는 모양으로 바꿉니다."""
    if certificates is None:
        return False
    import docker.tls

    def file(name: str) -> str:
        return f"{certificates}/{name}.pem"

    return docker.tls.TLSConfig(client_cert=(file("cert"), file("key")), ca_cert=file("ca"), verify=True)


def _read(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode(errors="replace").strip()
