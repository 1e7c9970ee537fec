"""게스트를 부팅해 재고, 살아 있는 채로 내어 줍니다."""

from __future__ import annotations

import datetime
import math
import os
import re
import secrets
import shutil
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from dockerlab.errors import GuestNotAnswering, GuestNotReady, UsageMistake
from dockerlab.measure.phases import Phases
from dockerlab.places import disk_errors, runtime_dir, write_whole
from dockerlab.progress import Report, silent
from dockerlab.vm import qemu, userland
from dockerlab.vm.catalog import KERNEL_LINE, Guest
from dockerlab.vm.catalog import guest as prepare
from dockerlab.vm.phases import PANIC, read_phases, wait_ready
from dockerlab.vm.probe import UML, Accelerator, choose
from dockerlab.vm.process import Child
from dockerlab.vm.shell import Ran, Shell
from dockerlab.vm.transcript import Transcript, record

LEAST_MEMORY = 32 * 2**20
"""이보다 작은 메모리(바이트)로는 부팅하지 않습니다. QEMU는 1 MiB보다 작으면 말없이 128 MiB를 줍니다."""


@dataclass(frozen=True)
class Boot:
    """부팅 한 번의 결과입니다.

    ``phases``의 시작은 게스트의 프로세스를 띄우기 직전이고, 지점은 ``firmware``(콘솔의 첫 바이트),
    ``kernel``("Linux version"), ``init``(커널이 init을 실행), ``ready``(사용자 공간의 표시 또는 로그인
    프롬프트)의 첫 바이트를 호스트가 본 때입니다. ``firmware``는 BIOS가 있는 x86에만 있고, ``uml``은
    ``kernel``도 알 수 없어 없습니다. ``emulated``가 참이면 CPU를 흉내 낸 것이라 VM의 성능이 아닙니다.
    """

    guest: str
    accelerator: str
    emulated: bool
    phases: Phases
    kernel: str
    qemu: str
    memory_bytes: int
    command: tuple[str, ...]
    cmdline: str
    console: str
    date: str

    @property
    def ready(self) -> float:
        """프로세스를 띄우기 직전부터 준비될 때까지의 초입니다."""
        return dict(self.phases.marks)["ready"]


class Machine:
    """부팅되어 살아 있는 게스트입니다. ``with``로 쓰면 끝날 때 흔적 없이 사라집니다."""

    def __init__(self, guest: Guest, accelerator: Accelerator) -> None:
        if accelerator.emulated:
            guest = replace(guest, cmdline=f"{guest.cmdline} {qemu.EASY_TO_EMULATE}")
        self.guest = guest
        self.accelerator = accelerator
        self.phases = Phases(())
        self._date = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        self._qemu_version = ""
        self._command: tuple[str, ...] = ()
        self._transcript = Transcript()
        self._child = Child()
        self._shell = Shell(self._child, self._transcript, guest.login)
        self._folder = _folder()
        # Runs at the latest when this object or the interpreter goes away.
        self._removal = weakref.finalize(self, _remove, self._child, self._folder)

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """게스트를 끄고 남김없이 지웁니다. 여러 번 불러도 됩니다."""
        self._removal()

    @property
    def boot(self) -> Boot:
        """이 게스트를 부팅한 결과입니다."""
        kernel = self._transcript.find(KERNEL_LINE)
        return Boot(
            guest=self.guest.name,
            accelerator=self.accelerator.name,
            emulated=self.accelerator.emulated,
            phases=self.phases,
            kernel=kernel.groups[0].decode("utf-8", "replace") if kernel else "",
            qemu=self._qemu_version,
            memory_bytes=self.guest.memory,
            command=self._command,
            cmdline=self.guest.cmdline,
            console=self._transcript.text(),
            date=self._date,
        )

    @property
    def pid(self) -> int:
        """호스트에서 본 게스트의 프로세스 번호입니다."""
        return self._child.pid

    def memory(self) -> int:
        """게스트가 호스트에서 차지하는 메모리(바이트)입니다. 자식까지 더한 PSS이고, macOS에서는 USS입니다."""
        try:
            root = psutil.Process(self.pid)
            family = [root, *root.children(recursive=True)]
        except (psutil.NoSuchProcess, psutil.ZombieProcess) as error:
            raise GuestNotAnswering(
                "게스트가 이미 꺼져 있어 메모리를 잴 수 없습니다.", todo="게스트를 다시 시작하십시오."
            ) from error
        total = 0
        for process in family:
            try:
                info = process.memory_full_info()
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
            total += getattr(info, "pss", info.uss)
        return total

    def run(self, command: str, timeout: float = 60.0) -> Ran:
        """게스트의 셸에서 명령을 실행합니다. 표준 출력과 오류는 합쳐지고 표준 입력은 비어 있습니다.

        ``timeout``초 안에 끝나지 않으면 게스트를 끄고 ``GuestNotAnswering``을 냅니다. Ctrl-C로 멈추어도
        게스트를 끕니다.
        """
        try:
            return self._shell.run(command, timeout)
        except (GuestNotAnswering, KeyboardInterrupt):
            # What the command left half done would spoil, and hold up, whatever is asked next.
            self.close()
            raise

    def _boot(self, files: Mapping[str, Path]) -> None:
        self._command = self._compose(files)
        started = time.perf_counter()
        self._child.start(self._command, many=self.guest.is_uml)
        record(self._child.output, self._transcript)
        ready = wait_ready(self._transcript, self.guest, started + self.guest.timeout)
        if ready is None:
            raise self._not_ready(time.perf_counter() - started)
        self.phases = read_phases(self._transcript, self.guest, started, ready)

    def _compose(self, files: Mapping[str, Path]) -> tuple[str, ...]:
        guest = self.guest
        initrd = guest.initrd
        if files:
            initrd = self._folder / "initrd"
            write_whole(initrd, userland.with_files(guest.initrd.read_bytes(), files))
        if guest.is_uml:
            return (
                *(str(guest.kernel), f"mem={guest.memory // 2**20}M", f"initrd={initrd}"),
                *("con0=fd:0,fd:1", "con=null", "ssl=null", f"uml_dir={self._folder}"),
                *guest.cmdline.split(),
            )
        found = qemu.find()
        self._qemu_version = found.version
        composed = qemu.command(
            found,
            self.accelerator.name,
            kernel=guest.kernel,
            initrd=initrd,
            cmdline=guest.cmdline,
            memory=guest.memory,
            disk=guest.disk,
            bus=guest.bus,
        )
        return tuple(composed)

    def _not_ready(self, waited: float) -> GuestNotReady:
        if self._transcript.find(PANIC):
            # What follows on the same line may still be on its way.
            whole = re.compile(PANIC.pattern + rb"[\r\n]")
            panic = self._transcript.wait_for(whole, time.perf_counter() + 2.0)
            reason = panic.groups[0].decode("utf-8", "replace") if panic else ""
            why = f"게스트의 커널이 멈췄습니다(kernel panic): {reason}"
        elif self._transcript.closed:
            self._child.wait(2.0)
            why = f"게스트가 준비되기 전에 {waited:.1f}초 만에 끝났습니다."
        else:
            why = f"게스트가 {self.guest.timeout:g}초 안에 준비되지 않았습니다."
        seen = [self._transcript.tail() or "콘솔에 아무것도 없음", self._child.errors()[-500:]]
        return GuestNotReady(
            why,
            seen=" / ".join(part for part in seen if part),
            todo="게스트는 껐습니다. 컴퓨터가 바쁘면 다른 일을 끝낸 뒤 다시 하고, "
            "되풀이되면 dockerlab doctor로 확인하십시오.",
        )


