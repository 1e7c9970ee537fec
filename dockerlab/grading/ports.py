"""방 안에서 공개된 포트에 닿게 합니다. 방에는 자기 네트워크뿐이므로, 정해진 포트만 밖으로 이어 줍니다.

Inside, a port is listened on and led to a socket file; outside, that file is led to the same port of this
computer's loopback. Nothing else of the network is in the room.
"""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

_MOST = 32  # connections at a time


@contextmanager
def outside(folder: Path, ports: list[int]) -> Iterator[None]:
    """방 밖: 소켓 파일을 이 컴퓨터의 포트로 잇습니다."""
    with ExitStack() as stack:
        for port in ports:
            listening = stack.enter_context(socket.socket(socket.AF_UNIX))
            listening.bind(str(folder / _name(port)))
            (folder / _name(port)).chmod(0o666)
            _lead(listening, lambda port=port: socket.create_connection(("127.0.0.1", port), timeout=5))
            stack.callback(_shut, listening)
        yield


def inside(folder: Path) -> None:
    """방 안: 소켓 파일마다 그 포트를 엽니다."""
    for path in folder.glob("port-*.sock"):
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", int(path.stem.removeprefix("port-"))))
        _lead(listening, lambda path=path: _dialled(path))


def _name(port: int) -> str:
    return f"port-{port}.sock"


def _dialled(path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.connect(str(path))
    return made


def _lead(listening: socket.socket, dial: Callable[[], socket.socket]) -> None:
    listening.listen(_MOST)
    threading.Thread(target=_accept, args=(listening, dial), daemon=True).start()


def _accept(listening: socket.socket, dial: Callable[[], socket.socket]) -> None:
    seats = threading.BoundedSemaphore(_MOST)
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        if seats.acquire(blocking=False):
            threading.Thread(target=_carry, args=(client, dial, seats), daemon=True).start()
        else:
            client.close()


def _carry(client: socket.socket, dial: Callable[[], socket.socket], seats: threading.Semaphore) -> None:
    try:
        with client, dial() as far:
            ends = {client: far, far: client}
            while ready := select.select(list(ends), [], [], 30)[0]:
                for end in ready:
                    if data := end.recv(65536):
                        ends[end].sendall(data)
                    else:
                        return
    except OSError:
        pass  # refused or hung up: the client sees its connection end
    finally:
        seats.release()


def _shut(listening: socket.socket) -> None:
    with suppress(OSError):
        listening.shutdown(socket.SHUT_RDWR)
