"""패키지 파일(.deb)을 내려받아 간직합니다."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from dockerlab.packages.index import Package
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
