"""Registries: real ones on an engine, and one that fails in every way a registry can."""

import importlib.util
import io
import os
import tarfile
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

FAKE = Path(__file__).parent.parent / "images" / "fake_registry.py"


@pytest.fixture(scope="session")
def layer():
    """A layer that nothing else has, large enough to be broken in the middle."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        entry = tarfile.TarInfo("noise")
        entry.size = 300_000
        tar.addfile(entry, io.BytesIO(os.urandom(entry.size)))
    return packed.getvalue()


@pytest.fixture(scope="session")
def faulty(layer):
    """The failing registry in this process: its address. Its repositories are named after their faults."""
    spec = importlib.util.spec_from_file_location("fake_registry", FAKE)
    fake = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fake)
    fake.Handler.blobs, fake.Handler.manifests, fake.Handler.latest = fake.image(layer, "amd64")
    server = ThreadingHTTPServer(("127.0.0.1", 0), fake.Handler)
    server.daemon_threads = True
    server.block_on_close = False  # those that hang would be waited for
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def faulty_beside(engine, layer):
    """The failing registry in a container, where the engine reaches it under the same address as we."""
    from dockerlab import containers, images

    images.ensure("python")
    files = {"/fake_registry.py": FAKE.read_bytes(), "/layer.tar.gz": layer}
    command = ["python3", "-u", "/fake_registry.py", "5000", "/layer.tar.gz", "amd64", "0.0.0.0"]
    with containers.start("python", command, files=files, ports={5000: None}) as container:
        container.wait_output("sha256:", 60)
        yield f"localhost:{container.address[5000]}"


@pytest.fixture(scope="session")
def registry(engine, tiny):
    """A real registry."""
    from dockerlab import registries

    with registries.registry() as started:
        yield started


@pytest.fixture
def grown(engine, tiny):
    """Makes images of `tiny` with one more layer of so many random bytes; they go afterwards."""
    from dockerlab.engine import labels

    made = []

    def grow(size, base="dockerlab/tiny:latest"):
        api = engine.client.api
        context = io.BytesIO()
        with tarfile.open(fileobj=context, mode="w") as tar:
            noise = os.urandom(size)
            recipe = f"FROM {base}\nCOPY noise /noise-{noise[:4].hex()}\n".encode()
            for name, content in (("noise", noise), ("Dockerfile", recipe)):
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
        context.seek(0)
        tag = f"dockerlab-test/grown-{len(made)}:{os.getpid()}"
        told = labels(kind="image")
        for event in api.build(
            fileobj=context, custom_context=True, tag=tag, labels=told, decode=True, rm=True
        ):
            assert "error" not in event, event
        made.append(tag)
        return tag

    yield grow
    for tag in reversed(made):
        engine.client.api.remove_image(tag)
