"""User-Mode Linux의 엔진입니다: 보통 프로그램으로 도는 Linux 커널 안의 진짜 dockerd.

It needs no privilege, no namespace and no /dev/kvm: the kernel of the guest is a process that traces its
own processes with ptrace. uml-init.sh is the guest's first process.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import random
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from dockerlab.engine.rungs import DIES_WITH_US, READY_WITHIN, Say, StartFailed, wait_until_answering
from dockerlab.engine.rungs.gateway import GUEST_MAC, Gateway
from dockerlab.progress import Report

TITLE = "User-Mode Linux 안의 Docker"
MEMORY = 512 * 2**20
DISK_AT_MOST = 8 * 2**30  # the image is sparse: it takes what is used of it
DISK_AT_LEAST = 512 * 2**20
LEFT_TO_HOST = 0.1  # of the free space
STOP_WITHIN = 7.0
DOCKERD_STARTS = b"dockerlab: dockerd starts"
# Folders of the host that are the guest's own; all others appear in it at their own paths.
GUESTS_OWN = re.compile(r"bin|boot|dev|etc|lib.*|proc|run|sbin|sys|usr|lost\+found|dockerlab|.*[\s,].*")
SCRIPTS = {
    "init": "uml-init.sh",
    "publish-port": "publish-port.sh",
    "runtime": "uml-runtime.sh",
    "setkey": "uml-setkey.sh",
}
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
        self.log = run / "dockerd.log"
        self.guest: asyncio.subprocess.Process | None = None
        self.reader: asyncio.Task[None] | None = None
        self.booted = asyncio.Event()

    async def start(self) -> dict[str, Any]:
        """커널을 부팅하고 그 안의 엔진이 답할 때까지 기다립니다."""
        self.data.mkdir(parents=True, exist_ok=True)
        kernel = with_loader(Path(self.settings["kernel"]), self.settings["loader"], self.data / "linux")
        root = make_root(self.data / "root", Path(self.settings["bundle"]))
        disk = await self.disk()
        await self.gateway.start("bess")
        self.say("User-Mode Linux를 부팅합니다")
        self.guest = guest = await asyncio.create_subprocess_exec(
            # env, since setpriv is the machine's own and could not start with the bundle's libraries.
            *(*DIES_WITH_US, "env", f"LD_LIBRARY_PATH={self.settings['libraries']}"),
            *(str(kernel), f"mem={MEMORY}", f"ubd0={disk}"),
            *("rootfstype=hostfs", f"rootflags={root}", "rw", "init=/init", "quiet", "panic=-1"),
            *("con=null", "con0=fd:0,fd:1", "ssl=null", f"uml_dir={self.run}", "umid=guest"),
            f"vec0:transport=bess,dst={self.gateway.wire},depth=64,gro=0,mac={GUEST_MAC}",
            env={"PATH": os.environ["PATH"], "TMPDIR": place_for_memory(self.data)},
            cwd="/",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        # Every system call of a container changes between two processes: on one CPU that is cheaper.
        os.sched_setaffinity(guest.pid, {random.choice(sorted(os.sched_getaffinity(0)))})
        self.reader = asyncio.create_task(self.listen(guest))
        ended = asyncio.create_task(self.wait())
        booted = asyncio.create_task(self.booted.wait())
        await asyncio.wait({ended, booted}, timeout=READY_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not booted.done():
            booted.cancel()
            raise StartFailed(self.last_words())
        self.say("dockerd를 시작합니다")
        await self.gateway.open_docker()
        if not await wait_until_answering(self.gateway.docker, lambda: guest.returncode is not None):
            raise StartFailed(self.last_words())
        return {"pid": guest.pid, "lacks": ""}

    async def listen(self, guest: asyncio.subprocess.Process) -> None:
        """게스트의 콘솔을 기록하면서, dockerd가 시작하는 것을 알아봅니다."""
        assert guest.stdout is not None
        with self.log.open("wb", buffering=0) as log:
            while line := await guest.stdout.readline():
                log.write(line)
                if line.startswith(DOCKERD_STARTS):
                    self.booted.set()

    async def disk(self) -> Path:
        """엔진의 자료를 담는 디스크 이미지입니다. 없으면 만들고, 다 만들어야 제 이름을 얻습니다."""
        image = self.data / "disk.ext4"
        if image.exists():
            return image
        room = int(shutil.disk_usage(self.data).free * (1 - LEFT_TO_HOST))
        if room < DISK_AT_LEAST:
            raise StartFailed(f"{self.data}: No space left on device ({room >> 20} MiB)")
        self.say("엔진의 디스크를 만듭니다")
        new = image.with_suffix(".new")
        new.unlink(missing_ok=True)
        with new.open("wb") as file:
            file.truncate(min(DISK_AT_MOST, room))
        made = await asyncio.create_subprocess_exec(
            *self.settings["mke2fs"],
            *("-q", "-t", "ext4", "-J", "size=16", "-m", "0", "-E", "lazy_itable_init=1", str(new)),
            env={"MKE2FS_CONFIG": f"{self.settings['bundle']}/etc/mke2fs.conf"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await made.communicate()
        if made.returncode:
            new.unlink()
            raise StartFailed(said.decode(errors="replace"))
        new.rename(image)
        return image

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]

    async def wait(self) -> None:
        """커널이나 그 네트워크가 스스로 끝날 때까지 기다립니다."""
        assert self.guest is not None
        both = {asyncio.create_task(self.guest.wait()), asyncio.create_task(self.gateway.wait())}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()

    async def stop(self) -> None:
        """게스트에게 스스로 끝낼 시간을 주고, 남은 것을 치웁니다."""
        guest = self.guest
        if guest is not None and guest.returncode is None:
            assert guest.stdin is not None
            with contextlib.suppress(OSError):
                guest.stdin.write(b"stop\n")  # a line on its console
            try:
                await asyncio.wait_for(guest.wait(), STOP_WITHIN)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    guest.kill()
                await guest.wait()
        if self.reader is not None:
            await self.reader
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


def make_root(root: Path, bundle: Path) -> Path:
    """게스트의 루트 폴더를 만듭니다: 마운트할 자리, ``/etc``, 게스트의 스크립트."""
    scripts = Path(__file__).parent
    shared = [
        f"/{entry.name}"
        for entry in os.scandir("/")
        if entry.is_dir(follow_symlinks=False)
        and os.access(entry, os.R_OK | os.X_OK)
        and not GUESTS_OWN.fullmatch(entry.name)
    ]
    for folder in ("usr", "proc", "sys", "dev", "run", "tmp", "root", "dockerlab", *shared):
        (root / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
    for link in ("bin", "sbin", "lib", "lib64"):
        if not (root / link).is_symlink():
            (root / link).symlink_to(f"usr/{link}")
    shutil.rmtree(root / "etc", ignore_errors=True)
    shutil.copytree(bundle / "etc", root / "etc", symlinks=True)
    for shown in ("ssl/certs/ca-certificates.crt", "hosts", "localtime"):
        if os.path.isfile(f"/etc/{shown}"):
            shutil.copyfile(f"/etc/{shown}", root / "etc" / shown)
    (root / "etc/resolv.conf").write_text("nameserver 192.168.127.1\n")
    for name, script in SCRIPTS.items():
        shutil.copyfile(scripts / script, root / name)
        (root / name).chmod(0o755)
    shutil.copy2(bundle / "usr/bin/busybox", root / "busybox")
    told = {"bundle": str(bundle), "shares": " ".join(sorted(shared))}
    lines = [f"{name}={shlex.quote(value)}" for name, value in told.items()]
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        if value := os.environ.get(name) or os.environ.get(name.lower()):
            lines.append(f"export {name}={shlex.quote(value)}")
    (root / "guest.conf").write_text("\n".join(lines) + "\n")
    return root


def place_for_memory(data: Path) -> str:
    """게스트의 메모리인 파일을 둘 폴더입니다. 메모리에 있는 파일 시스템이 가장 빠릅니다."""
    for folder in ("/dev/shm", tempfile.gettempdir(), str(data)):
        with contextlib.suppress(OSError):
            room = os.statvfs(folder)
            executable = not room.f_flag & os.ST_NOEXEC  # the guest runs its programs from there
            if executable and room.f_bavail * room.f_frsize > MEMORY and os.access(folder, os.W_OK):
                return folder
    return str(data)
