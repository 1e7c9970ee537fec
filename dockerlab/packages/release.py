"""Debian의 서명된 InRelease 파일을 읽고 서명을 확인합니다.

형식: https://wiki.debian.org/DebianRepository/Format
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from dockerlab.errors import SignatureInvalid, ToolMissing

KEYS = Path(__file__).with_name("keys")
"""이 과정이 믿는 Debian 서명 키(bookworm, trixie)의 폴더입니다."""


@dataclass(frozen=True)
class Release:
    """서명이 확인된 목록의 목록입니다. ``files``는 경로마다 (SHA-256, 바이트)입니다."""

    codename: str
    suite: str
    by_hash: bool
    files: dict[str, tuple[str, int]]


def read_release(signed: bytes, suite: str, now: datetime | None = None) -> Release:
    """InRelease의 서명, 이름, 유효 기간을 확인하고 읽습니다.

    못 믿을 것이면 ``SignatureInvalid``를 냅니다.
    """
    text = _verified(signed).decode("utf-8", "replace")
    fields = dict(re.findall(r"^([A-Za-z0-9-]+): ?(.*)$", text, re.M))
    codename, named = fields.get("Codename", ""), fields.get("Suite", "")
    if suite not in (codename, named):
        # A correctly signed file of another release would silently give other packages.
        raise SignatureInvalid(
            f"미러가 다른 배포판의 목록을 보냈습니다. 받으려던 배포판: {suite}",
            seen=f"Codename: {codename}, Suite: {named}",
            todo="미러가 고장 났을 수 있습니다. DOCKERLAB_DEBIAN_MIRROR로 다른 미러를 정하십시오.",
        )
    until = fields.get("Valid-Until")
    if until and _moment(until) < (now or datetime.now(UTC)):
        raise SignatureInvalid(
            f"{suite} 패키지 목록의 유효 기간이 지났습니다.",
            seen=f"Valid-Until: {until}",
            todo="컴퓨터의 시계가 맞는지 확인하고, 맞다면 DOCKERLAB_DEBIAN_MIRROR로 다른 미러를 정하십시오.",
        )
    section = re.search(r"^SHA256:\n((?: .*\n?)+)", text, re.M)
    files = {}
    for line in (section[1] if section else "").splitlines():
        digest, size, path = line.split()
        files[path] = (digest, int(size))
    return Release(codename, named, fields.get("Acquire-By-Hash") == "yes", files)


def _moment(date: str) -> datetime:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError as error:
        raise SignatureInvalid(
            "패키지 목록의 날짜를 읽을 수 없습니다.",
            seen=f"Valid-Until: {date}",
            todo="DOCKERLAB_DEBIAN_MIRROR로 다른 미러를 정하십시오.",
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _verified(signed: bytes) -> bytes:
    """Only the bytes the signature covers: text put around the signed part must not be read."""
    try:
        from pysequoia import Cert, verify
    except ImportError as error:
        raise ToolMissing(
            "패키지 목록의 서명을 확인할 수 없습니다.",
            seen="pysequoia를 불러오지 못했습니다.",
            todo="pip install pysequoia를 실행한 뒤 다시 해 보십시오.",
        ) from error
    pinned = [Cert.from_file(str(path)) for path in sorted(KEYS.glob("*.asc"))]
    try:
        message = verify(signed, lambda _wanted: pinned)
    except RuntimeError as error:  # pysequoia's only exception for every kind of bad input
        raise SignatureInvalid(
            "패키지 목록의 서명을 확인하지 못해 쓰지 않았습니다.",
            seen=str(error).splitlines()[0],
            todo="로그인이 필요한 와이파이나 고장 난 미러일 수 있습니다. 네트워크를 확인하거나 "
            "DOCKERLAB_DEBIAN_MIRROR로 다른 미러를 정하십시오.",
        ) from error
    # verify() succeeds with one good signature by a pinned key, as gpgv and apt do.
    return bytes(message.bytes)
