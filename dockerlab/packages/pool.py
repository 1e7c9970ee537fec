"""패키지 파일(.deb)을 내려받아 간직합니다."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from dockerlab.errors import ChecksumMismatch, FetchError
from dockerlab.packages.index import Index, Package
from dockerlab.packages.lists import open_index
from dockerlab.packages.transfer import download
from dockerlab.places import cache_dir
from dockerlab.progress import Report, silent


def fetch(package: Package, report: Report = silent) -> Path:
    """패키지 하나를 내려받아 그 경로를 돌려줍니다. 이미 받은 것은 SHA-256만 확인하고 씁니다.

    ``FetchError``, ``ChecksumMismatch``, ``DiskFull``을 냅니다.
    """
    return download(
        f"{package.mirror}/{package.filename}",
        cache_dir("packages") / PurePosixPath(package.filename).name,
        sha256=package.sha256,
        size=package.size,
        what=f"{package.name} 내려받기",
        report=report,
    )


def fetch_all(
    packages: Iterable[Package], report: Report = silent, what: str = "패키지 내려받기"
) -> list[Path]:
    """여러 패키지를 차례로 내려받습니다. 진행 상황은 모두 합친 바이트로 한 줄에 알립니다."""
    packages = list(packages)
    total = sum(package.size for package in packages)
    done = 0
    paths = []

    def advance(_what: str, received: int, _size: int | None) -> None:
        report(what, done + received, total)

    for package in packages:
        paths.append(fetch(package, advance))
        done += package.size
        report(what, done, total)
    return paths


def gather(
    suite: str,
    choose: Callable[[Index], list[Package]],
    report: Report = silent,
    what: str = "패키지 내려받기",
    arch: str | None = None,
) -> tuple[Index, list[Package], list[Path]]:
    """배포판의 목록과, 거기서 ``choose``가 고른 패키지와, 내려받은 파일들을 돌려줍니다.

    간직한 목록이 낡았거나 그 미러에 닿지 못하면, 목록을 새로 받고 답하는 미러에서 한 번 더 합니다.
    """
    index = open_index(suite, arch, report)
    packages = choose(index)
    try:
        return index, packages, fetch_all(packages, report, what)
    except ChecksumMismatch:
        raise
    except FetchError as error:
        # The archive moved on since our list was fetched, or this machine is in another network now.
        index, before = open_index(suite, arch, report, max_age=0), index
        if index.mirror == before.mirror and error.status is None:
            raise
    packages = choose(index)
    return index, packages, fetch_all(packages, report, what)
