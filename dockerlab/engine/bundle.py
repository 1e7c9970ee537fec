"""엔진 묶음(engine bundle)입니다: Debian의 서명된 패키지에서 꺼낸 dockerd와 그것이 쓰는 모든 것.

컴퓨터의 시스템은 건드리지 않고 자료 폴더에만 풉니다. 다 풀린 묶음만 제 이름을 얻으므로,
도중에 무엇이 일어나도 반쪽짜리 묶음이 쓰이는 일은 없습니다.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dockerlab.errors import PackageBroken
from dockerlab.packages import Index, Package, architecture, gather, unpack
from dockerlab.places import data_dir, disk_errors
from dockerlab.progress import Report, silent

SUITE = "trixie"

WANTED = (
    "base-files",  # /usr/lib/os-release: dockerd names its system after it
    "busybox-static",  # the shell and small tools of the engine's own root
    "ca-certificates",  # for pulling images on a machine without certificates of its own
    "containerd",
    "crun",
    "docker-cli",
    "docker.io",
    "e2fsprogs",  # mke2fs: disks for engines inside a VM or UML
    "gvproxy",  # the network of an engine inside UML or a VM
    "iptables",
    "kmod",  # busybox's modprobe cannot read the .ko.zst of newer distributions
    "netcat-openbsd",  # speaks to dockerd's socket in the UML guest, which busybox cannot
    "procps",  # `docker top` runs the real ps
    "runc",
    "slirp4netns",
    "tini",  # docker-init
    *(["user-mode-linux"] if platform.machine() == "x86_64" else []),
)

# What the engine needs of these packages: programs and libraries, no documents, services or plugins.
_KEPT = re.compile(
    r"usr/(bin|sbin|lib64)(/|$)"
    r"|usr/lib/(os-release|modprobe\.d/|ld-linux|[a-z0-9_]+-linux-gnu/)"
    r"|usr/lib/uml/modules/[^/]+/(modules\.|kernel/(crypto|lib|net/(802|bridge|ipv4|ipv6|llc|netfilter))/)"
    r"|usr/lib/uml/modules/[^/]+/kernel/(drivers/net/(veth|dummy)\.ko|fs/(erofs|overlayfs|squashfs)/)"
    r"|usr/share/ca-certificates/"
    r"|etc/(os-release|mke2fs\.conf|modprobe\.d/|ld\.so\.conf)"
)
_DROPPED = re.compile(
    r"/containerd-shim(-runc-v1)?$|/crun-wasm$|bin/(qemu-wrapper|watch)$|\.a$|-linux-gnu/(gconv|glib-2\.0|e2initrd_helper)"
)

_PROGRAMS = (
    *("containerd", "containerd-shim-runc-v2", "crun", "ctr", "docker", "docker-init", "docker-proxy"),
    *("dockerd", "gvproxy", "ip", "iptables", "mke2fs", "modprobe", "nc.openbsd", "ps", "runc", "sh"),
    *(("linux.uml",) if "user-mode-linux" in WANTED else ()),
    "slirp4netns",
    *("xtables-legacy-multi", "xtables-nft-multi"),
)

# No group "docker": its number would be that of an unrelated group of the machine, and dockerd
# would hand the socket over to it.
_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "etc/group": "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n",
    "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "etc/resolv.conf": "",
}
# Places onto which the engine's start mounts what the machine has.
_FOLDERS = ("etc/ssl/certs", "etc/docker", "root", "usr/lib/modules", "usr/share/ca-certificates", "var/lib")

_IPTABLES = [f"ip{six}tables{rest}" for six in ("", "6") for rest in ("", "-save", "-restore")]
_RECIPE_VERSION = 1  # raise when the steps below change what they make


@dataclass(frozen=True)
class Bundle:
    """풀어 놓은 엔진 묶음입니다. ``root``에 ``usr``와 ``etc``가 있고, 버전은 docker.io의 것입니다."""

    root: Path
    version: str

    def binary(self, name: str) -> Path:
        """묶음 안에 있는 프로그램의 경로입니다. 없으면 ``PackageBroken``을 냅니다."""
        for folder in ("usr/sbin", "usr/bin"):
            path = self.root / folder / name
            if path.exists():
                return path
        raise PackageBroken(
            f"엔진 묶음에 {name} 프로그램이 없습니다.",
            seen=str(self.root),
            todo=f"이 폴더를 지우고 다시 시작하면 묶음을 새로 풉니다: rm -rf {self.root}",
        )

    def command(self, name: str, *arguments: str) -> list[str]:
        """묶음의 프로그램을 이 컴퓨터에서 곧바로 실행하는 명령입니다. 라이브러리도 묶음의 것을 씁니다."""
        program = self.binary(name)
        if not _is_dynamic(self.root, program):
            return [str(program), *arguments]
        return [*_loader(self.root), "--argv0", name, str(program), *arguments]


def installed() -> Bundle | None:
    """이미 풀어 놓은, 이 버전의 과정에 맞는 엔진 묶음입니다. 네트워크를 쓰지 않습니다."""
    root = data_dir("bundle") / _name()
    try:
        manifest = json.loads((root / "manifest.json").read_text("utf-8"))
        return Bundle(root, manifest["version"])
    except (OSError, ValueError, KeyError):
        return None


def ensure(report: Report = silent) -> Bundle:
    """엔진 묶음을 돌려줍니다. 없으면 Debian에서 내려받아 풉니다(약 80 MB, 디스크 260 MB).

    ``FetchError``와 그 아래의 오류(서명, SHA-256), ``DiskFull``을 냅니다.
    """
    bundle = installed()
    if bundle:
        return bundle
    home = data_dir("bundle")
    with _alone(home / "lock", report):
        bundle = installed()  # another process may have made it while we waited
        if bundle:
            return bundle
        for left in home.glob(".new-*"):  # of one that was killed: nobody else works now
            shutil.rmtree(left, ignore_errors=True)
        _, packages, files = gather(SUITE, _chosen, report, "엔진 묶음 내려받기")
        version = _build(home, packages, files, report)
        _remove_old(home)
    return Bundle(home / _name(), version)


def _name() -> str:
    recipe = repr((_RECIPE_VERSION, WANTED, _KEPT.pattern, _DROPPED.pattern, _FILES, _FOLDERS, _PROGRAMS))
    return f"{SUITE}-{architecture()}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def _chosen(index: Index) -> list[Package]:
    # From each wanted package only its libraries are followed: what else Debian wants beside it
    # (systemd, adduser, debconf, …) serves an installed system, not our folder.
    return index.closure(WANTED, follow=lambda package: package.section == "libs")


def _build(home: Path, packages: list[Package], files: list[Path], report: Report) -> str:
    with disk_errors(home / _name()):
        root = Path(tempfile.mkdtemp(prefix=".new-", dir=home))
        try:
            for done, file in enumerate(files):
                report("엔진 묶음 풀기", done, len(files))
                unpack(file, root, _wanted_path)
            _furnish(root)
            _check(root)
            manifest = _manifest(packages)
            (root / "manifest.json").write_text(json.dumps(manifest, indent=1), "utf-8")
            root.chmod(0o755)
            os.sync()  # a name must not reach the disk before the bytes do
            root.rename(home / _name())
            report("엔진 묶음 풀기", len(files), len(files))
        finally:
            shutil.rmtree(root, ignore_errors=True)
    return manifest["version"]


def _wanted_path(path: str) -> bool:
    return bool(_KEPT.match(path)) and not _DROPPED.search(path)


def _manifest(packages: list[Package]) -> dict:
    versions = {package.name: package.version for package in packages}
    return {
        "version": versions["docker.io"],
        "suite": SUITE,
        "architecture": architecture(),
        "packages": [
            {"name": package.name, "version": package.version, "sha256": package.sha256}
            for package in packages
        ],
    }


def _furnish(root: Path) -> None:
    """What the packages' own scripts would do on an installed system."""
    for folder in _FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for path, text in _FILES.items():
        (root / path).write_text(text)
    certificates = sorted((root / "usr/share/ca-certificates").glob("*/*.crt"))
    with open(root / "etc/ssl/certs/ca-certificates.crt", "wb") as bundle:
        bundle.writelines(path.read_bytes() for path in certificates)
    for name in _IPTABLES:
        (root / "usr/sbin" / name).symlink_to("xtables-legacy-multi")
    busybox = root / "usr/bin/busybox"
    for applet in _run([str(busybox), "--list"]).stdout.split():
        if not any(os.path.lexists(root / folder / applet) for folder in ("usr/bin", "usr/sbin")):
            (root / "usr/bin" / applet).symlink_to("busybox")


