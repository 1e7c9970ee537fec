"""Fixtures of the engine's room."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer

import pytest

VERSION = {"Version": "99.0-fake", "ApiVersion": "1.45", "MinAPIVersion": "1.24", "Components": []}
CHOICES = (
    *("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"),
    *("DOCKERLAB_ENGINE", "DOCKERLAB_ALLOW_REMOTE"),
)


@pytest.fixture
def until():
    """Wait for an effect, with a limit; the last value is returned."""

    def wait(true, seconds=10.0):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if value := true():
                return value
            time.sleep(0.02)
        return true()

    return wait


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A learner without any engine: an empty home, no variables, no default sockets."""
    from dockerlab.engine import search

    for name in CHOICES:
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "h"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    monkeypatch.setenv("DOCKERLAB_ENGINE", "system")
    monkeypatch.setattr(search, "SYSTEM_SOCKETS", (("system", str(home / "docker.sock")),))
    return home


@pytest.fixture
def fake_engine(tmp_path):
    """Starts something on a Unix socket that answers /_ping and /version as told."""
    servers = []

    def start(path=None, ping=200, **version):
        said = VERSION | version

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = b"OK" if self.path == "/_ping" else json.dumps(said).encode()
                self.send_response(ping if self.path == "/_ping" else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def address_string(self):
                return "unix"

            def log_message(self, *_):
                pass

        path = Path(path or tmp_path / f"{len(servers)}.sock")
        path.parent.mkdir(parents=True, exist_ok=True)
        server = ThreadingUnixStreamServer(str(path), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return path

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
