"""Tars received without docker-py's chunks: the same bytes, and never less than all of them in silence."""

import io
import socket
import tarfile
import threading

import pytest

from dockerlab import layering
from dockerlab.engine.endpoint import Endpoint
from dockerlab.engine.wire import PIECE, tar_stream
from dockerlab.errors import ImageMissing


def made_tar(size: int = 3 * PIECE) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as tar:
        info = tarfile.TarInfo("content")
        info.size = size
        tar.addfile(info, io.BytesIO(bytes(range(1, 251)) * (size // 250 + 1)))
    return whole.getvalue()


def contents(whole: bytes) -> dict[str, bytes]:
    """Without the times: an engine writes the moment of the export into it."""
    with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
        return {each.name: tar.extractfile(each).read() if each.isfile() else b"" for each in tar}


@pytest.fixture
def speaker(tmp_path):
    """A server on a socket that sends given bytes, whatever it is asked, and closes."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()

        def start(answer: bytes) -> Endpoint:
            def speak():
                with listening.accept()[0] as talking:
                    talking.recv(65536)
                    talking.sendall(answer)

            threading.Thread(target=speak, daemon=True).start()
            return Endpoint(f"unix://{tmp_path / 's'}", "env", "test")

        yield start


def test_all_of_a_tar_arrives(speaker):
    tar = made_tar()
    pieces = tar_stream(speaker(b"HTTP/1.0 200 OK\r\n\r\n" + tar), "/x", limit=5)
    assert b"".join(pieces) == tar


@pytest.mark.parametrize("sent", [0, 100, 512, 512 + PIECE, 512 + 3 * PIECE])
def test_a_tar_that_ends_too_early_is_an_engine_that_is_lost(speaker, sent):
    pieces = tar_stream(speaker(b"HTTP/1.0 200 OK\r\n\r\n" + made_tar()[:sent]), "/x", limit=5)
    with pytest.raises(ConnectionResetError):
        list(pieces)


def test_an_answer_in_chunks_is_understood(speaker):
    tar = made_tar(1000)
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(tar), tar)
    assert b"".join(tar_stream(speaker(chunked), "/x", limit=5)) == tar


def test_a_refusal_is_left_to_docker_py(speaker):
    assert tar_stream(speaker(b"HTTP/1.0 404 Not Found\r\n\r\n{}"), "/x", limit=5) is None


def test_a_slow_engine_is_not_waited_for_without_end(tmp_path):
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent"))
        silent.listen()
        endpoint = Endpoint(f"unix://{tmp_path / 'silent'}", "env", "test")
        with pytest.raises(TimeoutError):
            tar_stream(endpoint, "/x", limit=0.2)


@pytest.mark.engine
def test_the_engine_sends_the_same_as_to_docker_py(engine, tiny):
    plain = b"".join(tar_stream(engine.endpoint, f"/images/{tiny.id}/get", limit=60))
    assert contents(plain) == contents(b"".join(engine.client.api.get_image(tiny.id)))


@pytest.mark.engine
def test_an_image_that_is_not_there_is_told_as_before(engine):
    assert tar_stream(engine.endpoint, "/images/sha256:0/get", limit=60) is None
    with pytest.raises(ImageMissing):
        layering.layers("dockerlab-test/not-there:1")
