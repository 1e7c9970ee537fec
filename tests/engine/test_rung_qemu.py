"""The QEMU rung: it boots without any power, sleeps instead of ending, and wakes with everything kept."""

import contextlib
import os
import stat
import sys

import pytest
from holding import Holder, attempt, client_with, nothing_is_left_of, own_home, said

from dockerlab.engine.rungs import qemu
from dockerlab.errors import QemuMissing

pytestmark = pytest.mark.engine
BOOT = "cat /proc/sys/kernel/random/boot_id"
KEPT = {"kept": {"bind": "/kept", "mode": "rw"}}


@pytest.fixture(scope="module")
def possible():
    if reason := qemu.impossible():
        pytest.skip(reason)


@pytest.fixture
def home(possible):
    with own_home() as path:
        yield path


@pytest.fixture
def emulated():
    from dockerlab import vm

    if not vm.accelerator().emulated:
        pytest.skip("a machine with hardware support boots anew, it does not sleep")


@contextlib.contextmanager
def held(home, image):
    holder = Holder(home, "qemu")
    with contextlib.closing(client_with(holder, image)) as client:
        yield client
    holder.leave()
    assert nothing_is_left_of(home)


@pytest.fixture
def image(engine, tiny):
    return engine.client.images.get(tiny.reference)


def asleep(home):
    return list((home / "engine/qemu").glob("asleep-*"))


def test_a_machine_that_stops_is_asleep_and_wakes_as_it_was(home, image, emulated, tmp_path):
    with held(home, image) as client:
        booted = said(client, f"echo precious > /kept/file; {BOOT}", volumes=KEPT)
        assert client.info()["KernelVersion"] in said(client, "uname -r") != os.uname().release
    (state,) = asleep(home)
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    (tmp_path / "from-host").write_text("from the host")
    with held(home, image) as client:
        assert not asleep(home)  # a disk that changes does not belong to that memory any more
        assert said(client, BOOT) == booted
        folder = {str(tmp_path): {"bind": "/shared", "mode": "rw"}}
        told = said(client, "cat /kept/file /shared/*; echo back > /shared/from-guest", volumes=KEPT | folder)
        assert "precious" in told and "from the host" in told
        assert (tmp_path / "from-guest").read_text() == "back\n"
    assert len(asleep(home)) == 1


@pytest.mark.soak
def test_a_machine_with_a_running_container_is_shut_down_instead(home, image):
    with held(home, image) as client:
        booted = said(client, f"echo precious > /kept/file; {BOOT}", volumes=KEPT)
        client.containers.run(image.tags[0], ["sleep", "1000"], detach=True, name="runs")
    assert not asleep(home)
    with held(home, image) as client:
        assert client.containers.get("runs").status == "exited"
        assert said(client, BOOT) != booted
        assert "precious" in said(client, "cat /kept/file", volumes=KEPT)


@pytest.mark.soak
@pytest.mark.parametrize("size", [0, 100_000, 100_000_000])
def test_half_a_saved_machine_is_booted_instead(home, image, emulated, size):
    with held(home, image) as client:
        said(client, "echo precious > /kept/file", volumes=KEPT)
    (state,) = asleep(home)
    os.truncate(state, size)
    with held(home, image) as client:
        assert "precious" in said(client, "cat /kept/file", volumes=KEPT)


@pytest.mark.soak
def test_a_machine_saved_by_another_qemu_or_with_another_disk_is_not_woken(home, image, emulated):
    with held(home, image) as client:
        booted = said(client, BOOT)
    (state,) = asleep(home)
    state.rename(state.with_name("asleep-0123456789abcdef-1"))
    with held(home, image) as client:
        assert not asleep(home)
        assert said(client, BOOT) != booted


# --- a machine that does not let it -------------------------------------------------------------
def test_a_guest_that_panics_is_told_and_leaves_nothing(home):
    told = attempt(
        home, "qemu", cmdline="console=ttyS0 console=ttyAMA0 panic=-1 quiet rdinit=/nothing root=/nothing"
    )
    assert "failed:" in told and "panic" in told
    assert nothing_is_left_of(home)


def test_without_memory_for_the_machine_it_is_told(home):
    settings = qemu.settings(home, lambda *_: None)
    machine = ["999999G" if word == "512M" else word for word in settings["machine"]]
    told = attempt(home, "qemu", machine=machine)
    assert "failed:" in told and "memory" in told
    assert nothing_is_left_of(home)


def test_without_qemu_the_doctor_says_what_to_install(monkeypatch):
    def missing():
        raise QemuMissing("가상 머신을 돌릴 QEMU가 없습니다.", todo="apt-get install qemu")

    monkeypatch.setattr("dockerlab.vm.qemu.find", missing)
    assert "QEMU가 없습니다" in qemu.impossible() and "apt-get install" in qemu.impossible()


def test_a_qemu_that_cannot_share_folders_is_told(monkeypatch, tmp_path):
    program = tmp_path / "qemu-system-x86_64"
    program.write_text(f"#!{sys.executable}\nimport sys\nsys.exit('9p' in str(sys.argv))\n")
    program.chmod(0o755)
    found = type("Found", (), {"command": (str(program),), "version": "0"})
    monkeypatch.setattr("dockerlab.vm.qemu.find", lambda: found)
    assert "9p" in qemu.impossible()