def start(
    guest: str | Guest = "micro",
    *,
    memory: int | None = None,
    timeout: float | None = None,
    accelerator: str | None = None,
    files: Mapping[str, Path] | None = None,
    report: Report = silent,
) -> Machine:
    """게스트를 부팅해 준비될 때까지 기다리고, 살아 있는 ``Machine``을 돌려줍니다.

    ``memory``는 바이트, ``timeout``은 초, ``accelerator``는 ``kvm``·``hvf``·``tcg`` 가운데 하나(정하지
    않으면 정말로 도는 것 가운데 가장 빠른 것), ``files``는 {게스트의 경로: 호스트의 파일}입니다.
    ``QemuMissing``, ``GuestMissing``, ``GuestNotReady``, ``ChecksumMismatch``, ``FetchError``를 냅니다.
    """
    for name, wanted, least in (("memory", memory, LEAST_MEMORY), ("timeout", timeout, 0.1)):
        if wanted is not None and not (isinstance(wanted, int | float) and least <= wanted < math.inf):
            raise UsageMistake(
                f"{name}에 쓸 수 없는 값입니다: {wanted!r}",
                seen=f"가장 작은 값: {least}",
                todo="memory는 바이트(예: 256 * 2**20), timeout은 초로 적으십시오.",
            )
    chosen = prepare(guest, report) if isinstance(guest, str) else guest
    chosen = replace(chosen, memory=int(memory or chosen.memory), timeout=timeout or chosen.timeout)
    machine = Machine(chosen, UML if chosen.is_uml else choose(accelerator))
    try:
        machine._boot(files or {})
    except BaseException:
        machine.close()
        raise
    return machine


def boot_vm(
    guest: str | Guest = "micro",
    *,
    memory: int | None = None,
    timeout: float | None = None,
    accelerator: str | None = None,
    report: Report = silent,
) -> Boot:
    """게스트를 부팅해 준비될 때까지의 시간을 재고 끕니다. 남는 것은 없습니다. 인자는 ``start``와 같습니다."""
    with start(guest, memory=memory, timeout=timeout, accelerator=accelerator, report=report) as machine:
        return machine.boot


def _folder() -> Path:
    """A place for what one boot needs; what a killed process left in its own is removed."""
    home = runtime_dir("vm")
    for left in home.iterdir():
        owner = left.name.partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    folder = home / f"{os.getpid()}-{secrets.token_hex(4)}"
    with disk_errors(folder):
        folder.mkdir(mode=0o700)
    return folder


def _remove(child: Child, folder: Path) -> None:
    child.stop()
    shutil.rmtree(folder, ignore_errors=True)
