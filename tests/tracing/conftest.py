"""A relay in front of something, and something to put behind it."""

import contextlib
import os
import shutil
import socket
import tempfile
import threading
from pathlib import Path

import pytest

from dockerlab.engine import Endpoint
from dockerlab.tracing.background import Background
from dockerlab.tracing.relay import Relay


@pytest.fixture
def place():
    """A folder with a short path: a socket's name has a limit."""
    folder = Path(tempfile.mkdtemp(prefix="dlt", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def background():
    before = open_files()
    with Background() as running:
        yield running
    assert open_files() <= before


def open_files():
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


@pytest.fixture
def relay_to(background, place):
    """Starts a relay in front of a socket (a path) or of an engine's endpoint."""
    relays = []

    def start(target):
        endpoint = target if isinstance(target, Endpoint) else Endpoint(f"unix://{target}", "env", "a test")
        relay = Relay(endpoint, place / f"relay{len(relays)}.sock")
        background.run(relay.start())
        relays.append(relay)
        return relay

    def faults(relay):
        background.run(relay.close())
        return relay.faults

    start.told = lambda relay: background.run(relay.exchanges())
    start.faults = faults
    yield start
    for relay in relays:
        background.run(relay.close())
        assert not relay.path.exists()


@pytest.fixture
def server(place):
    """Starts a socket whose every connection is handed to a function, in a thread of its own."""
    listeners = []

    def start(serve):
        path = place / f"server{len(listeners)}.sock"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(1024)
        listeners.append(listener)

        def handle(connection):
            with connection, contextlib.suppress(OSError):
                serve(connection)

        def accept():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=handle, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return path

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
