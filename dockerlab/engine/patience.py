"""답을 기다리는 동안 엔진이 살아 있는지 확인하는 연결입니다. 멈춘 엔진을 몇 초 안에 알아챕니다.

A long silence is normal while a container runs, so a short time limit on reads is no answer, and the
usual one (a minute) is far too long for a learner. Instead, whoever waits asks on a second connection
whether the engine still answers at all. Reads that wait without limit (an attached stream) are left alone.
"""

from __future__ import annotations

import http.client
import select
import socket
import time
from typing import Any

from docker.transport.unixconn import UnixHTTPAdapter, UnixHTTPConnection, UnixHTTPConnectionPool

from dockerlab.engine.endpoint import Endpoint
from dockerlab.engine.wire import ask

QUIET = 1.0  # seconds of silence before the first question
LIMIT = 2.5  # seconds for the answer; a healthy engine needs a millisecond
# What is asked right after a question went unanswered (removing the container, say) fails sooner.
LIMIT_AGAIN = 0.5
AGAIN = 10.0


class EngineSilent(TimeoutError):
    """엔진이 다른 연결의 물음에도 답하지 않습니다."""


class Pulse:
    """엔진 하나의 맥박입니다. 마지막으로 답이 없었던 때를 기억합니다."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._missed = -AGAIN

    def check(self) -> None:
        """엔진에 인사합니다. 제때 답하지 않으면 :class:`EngineSilent`입니다."""
        try:
            ask(self._endpoint, "GET", "/_ping", limit=self._patience(LIMIT))
        except TimeoutError as error:
            self._missed = time.monotonic()
            raise EngineSilent(f"no answer to /_ping within {LIMIT} s") from error
        except (OSError, http.client.HTTPException):
            pass  # it has gone: the connection that is being waited on says so best
        else:
            self._missed = -AGAIN

    def quiet(self) -> float:
        """다음에 인사하기까지 기다릴 초입니다."""
        return self._patience(QUIET)

    def _patience(self, usual: float) -> float:
        again = time.monotonic() - self._missed < AGAIN
        return min(usual, LIMIT_AGAIN) if again else usual


class _Socket(socket.socket):
    """A socket that asks for the engine's pulse while it waits for bytes."""

    pulse: Pulse

    def recv_into(self, *arguments: Any) -> int:
        limit = self.gettimeout()
        if limit:
            waiting = select.poll()
            waiting.register(self, select.POLLIN)
            end = time.monotonic() + limit
            while (left := end - time.monotonic()) > 0:
                quiet = self.pulse.quiet()
                if waiting.poll(min(left, quiet) * 1000):
                    break
                if left > quiet:
                    self.pulse.check()
            else:
                raise TimeoutError("timed out")
        return super().recv_into(*arguments)


class _Connection(UnixHTTPConnection):
    pulse: Pulse

    def connect(self) -> None:
        self.sock = _Socket(socket.AF_UNIX)
        self.sock.pulse = self.pulse
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.unix_socket)


class _Pool(UnixHTTPConnectionPool):
    pulse: Pulse

    def _new_conn(self) -> _Connection:
        connection = _Connection(self.base_url, self.socket_path, self.timeout)
        connection.pulse = self.pulse
        return connection


class Adapter(UnixHTTPAdapter):
    """docker-py의 유닉스 소켓 연결에 맥박을 더한 것입니다."""

    def __init__(self, endpoint: Endpoint, **options: Any) -> None:
        super().__init__(f"http+unix://{endpoint.path}", **options)
        self._pulse = Pulse(endpoint)

    def get_connection(self, url: str, proxies: Any = None) -> _Pool:
        with self.pools.lock:
            pool = self.pools.get(url)
            if pool is None:
                pool = _Pool(url, self.socket_path, self.timeout, maxsize=self.max_pool_size)
                pool.pulse = self._pulse
                self.pools[url] = pool
        return pool
