"""엔진의 소켓 앞에 선 문지기입니다. 요청마다 규칙(policy)에 비추어 보고, 통과한 것만 엔진에 전합니다.

Requests are parsed and written anew with h11, one engine connection each: nothing that was not looked at
reaches the engine, and no second request can hide behind the first. Only after the engine has answered 101
(a hijacked stream) do bytes pass unread.
"""

from __future__ import annotations

import json
import re
import select
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

import h11

from dockerlab.engine import Endpoint
from dockerlab.grading import dockerfiles
from dockerlab.grading.desk import Desk
from dockerlab.grading.policy import Refused, Request, Rule, rule_for

_CHUNK = 64 * 1024
_LONGEST_JSON = 2**20
_LONGEST_BODY = 64 * 2**20
_MOST_CONNECTIONS = 64
_PASSED_ON = {b"content-type", b"content-length", b"transfer-encoding"}
_LAYER = re.compile(rb"---\\u003e ([0-9a-f]{12})")
Answerer = Callable[[str, dict[str, Any]], tuple[int, dict[str, Any]]]


class Guard:
    """문지기 하나입니다. ``with``에서 나오면 듣기를 그만두고 남은 연결을 끊습니다.

    ``answer``는 엔진이 아니라 채점기에 하는 말(``/exercise/…``, ``/check/…``)에 답하는 함수입니다.
    """

    def __init__(self, path: Path, endpoint: Endpoint, desk: Desk, answer: Answerer) -> None:
        self._path, self._endpoint, self._desk, self._answer = path, endpoint, desk, answer
        self._seats = threading.BoundedSemaphore(_MOST_CONNECTIONS)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listening = socket.socket(socket.AF_UNIX)

    def __enter__(self) -> Guard:
        self._listening.bind(str(self._path))
        self._path.chmod(0o666)  # the folder decides who gets here
        self._listening.listen(_MOST_CONNECTIONS)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        with self._lock:
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if not self._seats.acquire(blocking=False):
                client.close()
                continue
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with self._lock:
            self._open.add(client)
        try:
            with closing(client):
                Conversation(client, self._endpoint, self._desk, self._answer).hold()
        except (OSError, h11.ProtocolError):
            pass  # it hung up, or speaks no HTTP
        finally:
            with self._lock:
                self._open.discard(client)
            self._seats.release()


