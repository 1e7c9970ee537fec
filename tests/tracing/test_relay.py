"""The relay: every byte passes as it is, every request is told, whatever happens at either end."""

import hashlib
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingUnixStreamServer

import pytest
from talk import Client, connected, read_to_end, read_until

from dockerlab.engine import Endpoint
from dockerlab.errors import CannotTrace
from dockerlab.tracing import exchange
from dockerlab.tracing.relay import relayable

MiB = 2**20


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was sent; /chunked in chunks."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(201)
        if self.path.startswith("/chunked"):
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for part in (body[:7], body[7:]):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part) if part else b"")
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    do_GET = do_POST = do_HEAD = do_PUT = answer

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass


class EchoServer(ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 1024


@pytest.fixture
def echo(place):
    with EchoServer(str(place / "echo.sock"), Echo) as serving:
        threading.Thread(target=serving.serve_forever, args=(0.01,), daemon=True).start()
        yield place / "echo.sock"
        serving.shutdown()


def test_one_connection_carries_many_requests_and_each_is_told(relay_to, echo):
    relay = relay_to(echo)
    client = Client(relay.path)
    for method, path, body in (
        ("POST", "/v1.45/containers/create?name=a", b'{"Image":"tiny"}'),
        ("HEAD", "/_ping", None),
        ("PUT", "/chunked", b"0123456789"),
        ("GET", "/_ping", None),
    ):
        client.request(method, path, body)
        assert client.getresponse().read() == (body or b"")
    client.close()
    told = relay_to.told(relay)
    assert [(one.method, one.bare_path) for one in told] == [
        ("POST", "/containers/create"), ("HEAD", "/_ping"), ("PUT", "/chunked"), ("GET", "/_ping"),
    ]  # fmt: skip
    assert [one.sent for one in told] == [one.received for one in told] == [16, 0, 10, 0]
    assert told[0].request == told[0].answer == b'{"Image":"tiny"}'
    assert all(one.status == 201 and one.whole and not one.upgraded for one in told)
    assert all(one.start <= one.answered <= one.end for one in told)
    assert {one.connection for one in told} == {1}


def test_requests_sent_at_once_are_answered_and_told_one_by_one(relay_to, echo):
    relay = relay_to(echo)
    with connected(relay.path) as client:
        client.sendall(b"GET /first HTTP/1.1\r\nHost: x\r\n\r\nGET /second HTTP/1.1\r\nHost: x\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        assert read_to_end(client).count(b"201 Created") == 2
    assert [one.path for one in relay_to.told(relay)] == ["/first", "/second"]


def test_secrets_are_masked_but_arrive(relay_to, echo):
    relay = relay_to(echo)
    client = Client(relay.path)
    client.request("POST", "/v1.45/auth", b'{"password":"hunter2"}', {"X-Registry-Auth": "aHVudGVyMg"})
    assert client.getresponse().read() == b'{"password":"hunter2"}'
    client.request("POST", "/images/create", b"", {"X-Registry-Auth": "aHVudGVyMg", "X-Other": "kept"})
    client.getresponse().read()
    client.close()
    told = relay_to.told(relay)
    assert "hunter2" not in repr(told) and "aHVudGVyMg" not in repr(told)
    assert told[1].headers["x-registry-auth"] == exchange.MASK
    assert told[1].headers["x-other"] == "kept"


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n",
    ],
    ids=["101", "200"],
)
def test_a_hijacked_stream_is_raw_both_ways_and_closes_one_way_first(relay_to, server, head):
    def attach(connection):
        asked = read_until(connection, b"\r\n\r\n")
        connection.sendall(head + b"\x01\0\0\0first")
        heard = asked.partition(b"\r\n\r\n")[2] + read_to_end(connection)
        connection.sendall(heard[::-1])

    relay = relay_to(server(attach))
    with connected(relay.path) as client:
        client.sendall(
            b"POST /containers/x/attach HTTP/1.1\r\nHost: x\r\n"
            b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\nGET / HT"
        )
        heard = read_until(client, b"first")
        client.sendall(b"TP/1.1\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        heard += read_to_end(client)
    assert heard == head + b"\x01\0\0\0first" + b"GET / HTTP/1.1\r\n\r\n"[::-1]
    (told,) = relay_to.told(relay)
    assert (told.upgraded, told.whole, told.sent, told.received) == (True, True, 18, 27)
    assert relay_to.faults(relay) == []


def test_an_interim_answer_is_not_the_answer(relay_to, server):
    def expecting(connection):
        read_until(connection, b"\r\n\r\n")
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        read_until(connection, b"body")
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    relay = relay_to(server(expecting))
    with connected(relay.path) as client:
        client.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        read_until(client, b"100 Continue\r\n\r\n")
        client.sendall(b"body")
        assert read_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 204")
    (told,) = relay_to.told(relay)
    assert (told.status, told.sent, told.whole) == (204, 4, True)


def test_what_is_not_http_passes_and_is_called_unreadable(relay_to, server):
    def parrot(connection):
        connection.sendall(read_to_end(connection))

    relay = relay_to(server(parrot))
    with connected(relay.path) as client:
        client.sendall(b"\x16\x03\x01\0\0 certainly not HTTP\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        assert read_to_end(client) == b"\x16\x03\x01\0\0 certainly not HTTP\r\n\r\n"
    assert len(relay_to.faults(relay)) == 1 and "HTTP" in relay_to.faults(relay)[0]


def test_an_engine_that_dies_in_its_answer_is_told(relay_to, server):
    def dying(connection):
        read_until(connection, b"\r\n\r\n")
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    relay = relay_to(server(dying))
    with connected(relay.path) as client:
        client.sendall(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_to_end(client).endswith(b"half")
    (told,) = relay_to.told(relay)
    assert (told.status, told.whole, told.received) == (200, False, 4)
    assert len(relay_to.faults(relay)) == 1


def test_an_engine_that_is_not_there_closes_the_connection_and_is_told(relay_to, place):
    relay = relay_to(place / "nothing.sock")
    with connected(relay.path) as client:
        assert read_to_end(client) == b""
    assert len(relay_to.faults(relay)) == 1


def test_a_client_that_hangs_up_is_noticed_by_the_engine(relay_to, server):
    noticed = threading.Event()

    def patient(connection):
        read_until(connection, b"\r\n\r\n")
        if connection.recv(1) == b"":
            noticed.set()

    relay = relay_to(server(patient))
    with connected(relay.path) as client:
        client.sendall(b"POST /containers/x/wait HTTP/1.1\r\nHost: x\r\n\r\n")
    assert noticed.wait(30)
    (told,) = relay_to.told(relay)
    assert (told.status, told.whole) == (None, False)
    assert relay_to.faults(relay) == []  # the client's own choice


def test_a_client_that_hangs_up_in_a_stream_frees_the_engine(relay_to, server):
    freed = threading.Event()

    def endless(connection):
        read_until(connection, b"\r\n\r\n")
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                connection.sendall(b"10000\r\n" + bytes(65536) + b"\r\n")
        except OSError:
            freed.set()

    relay = relay_to(server(endless))
    client = connected(relay.path)
    client.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
    client.recv(65536)
    client.close()
    assert freed.wait(30)


def test_ten_thousand_requests_over_many_connections_are_all_told(relay_to, echo):
    relay = relay_to(echo)

    def hundreds(number):
        client = Client(relay.path)
        for index in range(500):
            body = f"{number}-{index}".encode()
            client.request("POST", f"/{number}/{index}", body)
            assert client.getresponse().read() == body
        client.close()

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(hundreds, range(20)))
    told = relay_to.told(relay)
    assert {one.path for one in told} == {
        f"/{number}/{index}" for number in range(20) for index in range(500)
    }
    assert len(told) == 10_000
    assert all(
        one.whole and one.request == one.answer == one.path[1:].replace("/", "-").encode() for one in told
    )
    assert relay_to.faults(relay) == []


def test_two_hundred_megabytes_pass_both_ways_and_only_their_beginning_is_kept(relay_to, server):
    sent = hashlib.sha256()

    def store(connection):
        left = 200 * MiB
        head = read_until(connection, b"\r\n\r\n").partition(b"\r\n\r\n")[2]
        sent.update(head)
        left -= len(head)
        while left:
            part = connection.recv(MiB)
            sent.update(part)
            left -= len(part)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(200):
            connection.sendall(b"100000\r\n" + b"b" * MiB + b"\r\n")
        connection.sendall(b"0\r\n\r\n")

    relay = relay_to(server(store))
    with connected(relay.path) as client:
        client.sendall(b"POST /images/load HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (200 * MiB))
        for _ in range(200):
            client.sendall(b"a" * MiB)
        received = 0
        tail = b""
        while not tail.endswith(b"\r\n0\r\n\r\n"):
            part = client.recv(MiB)
            assert part
            received += len(part)
            tail = (tail + part)[-16:]
    assert sent.hexdigest() == hashlib.sha256(b"a" * 200 * MiB).hexdigest()
    (told,) = relay_to.told(relay)
    assert (told.sent, told.received, told.whole) == (200 * MiB, 200 * MiB, True)
    assert (told.request, told.answer) == (b"a" * exchange.KEPT, b"b" * exchange.KEPT)


def test_two_relays_before_one_engine_do_not_mix(relay_to, echo):
    relays = [relay_to(echo), relay_to(echo)]

    def ask(number):
        client = Client(relays[number].path)
        for index in range(200):
            client.request("GET", f"/{number}/{index}")
            client.getresponse().read()
        client.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(ask, (0, 1)))
    for number, relay in enumerate(relays):
        assert [one.path for one in relay_to.told(relay)] == [f"/{number}/{index}" for index in range(200)]


def test_bodies_are_kept_within_one_budget(relay_to, echo, monkeypatch):
    monkeypatch.setattr(exchange, "KEPT", 8)
    relay = relay_to(echo)
    relay._budget.left = 20
    client = Client(relay.path)
    for _ in range(3):
        client.request("POST", "/x", b"0123456789")
        assert client.getresponse().read() == b"0123456789"
    client.close()
    told = relay_to.told(relay)
    assert sum(len(one.request) + len(one.answer) for one in told) == 20
    assert [one.sent for one in told] == [10, 10, 10]


@pytest.mark.parametrize("url", ["ssh://user@host", "npipe:////./pipe/docker_engine"])
def test_an_engine_behind_something_else_is_refused_kindly(url):
    with pytest.raises(CannotTrace) as refused:
        relayable(Endpoint(url, "env", "DOCKER_HOST"))
    assert url in refused.value.seen and refused.value.todo


def test_a_plain_tcp_engine_is_relayed(relay_to, background):
    import http.server

    class Handler(Echo):
        pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        threading.Thread(target=serving.serve_forever, args=(0.01,), daemon=True).start()
        endpoint = Endpoint(f"tcp://127.0.0.1:{serving.server_port}", "env", "DOCKER_HOST")
        relayable(endpoint)
        relay = relay_to(endpoint)
        client = Client(relay.path)
        client.request("POST", "/x", b"body")
        assert client.getresponse().read() == b"body"
        client.close()
        serving.shutdown()
    assert [one.path for one in relay_to.told(relay)] == ["/x"]
