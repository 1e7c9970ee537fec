"""컨테이너를 만들고, 붙고, 반드시 지웁니다. 실행(run)과 오래 두는 컨테이너(start)가 함께 씁니다."""

from __future__ import annotations

import contextlib
import io
import socket
import tarfile
import time
from collections.abc import Mapping
from typing import Any

from dockerlab.containers.request import RUN_LABEL, Request
from dockerlab.containers.stream import Stream
from dockerlab.engine import debts
from dockerlab.errors import PortInUse

OUTPUT_LIMIT = 1024 * 1024
_LATE_CREATE = 2.0  # how long an interrupted create may still come true in the engine


def create(api: Any, request: Request, body: Mapping[str, Any]) -> str:
    """컨테이너를 만들고 전체 id를 돌려줍니다. 도중에 끊기면(Ctrl-C) 만들어졌을 것을 찾아 지웁니다."""
    try:
        return api.create_container_from_config(body, request.name)["Id"]
    except KeyboardInterrupt:
        _discard_late(api, request)
        raise


def put(api: Any, container: str, files: Mapping[str, bytes]) -> None:
    """파일들을 컨테이너 안에 씁니다. 절대 경로이고, 없는 폴더는 만들며, 권한은 0755입니다."""
    if not files:
        return
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode, entry.mtime = len(content), 0o755, int(time.time())
            tar.addfile(entry, io.BytesIO(content))
    api.put_archive(container, "/", archive.getvalue())


def attach(api: Any, container: str, *, stdin: bytes | None, limit: int) -> Stream:
    """시작하기 전에 붙습니다. 그래야 첫 바이트가 온 때를 놓치지 않습니다."""
    wanted = {"stdout": 1, "stderr": 1, "stream": 1, "stdin": int(stdin is not None)}
    return Stream(api.attach_socket(container, wanted), stdin=stdin, limit=limit)


def discard(api: Any, container: str) -> None:
    """우리가 만든 컨테이너를 전체 id로 지웁니다. 지우는 동안의 Ctrl-C는 다 지운 뒤에 따릅니다."""
    try:
        debts.remove(api, container)
    except KeyboardInterrupt:
        debts.remove(api, container)
        raise
    except OSError:  # requests' errors are OSErrors
        debts.owe(container)
        raise


def free_ports(ports: Mapping[int, int | None]) -> None:
    """공개하려는 포트가 이 컴퓨터에서 비어 있는지 봅니다.

    An engine may live in a network of its own and not see who listens here, so we look ourselves.
    """
    for port in filter(None, ports.values()):
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", port))
            except PermissionError:
                continue  # a low port: the engine may open what we may not
            except OSError as error:
                raise PortInUse(
                    f"포트 {port}번을 다른 프로그램이 쓰고 있습니다.",
                    seen=f"127.0.0.1:{port}: {error.strerror}",
                    todo=f"다른 포트를 쓰십시오. 예를 들어 {_free_port()}번이 비어 있습니다.",
                ) from error


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _discard_late(api: Any, request: Request) -> None:
    end = time.perf_counter() + _LATE_CREATE
    with contextlib.suppress(OSError):  # requests' errors are OSErrors; the watcher is the last line
        while time.perf_counter() < end:
            ours = api.containers(all=True, filters={"label": f"{RUN_LABEL}={request.token}"})
            for container in ours:
                discard(api, container["Id"])
            if ours:
                return
            time.sleep(0.1)