def _check(root: Path) -> None:
    """Every program is there, and finds every library inside the bundle."""
    bundle = Bundle(root, "")
    for name in _PROGRAMS:
        bundle.binary(name)
    for folder in ("usr/bin", "usr/sbin"):
        for program in sorted((root / folder).iterdir()):
            if program.is_symlink() or not _is_dynamic(root, program):
                continue
            listed = _run([*_loader(root), "--list", str(program)])
            # The loader falls back on the machine's own libraries, which another machine lacks.
            outside = [line.strip() for line in listed.stdout.splitlines() if _is_outside(line, root)]
            if listed.returncode or outside:
                raise PackageBroken(
                    f"엔진 묶음의 {program.name} 프로그램이 라이브러리를 찾지 못합니다.",
                    seen="; ".join(outside) or listed.stderr.strip(),
                    todo="DOCKERLAB_DEBIAN_MIRROR로 다른 미러를 정해 다시 해 보고, 같으면 이 문장을 "
                    "과정의 저장소에 알려 주십시오.",
                )


def _is_outside(line: str, root: Path) -> bool:
    _, arrow, found = line.partition("=> ")
    return bool(arrow) and not found.startswith(f"{root}/")


def _is_dynamic(root: Path, program: Path) -> bool:
    with open(program, "rb") as file:
        if file.read(4) != b"\x7fELF":
            return False
    return _run([_loader(root)[0], "--verify", str(program)]).returncode == 0


def _loader(root: Path) -> list[str]:
    libraries = next((root / "usr/lib").glob("*-linux-gnu"))
    loader = next(libraries.glob("ld-linux-*.so.?"))
    return [str(loader), "--inhibit-cache", "--library-path", str(libraries)]


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    # No environment: LD_PRELOAD and the like of the machine must not reach the bundle's loader.
    return subprocess.run(command, env={}, capture_output=True, text=True, stdin=subprocess.DEVNULL)


@contextmanager
def _alone(lock: Path, report: Report) -> Iterator[None]:
    """Work while no other process does. The lock dies with its process."""
    with disk_errors(lock):
        lock.touch()
    with open(lock, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("다른 프로그램이 엔진 묶음을 준비하는 것을 기다리기", 0, None)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove_old(home: Path) -> None:
    """Remove bundles of earlier versions of the course, except one that an engine still runs from."""
    for old in home.glob(f"{SUITE}-*"):
        if old.name != _name() and not _in_use(old.name):
            shutil.rmtree(old, ignore_errors=True)


def _in_use(name: str) -> bool:
    # The engine has the bundle mounted in its own namespace; programs run from it have it mapped.
    for process in Path("/proc").glob("[0-9]*"):
        for table in ("mountinfo", "maps"):
            try:
                if name in (process / table).read_text("utf-8", "replace"):
                    return True
            except OSError:
                continue  # it has ended, or it is another user's
    return False
