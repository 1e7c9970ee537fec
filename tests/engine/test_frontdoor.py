"""A client that ends what it says and reads on, before a gateway that closes both ways at the first end."""

import asyncio
import contextlib
import queue
import shutil
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest

from dockerlab.client import programs
from dockerlab.engine import labels
from dockerlab.engine.rungs.frontdoor import FrontDoor

pytestmark = pytest.mark.engine


class Gateway:
    """As gvproxy: whoever of the two ends first ends both. ``open`` counts who is connected."""

    def __init__(self, engine: Path) -> None:
        self.engine = engine
        self.open = 0

    async def serve(self, from_client, to_client):
        from_engine, to_engine = await asyncio.open_unix_connection(self.engine)
        self.open += 1

        async def carry(reader, writer):
            with contextlib.suppress(OSError):
                while data := await reader.read(65536):
                    writer.write(data)
                    await writer.drain()

        halves = {asyncio.create_task(carry(from_client, to_engine)),
                  asyncio.create_task(carry(from_engine, to_client))}  # fmt: skip
        await asyncio.wait(halves, return_when=asyncio.FIRST_COMPLETED)
        for each in halves:
            each.cancel()
        to_client.close()
        to_engine.close()
        self.open -= 1


@pytest.fixture
def gateway(engine):
    """The address behind the door, and the gateway between it and the engine."""
    if engine.endpoint.path is None:
        pytest.skip("the engine is not behind a Unix socket")
    folder = Path(tempfile.mkdtemp(prefix="dlt", dir="/tmp"))
    made = Gateway(engine.endpoint.path)
    opened = queue.Queue()

    async def serve():
        end = asyncio.Event()
        server = await asyncio.start_unix_server(made.serve, folder / "inner.sock")
        door = FrontDoor(folder / "docker.sock", folder / "inner.sock")
        await door.open()
        opened.put((asyncio.get_running_loop(), end))
        await end.wait()
        server.close()
        door.close()

    serving = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    serving.start()
    loop, end = opened.get(timeout=10)
    assert (folder / "docker.sock").stat().st_mode & 0o777 == 0o600
    made.url = f"unix://{folder}/docker.sock"
    yield made
    loop.call_soon_threadsafe(end.set)
    serving.join()
    shutil.rmtree(folder)


def docker(gateway, *words, stdin=b""):
    done = subprocess.run(
        [*programs.program(), *words], env=programs.environment(gateway.url), input=stdin,
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def labelled():
    return [word for name, value in labels().items() for word in ("--label", f"{name}={value}")]


def test_the_output_of_docker_run_arrives(gateway, tiny):
    run = ["run", "--rm", *labelled(), tiny.reference, "sh", "-c", "echo out; echo err >&2; exit 3"]
    assert docker(gateway, *run) == (3, b"out\n", b"err\n")


def test_what_is_sent_ends_for_the_container_and_the_answer_still_comes(gateway, tiny):
    lines = b"line\n" * 10_000
    run = ["run", "--rm", "-i", *labelled(), tiny.reference, "sh", "-c", "cat; echo end"]
    assert docker(gateway, *run, stdin=lines) == (0, lines + b"end\n", b"")


def test_exec_answers(gateway, engine, tiny):
    made = engine.client.containers.run(tiny.reference, ["sleep", "1000"], detach=True, labels=labels())
    try:
        assert docker(gateway, "exec", made.id, "echo", "hi") == (0, b"hi\n", b"")
        # The input's end can be told only by closing both ways: the command ends, its output is lost.
        assert docker(gateway, "exec", "-i", made.id, "sh", "-c", "cat > /tmp/kept", stdin=b"kept")[0] == 0
        assert docker(gateway, "exec", made.id, "cat", "/tmp/kept")[1] == b"kept"
    finally:
        made.remove(force=True)


def test_a_client_that_is_gone_frees_the_engine(gateway, until):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(gateway.url.removeprefix("unix://"))
        client.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(1)
        assert gateway.open == 1
    assert until(lambda: gateway.open == 0)
