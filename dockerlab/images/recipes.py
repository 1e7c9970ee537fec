"""과정 이미지를 Debian 패키지로 만드는 법입니다. root 권한도 debootstrap도 쓰지 않습니다.

Maintainer scripts are not run; what an image needs of their work is done here, by hand and in the open.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dockerlab.errors import ImageError
from dockerlab.images import dpkg

if TYPE_CHECKING:
    from dockerlab.packages import Index, Package

SUITE = "trixie"
VERSION = 2
"""만드는 법이 바뀌면 하나 올립니다. 전에 만든 것은 다시 쓰지 않고, 엔진에 있으면 새로 만듭니다."""

_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# What Debian's own slim images leave out too: documents (licences stay), manuals, translations.
_UNREAD = re.compile(r"usr/share/(doc/.*/(?!copyright$)[^/]+|(man|info|locale|lintian|groff|linda)/.+)$")
# glibc's converters between character sets: two thirds of a C library that speaks UTF-8 without them.
_NOT_TINY = re.compile(r"usr/lib/[^/]+/gconv/|usr/share/(?!doc/.*/copyright$)|etc/(default|network|init)")
_ALTERNATIVES = {"awk": "mawk", "nawk": "mawk", "which": "which.debianutils", "pager": "more"}
_WANTED_APPLETS = {"sh", "ls", "nslookup", "wget", "ps", "sleep"}


@dataclass(frozen=True)
class Recipe:
    """이미지 하나의 재료와 설정입니다. ``whole``이면 가장 작은 배포판 전체를 담습니다."""

    packages: tuple[str, ...]
    whole: bool
    keep: Callable[[str], bool]
    command: str
    environment: tuple[str, ...] = (_PATH,)


RECIPES = {
    "tiny": Recipe(("busybox",), False, lambda path: not _NOT_TINY.match(path), "sh"),
    "debian": Recipe(("apt", "debian-archive-keyring"), True, lambda path: not _UNREAD.match(path), "bash"),
    "python": Recipe(
        ("apt", "debian-archive-keyring", "python3", "python3-pip", "python3-venv", "ca-certificates"),
        True,
        lambda path: not _UNREAD.match(path),
        "python3",
        (_PATH, "LANG=C.UTF-8"),
    ),
    "registry": Recipe(
        ("docker-registry", "busybox"), False, lambda path: not _NOT_TINY.match(path), "registry"
    ),
}


def ingredients(name: str, index: Index) -> list[Package]:
    """이미지에 들어갈 패키지를 이름순으로 모읍니다."""
    recipe = RECIPES[name]
    if not recipe.whole:
        # Libraries only: what else a package wants (adduser, init scripts) serves an installed system.
        return index.closure(recipe.packages, follow=lambda package: package.section == "libs")
    return index.closure([*(package.name for package in index.required()), *recipe.packages])


def furnish(
    name: str, root: Path, index: Index, packages: Sequence[Package], files: dict[str, list[str]]
) -> None:
    """패키지를 푼 ``root``에, 설치 스크립트가 했을 일을 합니다. ``files``는 패키지마다 푼 경로입니다."""
    for folder in ("dev", "proc", "sys", "run", "tmp", "root", "etc", "home", "var/tmp", "usr/local/bin"):
        root.joinpath(folder).mkdir(parents=True, exist_ok=True)
    if RECIPES[name].whole:
        _accounts(root)
        _system_files(root, index.mirror)
        _alternatives(root)
        dpkg.record(root, index, packages, files)
        _library_cache(root)
    else:
        _small_accounts(root)
        _applets(root)
    _write(
        root,
        "usr/share/dockerlab/packages",
        "".join(f"{package.name}={package.version}\n" for package in packages),
    )
    if name == "python":
        _certificates(root)
        _python(root)
    if name == "registry":
        _link(root, "usr/bin/registry", "docker-registry")  # as the official image calls it


def _accounts(root: Path) -> None:
    """base-passwd's work, and the account that apt's scripts add."""
    masters = root / "usr/share/base-passwd"
    passwd = (masters / "passwd.master").read_text().replace(":*:", ":x:")
    passwd += "_apt:x:42:65534::/nonexistent:/usr/sbin/nologin\n"
    _write(root, "etc/passwd", passwd)
    _write(root, "etc/group", (masters / "group.master").read_text().replace(":*:", ":x:"))
    names = [line.split(":")[0] for line in passwd.splitlines()]
    _write(root, "etc/shadow", "".join(f"{name}:*:19000:0:99999:7:::\n" for name in names))
    root.joinpath("etc/shadow").chmod(0o640)


def _small_accounts(root: Path) -> None:
    _write(
        root,
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
    )
    _write(root, "etc/group", "root:x:0:\nnogroup:x:65534:\n")
    _write(root, "etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")


def _system_files(root: Path, mirror: str) -> None:
    """base-files' work, and where apt finds more packages."""
    shared = root / "usr/share/base-files"
    for source, target in (
        ("profile", "etc/profile"),
        ("motd", "etc/motd"),
        ("dot.bashrc", "root/.bashrc"),
        ("dot.profile", "root/.profile"),
    ):
        shutil.copyfile(shared / source, root / target)
    _write(
        root,
        "etc/nsswitch.conf",
        "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\n"
        "protocols: db files\nservices: db files\nethers: db files\nrpc: db files\n",
    )
    _write(root, "etc/shells", "/bin/sh\n/usr/bin/sh\n/bin/bash\n/usr/bin/bash\n/bin/dash\n/usr/bin/dash\n")
    _write(
        root,
        "etc/apt/sources.list.d/debian.sources",
        f"Types: deb\nURIs: {mirror}\nSuites: {SUITE}\nComponents: main\n"
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n",
    )
    for link, target in (
        ("var/run", "/run"),
        ("var/lock", "/run/lock"),
        ("etc/localtime", "/usr/share/zoneinfo/Etc/UTC"),
    ):
        _link(root, link, target)


