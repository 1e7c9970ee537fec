from __future__ import annotations

import os

import pytest
from debian_repository import Repository, serve

from dockerlab.packages import lists, release


@pytest.fixture
def server():
    server = serve()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An own place for everything, and no proxy between us and the loopback server."""
    monkeypatch.setenv("DOCKERLAB_HOME", str(tmp_path / "home"))
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    return tmp_path / "home"


@pytest.fixture
def repository(server, home, tmp_path, monkeypatch):
    """An empty repository whose key is the only one trusted."""
    made = Repository(server)
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "test.asc").write_text(str(made.key.extract_certificate()))
    monkeypatch.setattr(release, "KEYS", keys)
    monkeypatch.setattr(lists, "architecture", lambda: "amd64")
    monkeypatch.setenv("DOCKERLAB_DEBIAN_MIRROR", made.url)
    lists._parsed.cache_clear()
    return made
