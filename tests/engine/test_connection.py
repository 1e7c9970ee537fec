"""One connection per process, found anew when the engine dies. The engine behind is the real one."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
import uuid

import pytest

from dockerlab import errors
from dockerlab.engine import connection, errors_of_engine

pytestmark = pytest.mark.engine


class Relay:
    """A Unix socket in front of the real engine that can be cut like a dying engine."""

    def __init__(self, path, target):
        self.path, self.target, self.open = path, target, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(16)
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(str(self.target))
            except OSError:
                return
            self.open += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self.pump, args=(one, other), daemon=True).start()

    def pump(self, one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def die(self):
        for one in (self.listener, *self.open):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
        self.open = []


@pytest.fixture
def relay(engine, tmp_path, monkeypatch):
    """DOCKER_HOST is a relay to the engine; the process's own connection is put back afterwards."""
    if engine.endpoint.path is None:
        pytest.skip("the engine is not on a Unix socket")
    before = connection._connected
    connection._connected = None
    relays = [Relay(tmp_path / "relay.sock", engine.endpoint.path)]
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/relay.sock")
    monkeypatch.delenv("DOCKERLAB_ENGINE", raising=False)
    yield relays
    relays[-1].die()
    connection._connected = before


def test_a_connection_tells_what_the_engine_is(engine):
    assert engine.version and engine.info["ServerVersion"] == engine.version
    assert engine.client.api._version == engine.api_version
    assert connection.connect() is connection.connect()


def test_a_dead_engine_is_told_and_a_living_one_found_again(relay):
    first = connection.connect()
    relay[-1].die()
    with pytest.raises(errors.EngineStopped):
        connection.connect()
    relay[-1].path.unlink()
    with pytest.raises(errors.EngineNotFound):
        connection.connect()
    relay.append(Relay(relay[-1].path, relay[-1].target))
    second = connection.connect()
    assert second is not first
    assert second.client.ping()


def test_a_socket_that_opens_and_hangs_up_is_no_living_engine(relay):
    """The socket of an engine that has been killed opens until the last of its threads is gone."""
    first = connection.connect()
    path, target = relay[-1].path, relay[-1].target
    relay[-1].die()
    path.unlink()
    with socket.socket(socket.AF_UNIX) as dying:
        dying.bind(str(path))
        dying.listen(16)

        def hang_up():
            with contextlib.suppress(OSError):
                while True:
                    dying.accept()[0].close()

        threading.Thread(target=hang_up, daemon=True).start()
        with pytest.raises(errors.EngineError):
            connection.connect()
        dying.shutdown(socket.SHUT_RDWR)
    path.unlink()
    relay.append(Relay(path, target))
    assert connection.connect() is not first


def test_an_engine_replaced_by_an_older_one_is_told(relay, fake_engine, engine):
    assert connection.connect().version == engine.version
    relay[-1].die()
    relay[-1].path.unlink()
    with pytest.raises(errors.EngineNotFound):
        connection.connect()
    fake_engine(relay[-1].path, Version="1.9", ApiVersion="1.21", MinAPIVersion="1.12")
    with pytest.raises(errors.EngineTooOld) as told:
        connection.connect()
    assert told.value.code == "E06" and told.value.todo
    relay[-1].path.unlink()
    relay.append(Relay(relay[-1].path, relay[-1].target))
    assert connection.connect().version == engine.version, "the next command works"


def test_an_engine_that_dies_while_working_is_lost(relay, tiny):
    from dockerlab.engine import labels

    connected = connection.connect()
    api = connected.client.api
    with errors_of_engine():
        container = api.create_container(tiny.reference, ["sleep", "60"], labels=labels(deadline=60))["Id"]
        api.start(container)
    threading.Timer(0.5, relay[-1].die).start()
    with pytest.raises(errors.EngineLost), errors_of_engine():
        api.wait(container)
    relay[-1].path.unlink()
    relay.append(Relay(relay[-1].path, relay[-1].target))
    connection.connect().client.api.remove_container(container, force=True)


def test_the_choice_is_made_again_when_the_environment_changes(relay, engine, monkeypatch):
    assert connection.connect().endpoint.url == os.environ["DOCKER_HOST"]
    monkeypatch.setenv("DOCKER_HOST", engine.endpoint.url)
    assert connection.connect().endpoint.url == engine.endpoint.url


def test_real_refusals_of_the_engine_are_translated(engine, tiny):
    from dockerlab.engine import labels

    api = engine.client.api
    name = f"dockerlab-test-{uuid.uuid4().hex[:8]}"
    made = []

    def create(image=tiny.reference, command=("true",), **options):
        with errors_of_engine():
            container = api.create_container(image, list(command), labels=labels(deadline=60), **options)[
                "Id"
            ]
        made.append(container)
        return container

    try:
        create(name=name)
        with pytest.raises(errors.NameInUse, match=name):
            create(name=name)
        with pytest.raises(errors.ImageMissing, match="nonesuch-here"):
            create(image="nonesuch-here:1")
        with pytest.raises(errors.CommandNotFound, match="frobnicate"), errors_of_engine():
            api.start(create(command=["frobnicate"]))
        with pytest.raises(errors.InvalidRequest), errors_of_engine():
            api.start(create(host_config=api.create_host_config(nano_cpus=10**15)))
        with pytest.raises(errors.EngineRefused), errors_of_engine():
            api.inspect_container("0" * 64)
    finally:
        for container in made:
            api.remove_container(container, force=True)


def test_a_port_in_use_is_translated(engine, tiny):
    from dockerlab.engine import labels

    api = engine.client.api
    containers = []
    try:
        for _ in range(2):
            config = api.create_host_config(port_bindings={80: ("127.0.0.1", 48231)})
            with errors_of_engine():
                containers.append(
                    api.create_container(
                        tiny.reference,
                        ["sleep", "60"],
                        ports=[80],
                        host_config=config,
                        labels=labels(deadline=60),
                    )["Id"]
                )
        api.start(containers[0])
        with pytest.raises(errors.PortInUse, match="48231"), errors_of_engine():
            api.start(containers[1])
    finally:
        for container in containers:
            api.remove_container(container, force=True)


FORKED = """
import os
from dockerlab import engine
ours = engine.connect()
engine.labels()
session = engine.session_id()
pid = os.fork()
if pid == 0:
    other = engine.connect()
    ok = other is not ours and other.client.ping() and engine.session_id() != session
    engine.labels()
    os._exit(0 if ok else 1)
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
assert status == 0, status
assert engine.connect() is ours and ours.client.ping() and engine.session_id() == session
"""


def test_a_forked_child_has_its_own_connection_and_session(engine):
    environment = os.environ | {"DOCKER_HOST": engine.endpoint.url}
    ran = subprocess.run(
        [sys.executable, "-c", FORKED], env=environment, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr


def test_completion_names_images_without_connecting(relay, tiny):
    assert connection.image_names_if_connected() == ()
    connection.connect()
    assert tiny.reference in connection.image_names_if_connected()
    relay[-1].die()
    began = time.perf_counter()
    assert connection.image_names_if_connected() == ()
    assert time.perf_counter() - began < 3
