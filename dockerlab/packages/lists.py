"""서명된 패키지 목록을 내려받아 간직하고 엽니다."""

from __future__ import annotations

import lzma
import platform
import time
from functools import lru_cache
from pathlib import Path

from dockerlab.errors import ChecksumMismatch, FetchError, ToolMissing
from dockerlab.packages.index import Index
from dockerlab.packages.mirror import mirrors
from dockerlab.packages.release import Release, read_release
from dockerlab.packages.transfer import download, read_url
from dockerlab.places import cache_dir, write_whole
from dockerlab.progress import Report, silent

KEEP_SECONDS = 6 * 3600.0
"""이 시간 안에 확인한 목록은 미러에 다시 묻지 않습니다."""

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def architecture() -> str:
    """이 컴퓨터의 CPU를 Debian이 부르는 이름(amd64, arm64)으로 돌려줍니다."""
    machine = platform.machine()
    try:
        return _ARCHITECTURES[machine.lower()]
    except KeyError:
        raise ToolMissing(
            "이 CPU에서 도는 엔진 묶음은 준비되어 있지 않습니다.",
            seen=f"CPU: {machine}",
            todo="x86-64나 arm64 컴퓨터를 쓰거나 Docker를 직접 설치한 뒤 다시 실행하십시오.",
        ) from None


def open_index(
    suite: str,
    arch: str | None = None,
    report: Report = silent,
    *,
    max_age: float = KEEP_SECONDS,
) -> Index:
    """배포판(``trixie``, ``bookworm``)의 패키지 목록을 서명을 확인하고 엽니다.

    ``max_age``초 안에 확인한 목록이 있으면 그대로 쓰고, 미러에 닿지 못하면 더 오래된 것도 씁니다.
    ``FetchError``, ``SignatureInvalid``, ``ChecksumMismatch``, ``DiskFull``을 냅니다.
    """
    arch = arch or architecture()
    kept = cache_dir("packages", "lists") / f"{suite}.InRelease"
    choices = _choices(suite)
    age = time.time() - kept.stat().st_mtime if kept.exists() else float("inf")
    if 0 <= age < max_age:
        try:
            return _open_at(choices[0], suite, arch, kept.read_bytes(), report)
        except FetchError:
            pass  # A damaged or outdated copy: ask the mirrors anew.
    failures: list[FetchError] = []
    for mirror in choices:
        try:
            signed = read_url(f"{mirror}/dists/{suite}/InRelease")
            index = _open_at(mirror, suite, arch, signed, report)
        except FetchError as error:
            failures.append(error)
            continue
        write_whole(kept, signed)
        write_whole(kept.with_suffix(".mirror"), mirror.encode())
        return index
    if kept.exists():
        try:
            return _open_at(choices[0], suite, arch, kept.read_bytes(), report)
        except FetchError:
            pass  # What went wrong with the mirror says more.
    raise failures[0]


def _choices(suite: str) -> list[str]:
    """The mirrors, the one that served this suite last time first."""
    remembered = cache_dir("packages", "lists") / f"{suite}.mirror"
    last = remembered.read_text("utf-8") if remembered.exists() else None
    return sorted(mirrors(), key=lambda mirror: mirror != last)


def _open_at(mirror: str, suite: str, arch: str, signed: bytes, report: Report) -> Index:
    release = read_release(signed, suite)
    digest, packages = _packages_file(mirror, suite, arch, release, report)
    return _parsed(suite, arch, mirror, digest, packages)


def _packages_file(
    mirror: str, suite: str, arch: str, release: Release, report: Report
) -> tuple[str, Path]:
    path = f"main/binary-{arch}/Packages.xz"
    if path not in release.files:
        raise FetchError(
            f"{suite}에는 {arch} 컴퓨터의 패키지 목록이 없습니다.",
            seen=f"{mirror}의 목록에 없는 파일: {path}",
            todo="DOCKERLAB_DEBIAN_MIRROR로 다른 미러를 정하십시오.",
        )
    digest, size = release.files[path]
    folder = f"{mirror}/dists/{suite}"
    target = cache_dir("packages", "lists") / f"{suite}-{arch}-Packages.xz"
    what = f"{suite} 패키지 목록"

    def get(url: str) -> tuple[str, Path]:
        return digest, download(url, target, sha256=digest, size=size, what=what, report=report)

    if release.by_hash:
        try:
            # A file named by its hash stays the right one while the mirror is being updated.
            return get(f"{folder}/main/binary-{arch}/by-hash/SHA256/{digest}")
        except FetchError as error:
            if isinstance(error, ChecksumMismatch):
                raise
    return get(f"{folder}/{path}")


@lru_cache(maxsize=1)
def _parsed(suite: str, arch: str, mirror: str, digest: str, packages: Path) -> Index:
    # The digest is part of the key, so that a newer list is never answered from memory. Only the last
    # one is kept: it takes 60 MB.
    return Index(suite, arch, lzma.decompress(packages.read_bytes()), mirror)
