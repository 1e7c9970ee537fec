"""The port proxy by itself: what dockerd tells it, what it answers, and the bytes it carries."""

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dockerlab.engine import portproxy

HOST, ENGINE = "127.0.0.1", "127.0.0.2"  # stand for the two network namespaces


class Broker:
    """Hands over a listening socket, or refuses, as the supervisor does."""

    def __init__(self, path, refuse=None):
        self.path, self.refuse, self.port = path, refuse, None
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        threading.Thread(target=self.answer, daemon=True).start()

    def answer(self):
        asked, _ = self.listener.accept()
        with asked:
            wanted = json.loads(asked.recv(4096))
            if self.refuse:
                socket.send_fds(asked, [json.dumps({"error": self.refuse}).encode()], [])
                return
            with socket.socket(socket.AF_INET, wanted["kind"]) as opened:
                opened.bind((HOST, 0))
                if wanted["kind"] == socket.SOCK_STREAM:
                    opened.listen()
                self.port = opened.getsockname()[1]
                socket.send_fds(asked, [b"{}"], [opened.fileno()])


def start(broker, protocol, target):
    """Start the proxy as dockerd does: the status pipe is descriptor 3."""
    with socket.socket() as probe:
        probe.bind((ENGINE, 0))
        free = probe.getsockname()[1]
    said, status = os.pipe()
    words = {
        "proto": protocol,
        "host-ip": ENGINE,
        "host-port": free,
        "container-ip": HOST,
        "container-port": target,
    }
    flags = [word for name, value in words.items() for word in (f"-{name}", str(value))]
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", portproxy.__file__, str(broker.path), *flags],
        preexec_fn=lambda: os.dup2(status, portproxy.STATUS_FD),
        pass_fds=[portproxy.STATUS_FD],
    )
    os.close(status)
    with os.fdopen(said, "rb") as pipe:
        answer = pipe.readline()
    return process, answer, free


@pytest.fixture
def ended():
    processes = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def test_stream_is_carried_from_both_namespaces(tmp_path, ended):
    with socket.create_server((HOST, 0)) as server:
        broker = Broker(tmp_path / "s")
        process, answer, engine_port = start(broker, "tcp", server.getsockname()[1])
        ended.append(process)
        assert answer == b"0\n"
        for address in ((HOST, broker.port), (ENGINE, engine_port)):
            with socket.create_connection(address, 5) as client:
                inside, _ = server.accept()
                with inside:
                    client.sendall(b"x" * 300_000)
                    client.shutdown(socket.SHUT_WR)
                    got = inside.makefile("rb").read()
                    inside.sendall(b"answer")
                assert len(got) == 300_000
                assert client.recv(100) == b"answer"


def test_datagrams_find_their_way_back_to_each_client(tmp_path, ended):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((HOST, 0))
        server.settimeout(5)
        broker = Broker(tmp_path / "s")
        process, answer, _ = start(broker, "udp", server.getsockname()[1])
        ended.append(process)
        assert answer == b"0\n"
        clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for number, client in enumerate(clients):
            client.settimeout(5)
            client.sendto(b"%d" % number, (HOST, broker.port))
            asked, sender = server.recvfrom(100)
            server.sendto(b"re " + asked, sender)
        assert [client.recv(100) for client in clients] == [b"re 0", b"re 1"]
        for client in clients:
            client.close()


def test_refusal_reaches_dockerd_in_its_own_words(tmp_path, ended):
    process, answer, port = start(Broker(tmp_path / "s", "Address already in use"), "tcp", 80)
    ended.append(process)
    assert answer == b"1\n"
    assert process.wait(5) == 1
    assert port


def test_unknown_protocol_is_refused(tmp_path, ended):
    process, answer, _ = start(Broker(tmp_path / "s"), "sctp", 80)
    ended.append(process)
    assert answer == b"1\n"


def test_arguments_in_both_spellings_and_flags():
    read = portproxy.arguments(
        ["-proto", "tcp", "--host-port=80", "-use-listen-fd", "-container-ip", "1.2.3.4"]
    )
    assert read == {"proto": "tcp", "host-port": "80", "container-ip": "1.2.3.4"}


def test_it_stands_alone():
    source = Path(portproxy.__file__).read_text()
    assert "import dockerlab" not in source and "from dockerlab" not in source
