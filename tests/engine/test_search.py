"""Which engine is taken, and what is said when none can be. Faults are real: sockets, files, uids."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dockerlab import errors
from dockerlab.engine import find, search
from dockerlab.engine.endpoint import Endpoint
from dockerlab.engine.search import discover


def context(home, name, host, current=True):
    """Writes a context the way the docker CLI does."""
    from docker.context.config import get_context_id

    folder = home / ".docker/contexts/meta" / get_context_id(name)
    folder.mkdir(parents=True)
    meta = {"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": False}}}
    (folder / "meta.json").write_text(json.dumps(meta))
    if current:
        (home / ".docker/config.json").write_text(json.dumps({"currentContext": name, "auths": {}}))


# --- the order ---------------------------------------------------------------------------------
def test_docker_host_comes_first(nowhere, fake_engine, monkeypatch):
    fake_engine(nowhere / "docker.sock")
    context(nowhere, "mine", f"unix://{fake_engine()}")
    named = fake_engine()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{named}")
    assert find() == Endpoint(f"unix://{named}", "env", "환경 변수 DOCKER_HOST")


def test_an_empty_docker_host_is_none(nowhere, fake_engine, monkeypatch):
    fake_engine(nowhere / "docker.sock")
    monkeypatch.setenv("DOCKER_HOST", "")
    assert find().kind == "system"


def test_the_current_context_comes_before_default_sockets(nowhere, fake_engine):
    fake_engine(nowhere / "docker.sock")
    path = fake_engine()
    context(nowhere, "일터", f"unix://{path}")
    found = find()
    assert (found.kind, found.path) == ("context", path)
    assert "일터" in found.origin


def test_docker_context_and_docker_config_are_honoured(nowhere, fake_engine, monkeypatch, tmp_path):
    context(nowhere, "configured", "unix:///nowhere.sock")
    other = tmp_path / "other"
    path = fake_engine()
    context(other, "named", f"unix://{path}", current=False)  # with no config.json beside it
    monkeypatch.setenv("DOCKER_CONFIG", str(other / ".docker"))
    monkeypatch.setenv("DOCKER_CONTEXT", "named")
    assert find().path == path


def test_the_default_context_means_the_default_sockets(nowhere, fake_engine, monkeypatch):
    path = fake_engine(nowhere / "docker.sock")
    context(nowhere, "mine", "unix:///nowhere.sock")
    monkeypatch.setenv("DOCKER_CONTEXT", "default")
    assert find().path == path


@pytest.mark.parametrize(
    ("where", "kind"),
    [
        ("docker.sock", "system"),
        ("run/docker.sock", "rootless"),
        (".docker/run/docker.sock", "docker-desktop"),
        (".docker/desktop/docker.sock", "docker-desktop"),
        (".colima/default/docker.sock", "colima"),
        (".colima/other/docker.sock", "colima"),
        (".rd/docker.sock", "rancher-desktop"),
        ("run/podman/podman.sock", "podman"),
    ],
)
def test_every_default_socket_is_known(nowhere, fake_engine, where, kind):
    path = fake_engine(nowhere / where)
    assert (find().path, find().kind) == (path, kind)


def test_a_link_to_docker_desktop_is_docker_desktop(nowhere, fake_engine):
    path = fake_engine(nowhere / ".docker/run/docker.sock")
    (nowhere / "docker.sock").symlink_to(path)
    assert find().kind == "docker-desktop"


def test_a_dead_context_and_a_dead_socket_are_passed_by_and_remembered(nowhere, fake_engine):
    context(nowhere, "gone", "unix:///nowhere.sock")
    (nowhere / "docker.sock").write_text("a plain file")
    path = fake_engine(nowhere / "run/docker.sock")
    found = discover()
    assert found.endpoint.path == path
    assert [type(one.error) for one in found.attempts] == [
        errors.EngineNotFound,
        errors.EngineStopped,
        type(None),
    ]


def test_a_named_engine_is_never_replaced(nowhere, fake_engine, monkeypatch):
    fake_engine(nowhere / "docker.sock")
    for name, value in (("DOCKER_HOST", "unix:///nowhere.sock"), ("DOCKER_CONTEXT", "nonesuch")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            with pytest.raises(errors.EngineNotFound, match=r"nowhere\.sock|nonesuch"):
                find()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"currentContext": 5}', '{"currentContext": "x"}'])
def test_a_broken_docker_configuration_is_passed_by(nowhere, fake_engine, content):
    (nowhere / ".docker").mkdir()
    (nowhere / ".docker/config.json").write_text(content)
    path = fake_engine(nowhere / "docker.sock")
    assert find().path == path


@pytest.mark.parametrize("meta", ["", "[]", '{"Endpoints": []}', '{"Endpoints": {"docker": {}}}'])
def test_a_broken_context_is_passed_by(nowhere, fake_engine, meta):
    context(nowhere, "mine", "unix:///nowhere.sock")
    next(nowhere.glob(".docker/contexts/meta/*/meta.json")).write_text(meta)
    path = fake_engine(nowhere / "docker.sock")
    assert find().path == path


def test_docker_py_writes_contexts_we_read(nowhere, fake_engine, monkeypatch):
    from docker.context import ContextAPI

    path = fake_engine()
    (nowhere / ".docker").mkdir()
    (nowhere / ".docker/config.json").write_text("{}")
    monkeypatch.setenv("DOCKER_CONFIG", str(nowhere / ".docker"))
    ContextAPI.create_context("ours", host=f"unix://{path}")
    ContextAPI.set_current_context("ours")
    assert (find().kind, find().path) == ("context", path)


# --- none, or none that may be used ------------------------------------------------------------
def test_without_an_engine_every_place_is_told(nowhere):
    with pytest.raises(errors.EngineNotFound) as raised:
        find()
    assert raised.value.code == "E01"
    for place in ("/docker.sock", ".colima/default", ".rd/docker.sock", "podman.sock"):
        assert place in raised.value.seen


def test_embedded_can_be_demanded_and_forbidden(nowhere, fake_engine, monkeypatch):
    fake_engine(nowhere / "docker.sock")
    monkeypatch.setenv("DOCKERLAB_ENGINE", "embedded")
    monkeypatch.setattr(
        search, "_embedded", lambda *_: Endpoint(f"unix://{fake_engine()}", "embedded", "e")
    )
    assert find().kind == "embedded"
    monkeypatch.setenv("DOCKERLAB_ENGINE", "system")
    assert find().kind == "system"
    monkeypatch.setenv("DOCKERLAB_ENGINE", "somehow")
    with pytest.raises(errors.UsageMistake, match="DOCKERLAB_ENGINE"):
        find()


@pytest.mark.parametrize(
    "host", ["tcp://192.0.2.1:2375", "ssh://learner@server", "https://docker.example:2376"]
)
def test_a_remote_engine_is_refused(nowhere, fake_engine, monkeypatch, host):
    fake_engine(nowhere / "docker.sock")
    began = time.perf_counter()
    with monkeypatch.context() as patch:
        patch.setenv("DOCKER_HOST", host)
        with pytest.raises(errors.RemoteEngineRefused, match="DOCKERLAB_ALLOW_REMOTE"):
            find()
    context(nowhere, "far", host)
    with pytest.raises(errors.RemoteEngineRefused, match="far"):
        find()
    assert time.perf_counter() - began < 1  # refused, not tried


def test_a_remote_engine_named_by_the_learner_is_used(nowhere, monkeypatch):
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"Version": "1", "ApiVersion": "1.41"}')

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        # 0.0.0.0 is no loopback address, and reaches this machine.
        url = f"tcp://0.0.0.0:{server.server_port}"
        monkeypatch.setenv("DOCKER_HOST", url)
        for allowed, ends_well in (("1", True), (url, True), ("tcp://elsewhere:1", False), ("", False)):
            monkeypatch.setenv("DOCKERLAB_ALLOW_REMOTE", allowed)
            assert (discover().endpoint is not None) == ends_well
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.server_port}")
        assert find().kind == "env"
        server.shutdown()


@pytest.mark.parametrize(
    "host",
    [
        *("docker.sock", "unix://", "unix://relative", "ftp://x", "/var/run/docker.sock", "http://[::1"),
        *("tcp://127.0.0.1:99999", "tcp://127.0.0.1:port", "tcp://:2375", "ssh://host:x"),
    ],
)
def test_an_unreadable_docker_host_is_told(nowhere, monkeypatch, host):
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(errors.EngineNotFound, match="DOCKER_HOST"):
        find()


# --- faults of one socket ----------------------------------------------------------------------
def failure(path, monkeypatch):
    """What finding says about that socket, and in how many seconds."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    began = time.perf_counter()
    found = discover()
    assert found.endpoint is None
    assert time.perf_counter() - began < 5
    assert found.failure.todo
    return found.failure


