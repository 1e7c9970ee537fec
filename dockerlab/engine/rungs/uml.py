"""User-Mode Linux의 엔진입니다: 보통 프로그램으로 도는 Linux 커널 안의 진짜 dockerd.

It needs no privilege, no namespace and no /dev/kvm: the kernel of the guest is a process that traces its
own processes with ptrace.
"""

from __future__ import annotations

import contextlib
import os
import platform
import random
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from dockerlab.engine.rungs import READY_WITHIN, Say, StartFailed
from dockerlab.engine.rungs.gateway import GUEST_MAC, Gateway
from dockerlab.engine.rungs.guest import DOCKERD_STARTS, MEMORY, Guest
from dockerlab.engine.rungs.guest_files import make_disk, make_root
from dockerlab.progress import Report

TITLE = "User-Mode Linux 안의 Docker"
STOP_WITHIN = 7.0
CAN_TRACE = "import ctypes; raise SystemExit(ctypes.CDLL(None).ptrace(0, 0, 0, 0) != 0)"


def impossible() -> str:
    """이 컴퓨터에서 쓸 수 없는 까닭입니다. 쓸 수 있으면 빈 글입니다."""
    if platform.system() != "Linux":
        return f"Linux에서만 동작합니다(이 컴퓨터: {platform.system()})."
    if platform.machine() != "x86_64":
        return f"x86-64에서만 동작합니다(이 컴퓨터: {platform.machine()})."
    tried = subprocess.run([sys.executable, "-I", "-S", "-c", CAN_TRACE], capture_output=True, check=False)
    if tried.returncode:
        return "이 컴퓨터에서는 ptrace를 쓸 수 없습니다."
    return ""


def prepared() -> bool:
    """내려받을 것이 없는지 봅니다."""
    from dockerlab.engine import bundle

    return bundle.installed() is not None


def settings(run: Path, report: Report) -> dict[str, Any]:
    """묶음을 갖추고, 그 프로그램들을 부르는 방법을 돌려줍니다."""
    from dockerlab.engine import bundle

    made = bundle.ensure(report)
    return {
        "bundle": str(made.root),
        "kernel": str(made.binary("linux.uml")),
        "loader": made.command("mke2fs")[0],
        "libraries": str(next((made.root / "usr/lib").glob("*-linux-gnu"))),
        "mke2fs": made.command("mke2fs"),
        "gateway": made.command("gvproxy"),
    }


class Keeper:
    """User-Mode Linux 안의 엔진 하나입니다."""

    def __init__(self, run: Path, data: Path, settings: dict[str, Any], say: Say) -> None:
        self.run = run
        self.data = data
        self.settings = settings
        self.say = say
        self.gateway = Gateway(run, settings["gateway"])
        self.guest = Guest(self.gateway, run / "dockerd.log")

    async def start(self) -> dict[str, Any]:
        """커널을 부팅하고 그 안의 엔진이 답할 때까지 기다립니다."""
        self.data.mkdir(parents=True, exist_ok=True)
        kernel = with_loader(Path(self.settings["kernel"]), self.settings["loader"], self.data / "linux")
        bundle = Path(self.settings["bundle"])
        root = make_root(self.data / "root", bundle, "uml-guest.sh")
        disk = await make_disk(self.data / "disk.ext4", self.settings["mke2fs"], bundle, self.say)
        await self.gateway.start("bess")
        self.say("User-Mode Linux를 부팅합니다")
        pid = await self.guest.start(
            # env, since setpriv is the machine's own and could not start with the bundle's libraries.
            *("env", f"LD_LIBRARY_PATH={self.settings['libraries']}"),
            *(str(kernel), f"mem={MEMORY}", f"ubd0={disk}"),
            *("rootfstype=hostfs", f"rootflags={root}", "rw", "init=/init", "quiet", "panic=-1"),
            *("con=null", "con0=fd:0,fd:1", "ssl=null", f"uml_dir={self.run}", "umid=guest"),
            f"vec0:transport=bess,dst={self.gateway.wire},depth=64,gro=0,mac={GUEST_MAC}",
            env={"PATH": os.environ["PATH"], "TMPDIR": place_for_memory(self.data)},
        )
        # Every system call of a container changes between two processes: on one CPU that is cheaper.
        os.sched_setaffinity(pid, {random.choice(sorted(os.sched_getaffinity(0)))})
        if not await self.guest.says(DOCKERD_STARTS, READY_WITHIN):
            raise StartFailed(self.guest.last_words())
        self.say("dockerd를 시작합니다")
        await self.guest.open_docker()
        return {"pid": pid, "lacks": ""}

    async def wait(self) -> None:
        """커널이나 그 네트워크가 스스로 끝날 때까지 기다립니다."""
        await self.guest.wait()

    async def stop(self) -> None:
        """게스트에게 스스로 끝낼 시간을 주고, 남은 것을 치웁니다."""
        await self.guest.stop(STOP_WITHIN)
        await self.gateway.stop()
        shutil.rmtree(self.run / "guest", ignore_errors=True)


def with_loader(program: Path, loader: str, target: Path) -> Path:
    """다른 로더를 부르도록 고친 프로그램을 만듭니다.

    The bundle's C library may be newer than the machine's, and User-Mode Linux lays out its memory around
    itself, so it cannot be an argument of the loader: the kernel must load it. The new name is appended
    to the file, where the program header that names the loader then points.
    """
    binary = bytearray(program.read_bytes())
    table, size, count = struct.unpack_from("<Q14xHH", binary, 32)
    for header in range(table, table + size * count, size):
        if struct.unpack_from("<I", binary, header)[0] == 3:  # PT_INTERP
            name = os.fsencode(loader) + b"\0"
            struct.pack_into("<Q", binary, header + 8, len(binary))  # p_offset
            struct.pack_into("<QQ", binary, header + 32, len(name), len(name))  # p_filesz, p_memsz
            binary += name
    target.unlink(missing_ok=True)  # an earlier one may still be running
    target.write_bytes(binary)
    target.chmod(0o700)
    return target


def place_for_memory(data: Path) -> str:
    """게스트의 메모리인 파일을 둘 폴더입니다. 메모리에 있는 파일 시스템이 가장 빠릅니다."""
    for folder in ("/dev/shm", tempfile.gettempdir(), str(data)):
        with contextlib.suppress(OSError):
            room = os.statvfs(folder)
            executable = not room.f_flag & os.ST_NOEXEC  # the guest runs its programs from there
            if executable and room.f_bavail * room.f_frsize > MEMORY and os.access(folder, os.W_OK):
                return folder
    return str(data)
