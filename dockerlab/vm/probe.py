"""가상화 가속기가 있는지가 아니라, 그것으로 게스트가 정말 도는지를 확인합니다.

``/dev/kvm``이 열리고 ioctl이 성공해도 게스트가 멈춰 있는 컴퓨터가 있습니다. 그래서 작은 부트 섹터와
진짜 커널을 차례로 부팅해 봅니다.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from dockerlab.errors import DockerlabError, VmError
from dockerlab.places import cache_dir, write_whole
from dockerlab.vm import catalog, qemu
from dockerlab.vm.process import Child
from dockerlab.vm.transcript import Transcript, record


@dataclass(frozen=True)
class Accelerator:
    """가속기 하나를 확인한 결과입니다.

    ``works``는 게스트가 정말 돌았는가, ``emulated``는 CPU를 흉내 내는가, ``why``는 그렇게 판단한 까닭,
    ``seconds``는 부트 섹터가 끝날 때까지(호스트의 시계, QEMU를 띄우는 시간 포함)의 초입니다.
    """

    name: str
    works: bool
    emulated: bool
    why: str
    seconds: float | None = None


UML = Accelerator("uml", works=True, emulated=False, why="커널이 보통 프로세스로 돌아 가속기가 필요 없음")

# Writes 0x10 to the isa-debug-exit device: mov al,0x10; out 0xf4,al; hlt. QEMU then exits with 0x21.
_BOOT_SECTOR = b"\xb0\x10\xe6\xf4\xf4\xeb\xfd".ljust(510, b"\0") + b"\x55\xaa"
# SeaBIOS does not read a disk that is smaller than one cylinder.
_SECTOR_DISK = 2**20
_SECTOR_EXIT = (0x10 << 1) | 1
_SECTOR_SECONDS = 1.0
_KERNEL_SECONDS = 10.0
_HARDWARE = {"linux": "kvm", "darwin": "hvf"}
_TITLES = {"kvm": "KVM", "hvf": "HVF", "tcg": "TCG"}


def accelerators(*, refresh: bool = False) -> list[Accelerator]:
    """이 컴퓨터의 가속기를 빠른 것부터 돌려줍니다. 처음 한 번만 몇 초 걸립니다.

    결과는 커널·QEMU·부팅이 같은 동안 간직됩니다. ``refresh=True``이면 다시 확인합니다.
    QEMU가 없으면 ``QemuMissing``입니다.
    """
    found = qemu.find()
    # A BIOS setting or another kernel needs a reboot (the boot id changes), permissions do not (asked anew).
    kept = cache_dir("vm") / f"accelerators-{_fingerprint(found)}.json"
    if not refresh and kept.is_file():
        try:
            return [Accelerator(**one) for one in json.loads(kept.read_text("utf-8"))]
        except (ValueError, TypeError):
            pass  # Half written or of another version: probed again below.
    probed = _probe(found)
    write_whole(kept, json.dumps([asdict(one) for one in probed], ensure_ascii=False).encode())
    return probed


def accelerator() -> Accelerator:
    """실제로 도는 것 가운데 가장 빠른 가속기입니다."""
    return choose(None)


def choose(name: str | None) -> Accelerator:
    """이름으로 가속기를 고릅니다. ``None``이면 가장 빠른 것을, 돌지 않는 것을 고르면 ``VmError``를 냅니다."""
    known = accelerators()
    for one in known:
        if one.works and name in (None, one.name):
            return one
    reasons = "; ".join(f"{one.name}: {one.why}" for one in known if name in (None, one.name))
    raise VmError(
        f"{name} 가속기는 쓸 수 없습니다." if name else "이 컴퓨터의 QEMU로는 게스트가 돌지 않습니다.",
        seen=reasons or f"알려진 가속기: {', '.join(one.name for one in known)}",
        todo="accelerator를 정하지 말고 다시 실행하십시오." if name else "dockerlab doctor로 확인하십시오.",
    )


def _probe(found: qemu.Qemu) -> list[Accelerator]:
    emulation = _probe_emulation(found)
    name = _HARDWARE.get(sys.platform)
    if name is None:
        return [emulation]
    return [_probe_hardware(found, name, emulation.seconds or 0.0), emulation]


def _probe_emulation(found: qemu.Qemu) -> Accelerator:
    if not _has_sector(found):
        works = _reaches_kernel(found, "tcg")
        return Accelerator("tcg", works, emulated=True, why=_EMULATES if works else "커널이 시작하지 못함")
    seconds, wrong = _run_sector(found, "tcg", limit=20.0)
    return Accelerator("tcg", not wrong, True, wrong or _EMULATES, seconds)


_EMULATES = "CPU를 소프트웨어로 흉내 냄(에뮬레이션). 속도 수치는 VM의 성능이 아님"


def _probe_hardware(found: qemu.Qemu, name: str, emulated_seconds: float) -> Accelerator:
    title = _TITLES[name]
    if name == "kvm" and (problem := _kvm_device_problem()):
        return Accelerator(name, works=False, emulated=False, why=problem)
    hangs = f"{title}이 있으나 게스트가 돌지 않음" if name == "kvm" else f"{title}로 게스트가 돌지 않음"
    seconds = None
    if _has_sector(found):
        # Real hardware is never slower than emulation: on a loaded machine both are allowed more time.
        limit = max(_SECTOR_SECONDS, 2 * emulated_seconds)
        seconds, wrong = _run_sector(found, name, limit)
        if wrong:
            return Accelerator(name, False, False, f"{hangs}({wrong})", seconds)
    try:
        ran = _reaches_kernel(found, name)
    except DockerlabError as error:
        return Accelerator(name, False, False, f"커널을 부팅해 보지 못해 믿지 않음: {error.what}", seconds)
    if not ran:
        why = f"{hangs}(커널이 {_KERNEL_SECONDS:.0f}초 안에 첫 줄을 쓰지 못함)"
        return Accelerator(name, False, False, why, seconds)
    return Accelerator(name, True, False, "부트 섹터와 커널이 정말로 돌았음", seconds)


def _kvm_device_problem() -> str:
    device = Path("/dev/kvm")
    if not device.exists():
        return "이 컴퓨터에 /dev/kvm이 없음"
    try:
        os.close(os.open(device, os.O_RDWR | os.O_CLOEXEC))
    except PermissionError:
        return "/dev/kvm을 열 권한이 없음. 할 일: 이 명령을 실행하고 다시 로그인: sudo usermod -aG kvm $USER"
    except OSError as error:
        return f"/dev/kvm이 열리지 않음({error.strerror})"
    return ""


def _has_sector(found: qemu.Qemu) -> bool:
    # The boot sector is x86 code; elsewhere the kernel alone has to prove it.
    return found.arch == "x86_64"


def _run_sector(found: qemu.Qemu, name: str, limit: float) -> tuple[float, str]:
    """Seconds until QEMU ended, and what went wrong (nothing when the sector ran)."""
    with tempfile.NamedTemporaryFile(prefix="dockerlab-vm-", suffix=".img") as disk:
        disk.write(_BOOT_SECTOR)
        disk.truncate(_SECTOR_DISK)
        disk.flush()
        command = [
            *qemu.machine(found, name, 64 * 2**20),
            *("-drive", f"file={disk.name},format=raw,snapshot=on"),
            *("-device", "isa-debug-exit,iobase=0xf4,iosize=1"),
        ]
        child = Child()
        started = time.perf_counter()
        try:
            child.start(command)
            status = child.wait(limit)
            seconds = time.perf_counter() - started
            if status == _SECTOR_EXIT:
                return seconds, ""
            if status is None:
                return seconds, f"512바이트 부트 섹터가 {limit:.1f}초 안에 끝나지 않음"
            last = child.errors().splitlines()[-1:]
            return seconds, ": ".join(["QEMU가 부트 섹터를 돌리지 못하고 끝남", *last])
        finally:
            child.stop()


def _reaches_kernel(found: qemu.Qemu, name: str) -> bool:
    command = qemu.command(
        found,
        name,
        kernel=catalog.kernel(),
        cmdline=f"console={qemu.console_device(found.arch)} panic=-1",
        memory=256 * 2**20,
    )
    child, transcript = Child(), Transcript()
    try:
        child.start(command)
        record(child.output, transcript)
        deadline = time.perf_counter() + _KERNEL_SECONDS
        return transcript.wait_for(catalog.KERNEL_LINE, deadline) is not None
    finally:
        child.stop()


def _fingerprint(found: qemu.Qemu) -> str:
    boot = Path("/proc/sys/kernel/random/boot_id")
    parts = (
        platform.release(),
        boot.read_text().strip() if boot.exists() else str(psutil.boot_time()),
        *found.command,
        found.version,
        _kvm_device_problem() if sys.platform == "linux" else "",
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
