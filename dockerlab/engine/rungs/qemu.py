"""QEMU의 엔진입니다: 흉내 낸 컴퓨터에서 도는 Linux 커널 안의 진짜 dockerd.

It needs neither privilege nor ptrace, and any processor that QEMU knows. The kernel and its modules are those
of the guests of the race (Alpine's), the programs are the engine bundle's on a disk, the learner's folders
come over 9p. An emulated machine boots slowly, so one that stops is saved with its memory, for the next time.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import platform
import shlex
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dockerlab.engine.rungs import READY_WITHIN, Say, StartFailed
from dockerlab.engine.rungs.gateway import GUEST_MAC, Gateway
from dockerlab.engine.rungs.guest import DOCKERD_STARTS, MEMORY, Guest
from dockerlab.engine.rungs.guest_files import format_disk, make_disk, make_root
from dockerlab.engine.rungs.qmp import Qmp
from dockerlab.engine.rungs.saved import Saved
from dockerlab.errors import DockerlabError
from dockerlab.progress import Report

TITLE = "QEMU 안의 Docker"
TRANSLATED = 128  # MiB of translated code that an emulation keeps
STOP_WITHIN = 20.0
SLEEP_WITHIN = 10.0
WAKE_WITHIN = 30.0
ASLEEP, AWAKE = b"dockerlab: asleep", b"dockerlab: awake"


def impossible() -> str:
    """이 컴퓨터에서 쓸 수 없는 까닭입니다. 쓸 수 있으면 빈 글입니다."""
    from dockerlab.vm import catalog, qemu

    if platform.system() != "Linux":
        return f"Linux에서만 동작합니다(이 컴퓨터: {platform.system()})."
    try:
        found = qemu.find()
        catalog.kernel()
    except DockerlabError as error:
        return f"{error.what} 할 일: {error.todo}"
    asked = [*found.command, "-device", "virtio-9p-pci,help"]
    if subprocess.run(asked, capture_output=True, check=False).returncode:
        return f"이 컴퓨터의 QEMU {found.version}에는 폴더를 게스트와 나누는 장치(9p)가 없습니다."
    return ""


def prepared() -> bool:
    """내려받을 것이 없는지 봅니다."""
    from dockerlab.engine import bundle

    return bundle.installed() is not None


def settings(run: Path, report: Report) -> dict[str, Any]:
    """묶음과 QEMU와 커널을 갖추고, 그것을 부르는 방법을 돌려줍니다."""
    from dockerlab import vm
    from dockerlab.engine import bundle
    from dockerlab.vm import catalog, qemu

    made = bundle.ensure(report)
    found, chosen = qemu.find(), vm.accelerator()
    tuned = f",tb-size={TRANSLATED}" if chosen.emulated else ""
    kernel = [f"console={qemu.console_device(found.arch)}", "quiet", "panic=-1"]
    if chosen.emulated:
        # On a busy machine an emulated TSC is measured wrongly now and then, and the guest's clock races.
        kernel += [qemu.EASY_TO_EMULATE, "mitigations=off", "tsc=unstable"]
    return {
        "bundle": str(made.root),
        "mke2fs": made.command("mke2fs"),
        "gateway": made.command("gvproxy"),
        "version": found.version,
        "emulated": chosen.emulated,
        "machine": qemu.machine(found, chosen.name, MEMORY, tuned),
        "kernel": str(catalog.kernel()),
        "cmdline": " ".join(kernel),
        "initrd": str(catalog.initrd()),
        "modules": str(catalog.disk()),
    }


class Keeper:
    """QEMU 안의 엔진 하나입니다."""

    def __init__(self, run: Path, data: Path, settings: dict[str, Any], say: Say) -> None:
        self.run = run
        self.data = data
        self.settings = settings
        self.say = say
        self.gateway = Gateway(run, settings["gateway"])
        self.guest = Guest(self.gateway, run / "dockerd.log")
        self.control = run / "qmp.sock"
        self.saved: Saved | None = None  # where this machine may be saved; none before its engine answers

    async def start(self) -> dict[str, Any]:
        """저장해 둔 게스트를 깨우거나, 부팅하고, 그 안의 엔진이 답할 때까지 기다립니다."""
        self.data.mkdir(parents=True, exist_ok=True)
        bundle = Path(self.settings["bundle"])
        programs = await self.programs(bundle)
        root = make_root(self.data / "root", bundle, "qemu-guest.sh")
        # Every pod has a name of its own there; the guest takes it later, or it would never wake in another.
        shutil.copyfile(bundle / "etc/hosts", root / "etc/hosts")
        initrd = make_initrd(Path(self.settings["initrd"]), root, self.data / "initrd")
        disk = await make_disk(self.data / "disk.ext4", self.settings["mke2fs"], bundle, self.say)
        command = self.command(initrd, programs, disk)
        saved = Saved(self.data, disk, json.dumps([self.settings, command]).encode() + initrd.read_bytes())
        if not await self.awake(saved, command):
            await self.boot(command)
        self.saved = saved
        assert self.guest.process is not None
        return {"pid": self.guest.process.pid, "lacks": ""}

    async def programs(self, bundle: Path) -> Path:
        """묶음의 프로그램을 담은 디스크 이미지입니다."""
        # Not compressed: for an emulated machine, reading a disk is cheap and unpacking is not.
        image = self.data / f"programs-{bundle.name}.ext4"
        if not image.exists():
            self.say("프로그램의 디스크를 만듭니다")
            for outdated in self.data.glob("programs-*"):
                outdated.unlink()
            size = sum(path.lstat().st_size + 4096 for path in (bundle / "usr").rglob("*"))
            options = ("-O", "^has_journal", "-E", "root_owner=0:0", "-d", str(bundle / "usr"))
            await format_disk(image, size * 9 // 8, self.settings["mke2fs"], bundle, *options)
        return image

    def command(self, initrd: Path, programs: Path, disk: Path) -> list[str]:
        """게스트를 부팅하는 명령입니다. 네트워크만 빠져 있습니다."""
        return [
            *self.settings["machine"],
            *("-kernel", self.settings["kernel"], "-initrd", str(initrd)),
            *("-append", self.settings["cmdline"]),
            *drive(programs, "format=raw,readonly=on"),
            *drive(Path(self.settings["modules"]), "format=qcow2,readonly=on"),
            *drive(disk, "format=raw,discard=unmap"),
            *("-fsdev", "local,id=host,path=/,security_model=none,multidevs=remap"),
            *("-device", "virtio-9p-pci,fsdev=host,mount_tag=host"),
            *("-device", f"virtio-net-pci,netdev=wire,romfile=,mac={GUEST_MAC}"),
            *("-device", "virtio-rng-pci"),
            *("-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"),
            *("-qmp", f"unix:{escaped(self.control)},server=on,wait=off"),
        ]

    async def launch(self, *command: str) -> None:
        await self.gateway.start("qemu")
        with await self.gateway.connected() as wire:
            network = ("-netdev", f"socket,id=wire,fd={wire.fileno()}")
            await self.guest.start(*command, *network, pass_fds=(wire.fileno(),))

    async def boot(self, command: Sequence[str]) -> None:
        """게스트를 부팅합니다."""
        self.say("QEMU의 컴퓨터를 부팅합니다")
        await self.launch(*command)
        if not await self.guest.says(DOCKERD_STARTS, READY_WITHIN):
            raise StartFailed(self.guest.last_words())
        self.say("dockerd를 시작합니다")
        await self.guest.open_docker()

    async def awake(self, saved: Saved, command: Sequence[str]) -> bool:
        """저장해 둔 게스트가 있으면 이어서 돌립니다. 그렇게 되지 않으면 거짓이고, 흔적이 없습니다."""
        state = saved.found()
        if state is None:
            return False
        self.say("재워 둔 엔진을 깨웁니다")
        await self.launch(*command, "-S", "-incoming", f"exec:cat {shlex.quote(str(state))}")
        try:
            async with asyncio.timeout(WAKE_WITHIN):
                qmp = await self.qmp()
                while (await qmp.ask("query-status"))["status"] == "inmigrate":
                    await asyncio.sleep(0.02)
                # From here on the disk changes, and this memory does not belong to it any more.
                saved.forget()
                await qmp.ask("cont")
                qmp.close()
            if await self.guest.says(AWAKE, WAKE_WITHIN, f"wake {time.time():.0f}"):
                await self.guest.open_docker()
                return True
        except (StartFailed, TimeoutError):
            pass  # another build of QEMU, half a file: booting needs neither
        saved.forget()
        await self.guest.stop(0)
        await self.gateway.stop()
        return False

    async def qmp(self) -> Qmp:
        while self.guest.running:
            with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
                return await Qmp.connect(self.control)
            await asyncio.sleep(0.01)
        raise StartFailed(self.guest.last_words())

    async def wait(self) -> None:
        """QEMU나 그 네트워크가 스스로 끝날 때까지 기다립니다."""
        await self.guest.wait()

    async def stop(self) -> None:
        """게스트를 재워 저장하거나, 스스로 끝낼 시간을 주고, 남은 것을 치웁니다."""
        if self.guest.running and self.saved and self.settings["emulated"] and await self.nothing_runs():
            with contextlib.suppress(StartFailed, OSError):
                await self.sleep(self.saved)
        await self.guest.stop(STOP_WITHIN if self.saved else 0)
        await self.gateway.stop()
        self.control.unlink(missing_ok=True)

    async def nothing_runs(self) -> bool:
        """도는 컨테이너가 없는지 봅니다. 있으면 잠들었다 깨어나는 것을 그 안에서 알게 됩니다."""
        with contextlib.suppress(OSError, TimeoutError):
            reader, writer = await asyncio.open_unix_connection(self.gateway.docker)
            try:
                writer.write(b"GET /containers/json HTTP/1.0\r\n\r\n")
                return (await asyncio.wait_for(reader.read(), 5)).endswith(b"\r\n\r\n[]\n")
            finally:
                writer.close()
        return False

    async def sleep(self, saved: Saved) -> None:
        """게스트의 메모리를 저장하고 QEMU를 끝냅니다. 저장하지 못하면 게스트는 계속 돕니다."""
        if shutil.disk_usage(self.data).free < 2 * MEMORY:
            return
        if not await self.guest.says(ASLEEP, SLEEP_WITHIN, "sleep"):
            return
        qmp = await self.qmp()
        await qmp.ask("stop")
        await qmp.ask("migrate-set-parameters", max_bandwidth=2**40)
        with saved.writing() as new:
            await qmp.ask("migrate", uri=f"exec:cat > {shlex.quote(str(new))}")
            while (told := await qmp.ask("query-migrate")).get("status") not in ("completed", "failed"):
                await asyncio.sleep(0.02)
            if told["status"] == "failed":
                await qmp.ask("cont")
                raise StartFailed(str(told))
            with contextlib.suppress(StartFailed):  # it may end before it answers
                await qmp.ask("quit")
            qmp.close()
            assert self.guest.process is not None
            await self.guest.process.wait()


def make_initrd(alpines: Path, root: Path, target: Path) -> Path:
    """Alpine의 initramfs에 우리의 첫 프로세스와 게스트의 루트를 더합니다."""
    from dockerlab.vm import cpio, userland

    init = Path(__file__).with_name("qemu-initrd.sh").read_bytes()
    ours = cpio.archive([cpio.file("init", init, executable=True), *cpio.tree(root, "guest")])
    # Unpacked here: an emulated machine would need seconds.
    target.write_bytes(userland.joined(gzip.decompress(alpines.read_bytes()), ours))
    return target


def drive(image: Path, settings: str) -> tuple[str, str]:
    """디스크 하나를 꽂는 인자입니다. 꽂은 차례대로 vda, vdb, vdc가 됩니다."""
    return "-drive", f"file={escaped(image)},if=virtio,{settings}"


def escaped(path: Path) -> str:
    """QEMU의 설정에 적는 경로입니다. 쉼표는 설정의 끝이므로 겹쳐 적습니다."""
    return str(path).replace(",", ",,")