def test_no_socket(nowhere, monkeypatch):
    assert failure(nowhere / "none.sock", monkeypatch).code == "E01"
    assert failure(Path("/", "x" * 200), monkeypatch).code == "E01"


def test_a_stale_socket(nowhere, monkeypatch):
    path = nowhere / "stale.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    assert failure(path, monkeypatch).code == "E02"


def test_a_plain_file_in_the_place_of_a_socket(nowhere, monkeypatch):
    path = nowhere / "plain.sock"
    path.write_text("")
    error = failure(path, monkeypatch)
    assert error.code == "E02" and "소켓이 아닌 파일" in error.seen


DENIED = """
import grp, json, os, pwd, sys
import docker.constants
from dockerlab.engine import probe, search, endpoint
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
print(json.dumps(search.discover().failure.as_dict()))
"""


@pytest.mark.parametrize("locked", ["socket", "folder"])
def test_permission_denied(nowhere, fake_engine, locked):
    path = fake_engine(nowhere / "docker-dir" / "docker.sock")
    open_folders = [path.parent, *list(path.parents)[1:4]]
    for folder in open_folders:
        if folder.stat().st_uid == os.geteuid() and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    (path if locked == "socket" else path.parent).chmod(0)
    said = subprocess.run(
        [sys.executable, "-c", DENIED],
        env=os.environ | {"DOCKER_HOST": f"unix://{path}"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    path.parent.chmod(0o755)
    assert said.returncode == 0, said.stderr
    error = json.loads(said.stdout)
    assert error["code"] == "E03"
    assert "지금 사용자" in error["seen"] and "docker" in error["todo"]


def listening(path, serve):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(8)

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener


def drip(connection):
    with connection, contextlib.suppress(OSError):
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100:
            connection.sendall(bytes([byte]))
            time.sleep(0.3)


@pytest.mark.parametrize("serve", [lambda connection: time.sleep(30), drip], ids=["silent", "dripping"])
def test_an_engine_that_does_not_answer(nowhere, monkeypatch, serve):
    path = nowhere / "hang.sock"
    with listening(path, serve):
        assert failure(path, monkeypatch).code == "E04"


def test_an_engine_too_busy_to_accept(nowhere, monkeypatch):
    path = nowhere / "full.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(0)
        waiting = []
        for _ in range(4):
            one = socket.socket(socket.AF_UNIX)
            one.setblocking(False)
            one.connect_ex(str(path))
            waiting.append(one)
        assert failure(path, monkeypatch).code == "E04"
        for one in waiting:
            one.close()


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH\r\n\r\n", b"\xff" * 70000])
def test_something_that_is_no_engine(nowhere, monkeypatch, said):
    path = nowhere / "other.sock"

    def serve(connection):
        with connection, contextlib.suppress(OSError):
            connection.recv(1000)
            connection.sendall(said)

    with listening(path, serve):
        assert failure(path, monkeypatch).code == "E04"


def test_an_engine_that_is_ill(nowhere, fake_engine, monkeypatch):
    assert failure(fake_engine(ping=500), monkeypatch).code == "E04"


# --- the API both sides know -------------------------------------------------------------------
@pytest.mark.parametrize(
    ("oldest", "newest", "agreed"),
    [("1.24", "1.41", "1.41"), ("1.24", "1.45", "1.45"), ("1.40", "1.99", "1.45"), (None, "1.44", "1.44")],
)
def test_the_api_is_negotiated(nowhere, fake_engine, oldest, newest, agreed):
    fake_engine(nowhere / "docker.sock", MinAPIVersion=oldest, ApiVersion=newest)
    assert discover().greeting.api_version == agreed


def test_an_api_too_old_or_too_new_is_told(nowhere, fake_engine, monkeypatch):
    too_old = failure(fake_engine(ApiVersion="1.20", MinAPIVersion="1.12"), monkeypatch)
    assert too_old.code == "E06" and "1.20" in too_old.seen
    too_new = failure(fake_engine(ApiVersion="2.10", MinAPIVersion="1.99"), monkeypatch)
    assert too_new.code == "E05" and "1.99" in too_new.seen
    assert failure(fake_engine(ApiVersion=None), monkeypatch).code == "E04"


def test_podman_is_recognised(nowhere, fake_engine):
    fake_engine(nowhere / "docker.sock", Components=[{"Name": "Podman Engine", "Version": "5.4.2"}])
    assert discover().greeting.podman
