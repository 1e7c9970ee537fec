"""Speaking over a bare socket."""

import http.client
import socket


def connected(path):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(60)
    client.connect(str(path))
    return client


def read_to_end(connection):
    parts = []
    while part := connection.recv(2**18):
        parts.append(part)
    return b"".join(parts)


def read_until(connection, mark):
    heard = b""
    while mark not in heard:
        part = connection.recv(65536)
        if not part:
            break
        heard += part
    return heard


class Client(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path) -> None:
        super().__init__("localhost", timeout=60)
        self.path = str(path)

    def connect(self) -> None:
        self.sock = connected(self.path)
