"""게스트를 부팅하고, 살아 있는 게스트에 명령을 내립니다."""

from __future__ import annotations

import base64
import datetime
import os
import re
import secrets
import shutil
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from dockerlab.errors import GuestNotAnswering, GuestNotReady, UsageMistake, VmError
from dockerlab.measure.phases import Phases
from dockerlab.places import runtime_dir
from dockerlab.progress import Report, silent
from dockerlab.vm import qemu, userland
from dockerlab.vm.accelerators import UML, Accelerator, choose
from dockerlab.vm.guests import KERNEL_LINE, Guest
from dockerlab.vm.guests import guest as prepare
from dockerlab.vm.process import Child
from dockerlab.vm.transcript import Found, Transcript, record

_INIT = re.compile(rb"Run \S+ as init process")
_PANIC = re.compile(rb"Kernel panic - not syncing:? ?([^\r\n]*)")
_LISTENING = re.compile(userland.LISTENING.encode())
_SHELL = re.compile(rb"[#$] (?:\x1b\[6n)?$")
# The terminal of a guest takes at most 4095 bytes in one line (N_TTY_BUF_SIZE of Linux).
_LONGEST_COMMAND = 2500


@dataclass(frozen=True)
class Boot:
    """부팅 한 번의 결과입니다.

    ``phases``의 시작은 게스트의 프로세스를 띄우기 직전이고, 지점은 ``firmware``(콘솔의 첫 바이트),
    ``kernel``("Linux version"), ``init``(커널이 init을 실행), ``ready``(사용자 공간의 표지 또는 로그인
    프롬프트의 첫 바이트)입니다. 펌웨어가 없는 기계에는 ``firmware``가 없습니다. ``emulated``가 참이면
    CPU를 에뮬레이션했으므로 VM의 속도라고 말할 수 없습니다.
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


@dataclass(frozen=True)
class Ran:
    """게스트 안에서 명령 하나를 실행한 결과입니다.

    ``seconds``는 시작 표지의 첫 바이트부터 끝 표지의 첫 바이트까지를 호스트의 시계로 잰 초입니다.
    명령을 실행할 셸 하나를 복제(fork)하는 시간이 들어 있습니다.
    """

    exit_code: int
    output: str
    seconds: float
    marks: Phases


class Machine:
    """부팅되어 살아 있는 게스트입니다. ``with``로 쓰면 끝날 때 흔적 없이 사라집니다."""

    def __init__(self, guest: Guest, accelerator: Accelerator) -> None:
        self.guest = guest
        self.accelerator = accelerator
        self._qemu_version = ""
        self._command: tuple[str, ...] = ()
        self._marks: tuple[tuple[str, float], ...] = ()
        self._date = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        self._transcript = Transcript()
        self._child = Child()
        self._folder = _folder()
        self._running = threading.Lock()
        self._listening = False
        # Runs at the latest when the object or the interpreter goes away.
        self._removal = weakref.finalize(self, _remove, self._child, self._folder)

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """게스트를 끄고 남김없이 지웁니다. 여러 번 불러도 됩니다."""
        self._removal()

    @property
    def phases(self) -> Phases:
        """부팅이 지나간 지점들입니다. 뜻은 ``Boot``를 보십시오."""
        return Phases(self._marks)

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
        root = psutil.Process(self.pid)
        total = 0
        for process in [root, *root.children(recursive=True)]:
            try:
                info = process.memory_full_info()
            except psutil.NoSuchProcess:
                continue
            total += getattr(info, "pss", info.uss)
        return total

    def run(self, command: str, timeout: float = 60.0) -> Ran:
        """게스트의 셸에서 명령을 실행합니다. 표준 출력과 오류는 합쳐지고 표준 입력은 비어 있습니다.

        ``timeout``초 안에 끝나지 않으면 게스트를 끝내고 ``GuestNotAnswering``을 냅니다.
        """
        encoded = base64.b64encode(command.encode()).decode()
        if len(encoded) > _LONGEST_COMMAND * 4 // 3:
            raise UsageMistake(
                "게스트에 보낼 명령이 너무 깁니다.",
                seen=f"{len(command.encode())}바이트 (최대 {_LONGEST_COMMAND}바이트)",
                todo="긴 스크립트는 files=로 게스트에 넣고 그 이름을 실행하십시오.",
            )
        token = secrets.token_hex(4)
        begin = re.compile(rb"\x1e%s begin\n" % token.encode())
        end = re.compile(rb"\x1e%s end (\d+)\n" % token.encode())
        line = (
            f"run=$(echo {encoded} | base64 -d); printf '\\036{token} begin\\n'; "
            f'(eval "$run") </dev/null 2>&1; printf \'\\036{token} end %s\\n\' $?\n'
        )
        with self._running:
            deadline = time.perf_counter() + timeout
            self._listen(deadline)
            sent, start = time.perf_counter(), len(self._transcript)
            self._type(line)
            began = self._expect(begin, deadline, start, command)
            ended = self._expect(end, deadline, began.end, command)
        marks = [("begin", began.at - sent)]
        if ended.start > began.end:
            marks.append(("first_output", self._transcript.at(began.end) - sent))
        marks.append(("end", ended.at - sent))
        return Ran(
            exit_code=int(ended.groups[0]),
            output=self._transcript.bytes(began.end, ended.start).decode("utf-8", "replace"),
            seconds=ended.at - began.at,
            marks=Phases(tuple(marks)),
        )

    def _boot(self, files: Mapping[str, Path]) -> None:
        self._command = self._compose(files)
        started = time.perf_counter()
        self._child.start(self._command)
        record(self._child.output, self._transcript)
        deadline = started + self.guest.timeout
        either = re.compile(b"(?:%s)|(?:%s)" % (self.guest.ready.encode(), _PANIC.pattern))
        met = self._transcript.wait_for(either, deadline)
        ready = self._transcript.find(self.guest.ready_pattern)
        if met is None or ready is None or ready.start != met.start:
            raise self._not_ready(started)
        self._marks = _marks(self._transcript, started, ready, firmware=self._has_firmware())

    def _compose(self, files: Mapping[str, Path]) -> tuple[str, ...]:
        guest = self.guest
        initrd = guest.initrd
        if files:
            initrd = self._folder / "initrd"
            initrd.write_bytes(userland.with_files(guest.initrd.read_bytes(), files))
        if guest.is_uml:
            memory = f"mem={guest.memory // 2**20}M"
            console = ("con0=fd:0,fd:1", "con=null", "ssl=null")
            return (str(guest.kernel), memory, f"initrd={initrd}", *console, f"uml_dir={self._folder}",
                    *guest.cmdline.split())  # fmt: skip
        found = qemu.find()
        self._qemu_version = found.version
        return tuple(
            qemu.command(
                found,
                self.accelerator.name,
                kernel=guest.kernel,
                initrd=initrd,
                cmdline=guest.cmdline,
                memory=guest.memory,
                disk=guest.disk,
            )
        )

    def _has_firmware(self) -> bool:
        return not self.guest.is_uml and self.guest.arch == "x86_64"

    def _listen(self, deadline: float) -> None:
        if self._listening:
            return
        if self.guest.login:
            start = len(self._transcript)
            self._type(f"{self.guest.login}\n")
            prompt = self._expect(_SHELL, deadline, start, "로그인")
            self._type(f"exec sh -c '{userland.LISTEN}'\n")
            self._expect(_LISTENING, deadline, prompt.end, "로그인")
        else:
            self._expect(_LISTENING, deadline, 0, "첫 셸")
        self._listening = True

    def _type(self, text: str) -> None:
        try:
            os.write(self._child.input, text.encode())
        except (OSError, ValueError, ProcessLookupError) as error:
            raise VmError(
                "게스트가 이미 끝났습니다.", seen=self._transcript.tail(), todo="게스트를 다시 시작하십시오."
            ) from error

    def _expect(self, pattern: re.Pattern[bytes], deadline: float, start: int, doing: str) -> Found:
        found = self._transcript.wait_for(pattern, deadline, start)
        if found is None:
            tail = self._transcript.tail()
            ended = self._transcript.closed
            self.close()
            raise GuestNotAnswering(
                f"게스트가 {'끝나 버렸습니다' if ended else '정해진 시간 안에 답하지 않았습니다'}: {doing}",
                seen=tail or "콘솔에 아무것도 없음",
                todo="게스트는 껐습니다. 시간(timeout)을 늘리거나 명령을 고쳐 다시 시작하십시오.",
            )
        return found

    def _not_ready(self, started: float) -> GuestNotReady:
        waited = time.perf_counter() - started
        panic = self._transcript.find(_PANIC)
        if panic:
            why = f"게스트의 커널이 멈췄습니다(커널 패닉): {panic.groups[0].decode('utf-8', 'replace')}"
        elif self._transcript.closed:
            self._child.wait(2.0)
            why = f"게스트가 준비되기 전에 끝났습니다({waited:.1f}초)."
        else:
            why = f"게스트가 {self.guest.timeout:g}초 안에 준비되지 않았습니다."
        seen = [self._transcript.tail() or "콘솔에 아무것도 없음", self._child.errors()]
        return GuestNotReady(
            why,
            seen=" / ".join(part for part in seen if part),
            todo="게스트는 껐습니다. 다른 일이 컴퓨터를 쓰고 있으면 끝낸 뒤 다시 하고, "
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
    않으면 실제로 도는 것 가운데 가장 빠른 것), ``files``는 {게스트의 경로: 호스트의 파일}입니다.
    ``QemuMissing``, ``GuestMissing``, ``GuestNotReady``, ``ChecksumMismatch``를 낼 수 있습니다.
    """
    chosen = prepare(guest, report) if isinstance(guest, str) else guest
    chosen = replace(chosen, memory=memory or chosen.memory, timeout=timeout or chosen.timeout)
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


def _marks(
    transcript: Transcript, started: float, ready: Found, *, firmware: bool
) -> tuple[tuple[str, float], ...]:
    kernel, init = transcript.find(KERNEL_LINE), transcript.find(_INIT)
    marks = []
    if firmware and (kernel is None or kernel.start > 0):
        marks.append(("firmware", transcript.at(0) - started))
    for name, found in (("kernel", kernel), ("init", init), ("ready", ready)):
        if found:
            marks.append((name, found.at - started))
    return tuple(marks)


def _folder() -> Path:
    """A place for what one boot needs; what a killed process left in its own is removed."""
    home = runtime_dir("vm")
    for left in home.iterdir():
        owner = left.name.partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    folder = home / f"{os.getpid()}-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    return folder


def _remove(child: Child, folder: Path) -> None:
    child.stop()
    shutil.rmtree(folder, ignore_errors=True)