class Conversation:
    """연결 하나에서 오가는 말입니다."""

    def __init__(self, client: socket.socket, endpoint: Endpoint, desk: Desk, answer: Answerer) -> None:
        self._client, self._endpoint, self._desk, self._answer = client, endpoint, desk, answer
        self._near = h11.Connection(h11.SERVER, max_incomplete_event_size=64 * 1024)

    def hold(self) -> None:
        """연결이 끝날 때까지 요청을 하나씩 받습니다."""
        while True:
            event = self._next(self._near, self._client)
            if not isinstance(event, h11.Request):
                return
            try:
                self._one(event)
            except Refused as refused:
                self._say(refused.status, {"message": str(refused)})
            except (TypeError, ValueError, AttributeError, KeyError) as error:
                # A body that is JSON but not what the engine's API says it should be.
                self._say(400, {"message": f"모양이 올바르지 않은 요청입니다({type(error).__name__})."})
            if self._near.our_state is not h11.DONE or self._near.their_state is not h11.DONE:
                return
            self._near.start_next_cycle()

    def _one(self, event: h11.Request) -> None:
        method = event.method.decode("ascii")
        path, _, query = event.target.decode("ascii").partition("?")
        path = unquote(path, errors="strict")
        if path.startswith(("/exercise/", "/check/")) and method == "POST":
            status, said = self._answer(path, self._json())
            self._say(status, said)
            return
        rule, plain, name = rule_for(method, path)
        request = Request(method, plain, _query(query))
        if rule.kind:
            self._desk.allowed(rule.kind, name)
        if rule.json:
            request.body = self._json()
        if rule.change is not None:
            rule.change(request, self._desk)
        if rule.reply is not None:
            self._say(200, rule.reply(request, self._desk))
            return
        self._forward(event, request, rule)

    def _forward(self, event: h11.Request, request: Request, rule: Rule) -> None:
        headers = [(key, value) for key, value in event.headers if key in _PASSED_ON and not rule.json]
        body = json.dumps(request.body).encode() if rule.json else None
        if body is not None:
            headers.append((b"content-length", str(len(body)).encode()))
        # A form's fields would override the query.
        headers = [each for each in headers if each[0] != b"content-type"]
        headers.append(
            (b"content-type", b"application/x-tar" if request.path == "/build" else b"application/json")
        )
        wanted = dict(event.headers)
        if request.path.endswith("/push"):
            headers.append((b"x-registry-auth", b"e30="))  # {}: the learner's login stays outside
        upgrade = request.path.endswith(("/attach", "/start")) and b"upgrade" in wanted
        headers += (
            [(b"connection", b"Upgrade"), (b"upgrade", b"tcp")] if upgrade else [(b"connection", b"close")]
        )
        parts = self._body()
        if request.path == "/build":
            parts = iter(partial(self._context(request).read, _CHUNK), b"")
        target = quote(request.path, safe="/:@") + (
            "?" + urlencode(request.query, doseq=True) if request.query else ""
        )
        far = h11.Connection(h11.CLIENT)
        with closing(_dial(self._endpoint)) as engine:
            sent = h11.Request(method=request.method, target=target, headers=[(b"host", b"docker"), *headers])
            if body is not None:
                whole = (sent, h11.Data(data=body), h11.EndOfMessage())
                engine.sendall(b"".join(far.send(part) or b"" for part in whole))
            else:
                engine.sendall(far.send(sent))
                for part in parts:
                    engine.sendall(far.send(h11.Data(data=part)))
                # The engine may have answered and gone by now: an empty send would break.
                if ending := far.send(h11.EndOfMessage()):
                    engine.sendall(ending)
            self._carry_answer(far, engine, request)

    def _body(self) -> Iterator[bytes]:
        total = 0
        while isinstance(event := self._next(self._near, self._client), h11.Data):
            total += len(event.data)
            if total > _LONGEST_BODY:
                raise ConnectionAbortedError("too long")
            yield bytes(event.data)

    def _context(self, request: Request) -> IO[bytes]:
        """The context of a build, looked at as a whole before the engine gets any of it."""
        kept = tempfile.TemporaryFile()  # noqa: SIM115 (closed when it has been sent)
        kept.writelines(self._body())
        kept.seek(0)
        dockerfiles.inspect(kept, request.query, self._desk.base)
        kept.seek(0)
        return kept

    def _carry_answer(self, far: h11.Connection, engine: socket.socket, request: Request) -> None:
        tail = b""
        while True:
            event = self._next(far, engine)
            if isinstance(event, h11.InformationalResponse):
                if event.status_code == 101:
                    answer = h11.InformationalResponse(
                        status_code=101, headers=event.headers, reason=event.reason
                    )
                    self._client.sendall(self._near.send(answer))
                    self._pump(engine, far.trailing_data[0], self._near.trailing_data[0])
                    return
            elif isinstance(event, h11.Response):
                kept = [each for each in event.headers if each[0] not in (b"connection", b"keep-alive")]
                self._client.sendall(
                    self._near.send(
                        h11.Response(status_code=event.status_code, headers=kept, reason=event.reason)
                    )
                )
            elif isinstance(event, h11.Data):
                if request.path == "/build":
                    found = _LAYER.findall(tail + event.data)
                    self._desk.layers.update(each.decode() for each in found)
                    tail = bytes(event.data[-32:])
                self._client.sendall(self._near.send(event))
            elif isinstance(event, h11.EndOfMessage):
                if ending := self._near.send(event):
                    self._client.sendall(ending)
                return
            else:
                raise ConnectionAbortedError("the engine hung up")

    def _pump(self, engine: socket.socket, from_engine: bytes, from_client: bytes) -> None:
        """Both directions of a hijacked stream, until the engine ends it."""
        self._client.sendall(from_engine)
        engine.sendall(from_client)
        ends = {engine: self._client, self._client: engine}
        open_ends = set(ends)
        while engine in open_ends:
            for ready in select.select(list(open_ends), [], [])[0]:
                data = ready.recv(_CHUNK)
                if data:
                    ends[ready].sendall(data)
                else:
                    open_ends.discard(ready)
                    with suppress(OSError):
                        ends[ready].shutdown(socket.SHUT_WR)

    def _json(self) -> dict[str, Any]:
        content = bytearray()
        while isinstance(event := self._next(self._near, self._client), h11.Data):
            content += event.data
            if len(content) > _LONGEST_JSON:
                raise ConnectionAbortedError("too long")
        try:
            found = json.loads(content.decode()) if content.strip() else {}
        except (ValueError, RecursionError) as error:
            raise Refused("JSON이 아닌 요청입니다.", 400) from error
        if not isinstance(found, dict):
            raise Refused("JSON 객체가 아닌 요청입니다.", 400)
        return found

    def _say(self, status: int, said: Any) -> None:
        body = json.dumps(said, ensure_ascii=False).encode()
        headers = [("content-type", "application/json"), ("content-length", str(len(body)))]
        if self._near.our_state is not h11.SEND_RESPONSE:
            raise ConnectionAbortedError("too late to answer")
        if self._near.their_state is h11.SEND_BODY:
            headers.append(("connection", "close"))  # a body that nobody read
        answer = (h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage())
        self._client.sendall(b"".join(self._near.send(event) or b"" for event in answer))

    def _next(self, connection: h11.Connection, source: socket.socket) -> Any:
        while (event := connection.next_event()) is h11.NEED_DATA:
            connection.receive_data(source.recv(_CHUNK))
        return event


def _dial(endpoint: Endpoint) -> socket.socket:
    if endpoint.path is None:
        from urllib.parse import urlsplit

        parts = urlsplit(endpoint.url)
        return socket.create_connection((parts.hostname or "", parts.port or 2375))
    made = socket.socket(socket.AF_UNIX)
    made.connect(str(endpoint.path))
    return made


def _query(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in parse_qsl(text, keep_blank_values=True, max_num_fields=200):
        if key in ("t", "changes"):
            found.setdefault(key, []).append(value)
        else:
            found[key] = value
    return found
