"""지나가는 바이트에서 HTTP의 요청과 응답을 읽어 냅니다. 바이트는 건드리지 않습니다.

h11 parses. Each side of a connection has a parser of its own, and what one reads the other is told to have
sent: so the parser of the answers knows which request it answers (a HEAD has no body), and the parser of
the requests waits with the next one until the answer is over. What they would send is thrown away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import h11

LONGEST_HEAD = 2**20  # bytes; a filter or a build argument can make a long address
KEPT = 64 * 2**10  # bytes of each body
MASK = "***"
SECRET_HEADERS = {"authorization", "x-registry-auth", "x-registry-config"}
# Their bodies hold passwords, tokens and keys.
SECRET_PATHS = re.compile(r"(/v[\d.]+)?/(auth|secrets|swarm)(?![^/?])")
HIJACKED = ("application/vnd.docker.raw-stream", "application/vnd.docker.multiplexed-stream")


@dataclass(frozen=True)
class Exchange:
    """요청 하나와 그 응답입니다. 때는 ``time.perf_counter``의 초이고, 바이트는 본문만 셉니다.

    ``upgraded``는 HTTP를 벗어나 맨 바이트가 오간 연결(attach, exec, 빌드)인지, ``whole``은 응답을 끝까지
    보았는지 말합니다. 본문은 앞부분만 담고, 비밀은 ``***``로 가립니다.
    """

    connection: int
    method: str
    path: str
    status: int | None
    start: float
    answered: float | None  # when the answer's head came
    end: float
    sent: int
    received: int
    headers: Mapping[str, str]
    request: bytes
    answer: bytes
    upgraded: bool
    whole: bool

    @property
    def seconds(self) -> float:
        """요청의 첫 바이트부터 응답의 마지막 바이트까지입니다."""
        return self.end - self.start

    @property
    def bare_path(self) -> str:
        """API 버전과 질의를 뗀 경로입니다."""
        return re.sub(r"^/v[\d.]+(?=/)", "", self.path.partition("?")[0])


@dataclass
class Budget:
    """한 자취가 본문을 간직하는 데 쓸 수 있는 바이트입니다. 다 쓰면 세기만 합니다."""

    left: int = 32 * 2**20

    def take(self, wanted: int) -> int:
        granted = min(wanted, self.left)
        self.left -= granted
        return granted


@dataclass
class Open:
    """아직 지나가고 있는 요청과 응답입니다."""

    connection: int
    method: str
    path: str
    start: float
    headers: dict[str, str]
    budget: Budget
    status: int | None = None
    answered: float | None = None
    end: float | None = None
    sent: int = 0
    received: int = 0
    request: bytearray = field(default_factory=bytearray)
    answer: bytearray = field(default_factory=bytearray)
    upgraded: bool = False
    whole: bool = False

    def keep(self, body: bytearray, data: bytes | bytearray) -> None:
        room = min(len(data), KEPT - len(body))
        if room > 0:
            body += data[: self.budget.take(room)]

    def seen(self, now: float) -> Exchange:
        """지금까지 본 것입니다."""
        secret = bool(SECRET_PATHS.match(self.path))
        mask = MASK.encode()
        return Exchange(
            connection=self.connection,
            method=self.method,
            path=self.path,
            status=self.status,
            start=self.start,
            answered=self.answered,
            end=now if self.end is None else self.end,
            sent=self.sent,
            received=self.received,
            headers=dict(self.headers),
            request=mask if secret and self.request else bytes(self.request),
            answer=mask if secret and self.answer else bytes(self.answer),
            upgraded=self.upgraded,
            whole=self.whole,
        )


class Conversation:
    """한 연결에서 오간 바이트를 차례로 받아 ``exchanges``에 더합니다."""

    def __init__(self, number: int, exchanges: list[Open], budget: Budget) -> None:
        self.number = number
        self.exchanges = exchanges
        self.budget = budget
        self.requests = h11.Connection(h11.SERVER, max_incomplete_event_size=LONGEST_HEAD)
        self.answers = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD)
        self.open: Open | None = None
        self.raw = False
        self.unreadable = ""
        self.cut = False  # the engine closed in the middle of an answer
        self._client_left = False

    def from_client(self, now: float, data: bytes) -> None:
        """클라이언트가 보낸 바이트입니다. 비어 있으면 더 보내지 않는다는 뜻입니다."""
        if not data:
            self._client_left = True
        if self.raw:
            self._raw(now, sent=len(data))
        else:
            self._read(now, self.requests, data)

    def from_engine(self, now: float, data: bytes) -> None:
        """엔진이 보낸 바이트입니다. 비어 있으면 연결을 닫았다는 뜻입니다."""
        if self.raw:
            self._raw(now, received=len(data))
            if not data and self.open is not None:
                self.open.whole = True
        else:
            self._read(now, self.answers, data)

    def _raw(self, now: float, *, sent: int = 0, received: int = 0) -> None:
        if self.open is not None:
            self.open.sent += sent
            self.open.received += received
            self.open.end = now

    def _read(self, now: float, parser: h11.Connection, data: bytes) -> None:
        try:
            parser.receive_data(data)
            while not self.raw:
                progress = self._next_request(now) | self._next_answer(now)
                if not progress:
                    break
        except h11.ProtocolError as error:
            self.raw = True
            if data:
                # Not HTTP, or not as h11 knows it: the bytes pass all the same, only untold.
                self.unreadable = str(error)
            elif parser is self.answers and not self._client_left:
                self.cut = True

    def _next_request(self, now: float) -> bool:
        event = self.requests.next_event()
        if not isinstance(event, h11.Request | h11.Data | h11.EndOfMessage):
            return False
        self.answers.send(event)
        if isinstance(event, h11.Request):
            told = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers)
            headers = {name: MASK if name in SECRET_HEADERS else value for name, value in told}
            path = event.target.decode("latin-1")
            self.open = Open(self.number, event.method.decode(), path, now, headers, self.budget)
            self.exchanges.append(self.open)
        elif isinstance(event, h11.Data) and self.open is not None:
            self.open.sent += len(event.data)
            self.open.keep(self.open.request, event.data)
        self._turn()
        return True

    def _next_answer(self, now: float) -> bool:
        if self.open is None:
            return False
        event = self.answers.next_event()
        if not isinstance(event, h11.InformationalResponse | h11.Response | h11.Data | h11.EndOfMessage):
            return False
        self.requests.send(event)
        self.open.end = now
        if isinstance(event, h11.InformationalResponse):
            if event.status_code == 101:
                self._head(now, event.status_code)
                self._leave_http(now)
        elif isinstance(event, h11.Response):
            self._head(now, event.status_code)
            if _hijacks(event):
                self._leave_http(now)
        elif isinstance(event, h11.Data):
            self.open.received += len(event.data)
            self.open.keep(self.open.answer, event.data)
        else:
            self.open.whole = True
            self._turn()
        return True

    def _head(self, now: float, status: int) -> None:
        assert self.open is not None
        self.open.status, self.open.answered = status, now

    def _leave_http(self, now: float) -> None:
        assert self.open is not None
        self.raw = self.open.upgraded = True
        early, late = self.requests.trailing_data[0], self.answers.trailing_data[0]
        self._raw(now, sent=len(early), received=len(late))

    def _turn(self) -> None:
        """요청과 응답이 모두 끝났으면 다음 요청을 읽을 준비를 합니다."""
        states = (self.requests.our_state, self.requests.their_state)
        if states == (h11.DONE, h11.DONE):
            self.requests.start_next_cycle()
            self.answers.start_next_cycle()
            self.open = None


def _hijacks(answer: h11.Response) -> bool:
    """An attach without an Upgrade header is answered with 200, and the connection is raw from there on."""
    headers = dict(answer.headers)
    framed = b"content-length" in headers or b"transfer-encoding" in headers
    return not framed and headers.get(b"content-type", b"").decode("latin-1").startswith(HIJACKED)
