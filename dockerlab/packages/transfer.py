"""HTTP로 파일을 내려받습니다: 이어받고, SHA-256을 확인하고, 다 된 것만 제 이름을 얻습니다."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from dockerlab.errors import ChecksumMismatch, FetchError
from dockerlab.places import disk_errors, is_disk_full
from dockerlab.progress import Report, silent

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS = 4.0
SILENCE_SECONDS = 20.0
"""큰 파일을 받는 동안 이 시간 내내 아무것도 오지 않으면 그만둡니다."""

ANSWER_SECONDS = 5.0
"""작은 파일은 이 시간 안에 답이 와야 합니다."""

_CHUNK = 1 << 18
_LIST_LIMIT = 8 << 20
# "identity": a server that compresses on the way would break sizes and ranges.
_HEADERS = {"User-Agent": "dockerlab", "Accept-Encoding": "identity"}
_BREAKS = 3  # how often a broken connection is taken up again within one download


def download(
    url: str,
    target: Path,
    *,
    sha256: str | None = None,
    size: int | None = None,
    what: str | None = None,
    report: Report = silent,
) -> Path:
    """``url``을 ``target``에 내려받습니다.

    ``sha256``이 맞는 파일이 이미 있으면 그대로 쓰고, 받다 만 것(``.part``)이 있으면 이어받습니다.
    두 프로그램이 같은 파일을 함께 청하면 하나가 받고 다른 하나는 기다렸다가 씁니다.
    ``FetchError``(``.status``에 HTTP 상태), ``ChecksumMismatch``, ``DiskFull``을 냅니다.
    """
    what = what or target.name
    with disk_errors(target):
        if sha256 and _matches(target, sha256):
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked_part(target) as (part, partial):
            if sha256 and _matches(target, sha256):  # another process was faster
                part.unlink()
                return target
            if not sha256:
                partial.truncate(0)  # nothing would tell a wrong continuation
            try:
                _fill(url, partial, sha256, size, what, report)
            except ChecksumMismatch:
                part.unlink()
                raise
            except OSError as error:
                if is_disk_full(error):
                    part.unlink()  # give the room back
                raise
            os.replace(part, target)
    return target


def read_url(url: str) -> bytes:
    """작은 파일 하나를 통째로 읽습니다(8 MiB까지)."""
    timeout = (CONNECT_SECONDS, ANSWER_SECONDS)
    headers = _HEADERS | {"Cache-Control": "max-age=0"}
    content = bytearray()
    with (
        _web_errors(url, timeout),
        _session() as session,
        session.get(url, stream=True, timeout=timeout, headers=headers) as answer,
    ):
        _expect(answer, url, {200})
        for chunk in answer.iter_content(_CHUNK):
            content += chunk
            if len(content) > _LIST_LIMIT:
                raise FetchError(
                    "미러가 너무 큰 파일을 보냈습니다.",
                    seen=url,
                    todo="DOCKERLAB_DEBIAN_MIRROR로 다른 미러를 정하십시오.",
                )
    return bytes(content)


def _fill(
    url: str, partial: BinaryIO, sha256: str | None, size: int | None, what: str, report: Report
) -> None:
    for attempt in (1, 2):
        _receive_all(url, partial, size, what, report)
        if sha256 is None:
            return
        partial.seek(0)
        seen = hashlib.file_digest(partial, "sha256").hexdigest()
        if seen == sha256:
            return
        partial.truncate(0)  # once more from the first byte
        if attempt == 2:
            raise ChecksumMismatch(
                f"내려받은 파일이 목록에 적힌 것과 다릅니다: {what}",
                seen=f"목록의 SHA-256: {sha256}, 받은 파일의 SHA-256: {seen}. 두 번 받아도 달랐습니다.",
                todo="네트워크나 미러가 파일을 바꾸고 있습니다. 다른 네트워크에서 다시 해 보거나 "
                "DOCKERLAB_DEBIAN_MIRROR로 다른 미러를 정하십시오.",
            )


def _receive_all(url: str, partial: BinaryIO, size: int | None, what: str, report: Report) -> None:
    """Receive what is missing; a connection that breaks after giving something is taken up again."""
    with _session() as session:
        for attempt in range(_BREAKS + 1):
            had = partial.seek(0, os.SEEK_END)
            if size is not None and had > size:
                had = partial.truncate(0)
            if size is not None and had == size:
                return
            try:
                _receive(session, url, partial, size, what, report)
                return
            except FetchError as error:
                gained = partial.seek(0, os.SEEK_END) > had
                if error.status or not gained or attempt == _BREAKS:
                    raise


def _receive(
    session: requests.Session,
    url: str,
    partial: BinaryIO,
    size: int | None,
    what: str,
    report: Report,
) -> None:
    have = partial.seek(0, os.SEEK_END)
    headers = _HEADERS | ({"Range": f"bytes={have}-"} if have else {})
    timeout = (CONNECT_SECONDS, SILENCE_SECONDS)
    with (
        _web_errors(url, timeout),
        session.get(url, stream=True, timeout=timeout, headers=headers) as answer,
    ):
        _expect(answer, url, {200, 206, 416} if have else {200})
        if answer.status_code == 200:  # from the first byte: nothing was there or no ranges are known
            have = partial.truncate(0)
        elif not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            # 416, or another part: what we have is no beginning of that file (any more).
            partial.truncate(0)
            return _receive(session, url, partial, size, what, report)
        length = answer.headers.get("Content-Length", "")
        total = size or (have + int(length) if length.isdigit() else None)
        report(what, have, total)
        for chunk in answer.iter_content(_CHUNK):
            partial.write(chunk)
            have += len(chunk)
            if size is not None and have > size:
                break  # longer than the signed list says: the checksum will refuse it
            report(what, have, total)
        partial.flush()


@contextmanager
def _locked_part(target: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Open TARGET.part for us alone. The lock dies with the process, so a kill leaves no stale lock."""
    part = target.with_name(target.name + ".part")
    while True:
        with open(part, "a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not _same_file(part, file):
                continue  # its owner finished and renamed it while we waited
            yield part, file
            return


def _same_file(path: Path, file: BinaryIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _matches(path: Path, sha256: str) -> bool:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return False


def _session() -> requests.Session:
    import requests  # 0.1 s, and only those who download need it

    return requests.Session()  # honours http_proxy, https_proxy and no_proxy


def _expect(answer: requests.Response, url: str, wanted: set[int]) -> None:
    if answer.status_code in wanted:
        return
    error = FetchError(
        f"미러가 파일을 주지 않았습니다(HTTP {answer.status_code}).",
        seen=url,
        todo="잠시 뒤 다시 해 보거나 DOCKERLAB_DEBIAN_MIRROR로 다른 미러를 정하십시오.",
    )
    error.status = answer.status_code
    raise error


@contextmanager
def _web_errors(url: str, timeout: tuple[float, float]) -> Iterator[None]:
    import requests

    try:
        yield
    except requests.Timeout as error:
        raise FetchError(
            "미러가 정해진 시간 안에 답하지 않았습니다.",
            seen=f"{url} (연결 {timeout[0]:g}초, 무응답 {timeout[1]:g}초까지 기다렸습니다)",
            todo="네트워크를 확인하고 다시 실행하십시오. 받은 데까지는 남아 있어 이어서 받습니다.",
        ) from error
    except requests.RequestException as error:
        raise FetchError(
            "미러와의 연결이 되지 않거나 도중에 끊겼습니다.",
            seen=f"{url}: {_cause(error)}",
            todo="네트워크와 프록시(http_proxy) 설정을 확인하고 다시 실행하십시오. "
            "받은 데까지는 남아 있어 이어서 받습니다.",
        ) from error


def _cause(error: BaseException) -> str:
    """The innermost reason: what requests wraps three times over tells a reader little."""
    inner = error
    while inner.__cause__ or inner.__context__:
        inner = inner.__cause__ or inner.__context__
    return str(inner) or type(inner).__name__
