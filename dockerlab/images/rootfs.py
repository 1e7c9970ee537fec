"""과정 이미지의 파일들(rootfs)을 Debian 패키지에서 한 번 만들어 두고, 다음부터는 그대로 씁니다."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dockerlab.images import archive, recipes
from dockerlab.places import cache_dir, disk_errors
from dockerlab.progress import Report, silent

if TYPE_CHECKING:
    from dockerlab.packages import Package


@dataclass(frozen=True)
class Rootfs:
    """만들어 둔 tar(gzip) 하나입니다. ``packages``는 '이름=버전' 꼴이고, ``sha256``은 tar 파일의 것입니다."""

    name: str
    arch: str
    suite: str
    recipe: int
    packages: tuple[str, ...]
    sha256: str

    @property
    def path(self) -> Path:
        return _home() / f"{self.name}-{self.arch}.tar.gz"

    @property
    def origin(self) -> str:
        """이미지의 출처 라벨입니다."""
        made_of = f"recipe {self.recipe}, {len(self.packages)} packages, tar sha256:{self.sha256}"
        return f"built:debian-{self.suite} {made_of}"


def kept(name: str, arch: str) -> Rootfs | None:
    """전에 만들어 둔 것입니다. 만드는 법이 바뀌었거나 파일이 손상되었으면 ``None``입니다."""
    try:
        told = json.loads(_note(name, arch).read_text())
        found = Rootfs(**{**told, "packages": tuple(told["packages"])})
        whole = found.recipe == recipes.VERSION and _sha256(found.path) == found.sha256
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return found if whole else None


def make(name: str, arch: str, report: Report = silent) -> Rootfs:
    """패키지를 내려받아 풀고, 다듬고, 묶습니다. 이미 있으면 그것을 돌려줍니다.

    ``FetchError``, ``SignatureInvalid``, ``ChecksumMismatch``, ``DiskFull``을 냅니다.
    """
    from dockerlab import packages

    with locked("make"), disk_errors(_home()):
        found = kept(name, arch)
        if found is not None:
            return found
        what = f"'{name}' 이미지의 패키지 내려받기"
        ingredients = functools.partial(recipes.ingredients, name)
        index, chosen, debs = packages.gather(recipes.SUITE, ingredients, report, what, arch)
        with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=_home()) as folder:
            root = Path(folder, "root")
            root.mkdir()
            began = time.time()
            files = _unpack(name, chosen, debs, root, report)
            recipes.furnish(name, root, index, chosen, files)
            target = _home() / f"{name}-{arch}.tar.gz"
            archive.pack(root, target, began, report)
        made = Rootfs(
            name=name,
            arch=arch,
            suite=recipes.SUITE,
            recipe=recipes.VERSION,
            packages=tuple(f"{package.name}={package.version}" for package in chosen),
            sha256=_sha256(target),
        )
        # Written last: without its note a tar does not count.
        _note(name, arch).write_text(json.dumps(asdict(made), indent=1))
        return made


def _unpack(
    name: str, chosen: Sequence[Package], debs: Sequence[Path], root: Path, report: Report
) -> dict[str, list[str]]:
    from dockerlab import packages

    files = {}
    for done, (package, deb) in enumerate(zip(chosen, debs, strict=True), 1):
        files[package.name] = packages.unpack(deb, root, recipes.RECIPES[name].keep)
        report(f"'{name}' 이미지의 패키지 풀기", done, len(chosen))
    return files


def _home() -> Path:
    return cache_dir("images")


def _note(name: str, arch: str) -> Path:
    return _home() / f"{name}-{arch}.json"


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def locked(what: str) -> Iterator[None]:
    """같은 이미지를 바라는 커널이 둘이면, 하나가 만드는 동안 다른 하나는 기다렸다가 그것을 씁니다."""
    path = _home() / f"{what}.lock"
    with disk_errors(path):
        path.touch()
    with open(path, "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