def _alternatives(root: Path) -> None:
    for name, program in _ALTERNATIVES.items():
        if root.joinpath("usr/bin", program).exists():
            _link(root, f"etc/alternatives/{name}", f"/usr/bin/{program}")
            _link(root, f"usr/bin/{name}", f"/etc/alternatives/{name}")


def _library_cache(root: Path) -> None:
    """libc-bin's work. Only ``ldconfig -p`` and what asks it (ctypes.util.find_library) need the cache."""
    # Debian's ldconfig is linked statically, so it runs on any Linux of the same architecture; on
    # another one the image is as good without.
    with contextlib.suppress(OSError):
        subprocess.run([root / "usr/sbin/ldconfig", "-r", root], check=False, capture_output=True)


def _applets(root: Path) -> None:
    """``busybox --install``, without running a program that may not fit this machine.

    busybox keeps its applets' names one after another, in order, each ended by a zero byte.
    """
    program = (root / "usr/bin/busybox").read_bytes()
    found = re.search(rb"\0\[\0\[\[\0((?:[a-z0-9][a-z0-9_.+-]*\0){50,})", program)
    names = {"[", "[["} | (set(found[1].decode().split("\0")) - {""} if found else set())
    if not names >= _WANTED_APPLETS:
        raise ImageError(
            "busybox에서 명령의 이름들을 찾지 못해 'tiny' 이미지를 만들 수 없습니다.",
            seen=f"찾은 이름 {len(names)}개",
            todo="DOCKERLAB_IMAGES=registry로 공식 이미지를 받으십시오.",
        )
    for name in sorted(names - {"busybox"}):
        _link(root, f"usr/bin/{name}", "busybox")


def _certificates(root: Path) -> None:
    """update-ca-certificates' work."""
    found = sorted((root / "usr/share/ca-certificates").rglob("*.crt"))
    _write(
        root, "etc/ssl/certs/ca-certificates.crt", "".join(path.read_text().rstrip() + "\n" for path in found)
    )


def _python(root: Path) -> None:
    _link(root, "usr/bin/python", "python3")
    # Debian keeps pip from changing its own Python. This image exists for that, like the official one.
    for marker in root.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
        marker.unlink()


def _write(root: Path, path: str, text: str) -> None:
    spot = root / path
    spot.parent.mkdir(parents=True, exist_ok=True)
    spot.unlink(missing_ok=True)
    spot.write_text(text)


def _link(root: Path, path: str, target: str) -> None:
    spot = root / path
    spot.parent.mkdir(parents=True, exist_ok=True)
    if spot.is_dir() and not spot.is_symlink():
        shutil.rmtree(spot)
    spot.unlink(missing_ok=True)
    spot.symlink_to(target)
