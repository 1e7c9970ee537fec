"""Real boots: to the finish line, into a panic, into silence; and work inside a guest."""

import hashlib
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from dockerlab import vm
from dockerlab.errors import GuestNotAnswering, GuestNotReady, UsageMistake
from dockerlab.places import runtime_dir
from dockerlab.vm import kept, userland

pytestmark = pytest.mark.vm


def in_order(phases) -> bool:
    seconds = [at for _, at in phases.marks]
    return seconds == sorted(seconds) and seconds[0] > 0


@pytest.fixture(scope="module")
def machine(micro):
    with vm.start(micro) as machine:
        yield machine


def test_the_phases_of_a_micro_vm_come_in_order(machine):
    boot = machine.boot
    names = [name for name, _ in boot.phases.marks]
    assert names[-3:] == ["kernel", "init", "ready"]
    assert in_order(boot.phases)
    assert boot.ready == boot.phases.total
    assert boot.kernel == machine.run("uname -r").output.strip()
    assert boot.qemu
    assert boot.cmdline in boot.command


def test_a_full_distribution_reaches_its_login_prompt_and_works(full):
    before = {part.path: hashlib.sha256(part.path.read_bytes()).digest() for part in full.files}
    with vm.start(full) as machine:
        assert in_order(machine.phases)
        assert machine.boot.console.rstrip().endswith("login:")
        told = machine.run(". /etc/os-release; echo $ID; id -un; cat /proc/1/comm")
        assert told.output.split() == ["alpine", "root", "init"]
        assert machine.run("echo changed > /etc/motd && sync").exit_code == 0
    after = {part.path: hashlib.sha256(part.path.read_bytes()).digest() for part in full.files}
    assert after == before, "the guest wrote to its disk"


def test_user_mode_linux_is_another_kernel_without_an_emulator(uml, machine):
    with vm.start(uml) as other:
        assert in_order(other.phases)
        assert not other.boot.emulated
        assert other.boot.qemu == ""
        release = other.run("uname -r").output.strip()
        assert release == other.boot.kernel
        assert other.run("exit 5").exit_code == 5
        ids = {each.run("cat /proc/sys/kernel/random/boot_id").output for each in (other, machine)}
        assert len(ids) == 2
        assert other.memory() > 10 * 2**20


@pytest.mark.parametrize(
    ("command", "exit_code", "output"),
    [
        ("exit 3", 3, ""),
        ("echo out; echo err >&2", 0, "out\nerr\n"),
        ("printf 'no newline'", 0, "no newline"),
        ("echo '한글 \"따옴표\" $HOME `x`'", 0, '한글 "따옴표" $HOME `x`\n'),
        ("for n in 1 2\ndo\n echo $n\ndone", 0, "1\n2\n"),
        ("cat; echo empty input", 0, "empty input\n"),
        ("no-such-command 2>/dev/null", 127, ""),
        ("sh -c 'kill -9 $$'", 137, None),
        ("syntax (", 2, None),
        ("head -c 300000 /dev/zero | tr '\\0' x", 0, "x" * 300000),
    ],
)
def test_a_command_tells_its_exit_code_and_output(machine, command, exit_code, output):
    ran = machine.run(command)
    assert ran.exit_code == exit_code
    assert output is None or ran.output == output
    assert in_order(ran.marks)


def test_work_in_the_guest_is_timed_by_the_host(machine):
    ran = machine.run("sleep 1; echo done")
    assert 0.9 < ran.seconds < 30
    assert ran.marks.at("first_output") - ran.marks.at("begin") > 0.9


def test_commands_from_several_threads_do_not_mix(machine):
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda n: machine.run(f"echo {n}; exit {n}"), range(8)))
    assert [(ran.output, ran.exit_code) for ran in results] == [(f"{n}\n", n) for n in range(8)]


def test_a_command_too_long_for_the_terminal_is_refused(machine):
    with pytest.raises(UsageMistake):
        machine.run("echo " + "x" * 4000)
    assert machine.run("echo alive").output == "alive\n"


def test_memory_is_what_the_host_gives(machine):
    assert 20 * 2**20 < machine.memory() < 4 * machine.guest.memory
    guest_total = int(machine.run("awk '/MemTotal/ {print $2}' /proc/meminfo").output) * 1024
    assert guest_total < machine.guest.memory


@pytest.mark.parametrize(
    "wrong", [{"memory": "1g"}, {"memory": 1}, {"timeout": 0}, {"timeout": float("nan")}]
)
def test_impossible_machines_are_refused(wrong):
    with pytest.raises(UsageMistake):
        vm.boot_vm("micro", **wrong)


def test_an_interrupted_command_does_not_hold_up_the_next(micro, marked):
    with vm.start(marked.guest(micro)) as machine:
        assert machine.run("true").exit_code == 0
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            machine.run("sleep 60")
        began = time.perf_counter()
        with pytest.raises(GuestNotAnswering):
            machine.run("echo next")
        with pytest.raises(GuestNotAnswering):
            machine.memory()
        assert time.perf_counter() - began < 5
    assert marked.gone_within(1)


def test_files_of_the_host_can_be_put_inside(micro, tmp_path, marked):
    tool = tmp_path / "tool"
    tool.write_bytes(b"#!/bin/sh\necho tool $1\n")
    with vm.start(marked.guest(micro), memory=128 * 2**20, files={"/opt/tool": tool}) as machine:
        assert machine.run("/opt/tool works").output == "tool works\n"
        assert machine.guest.memory == 128 * 2**20
        folder = machine._folder
        assert (folder / "initrd").exists()
    assert not folder.exists()
    assert marked.gone_within(1)


def test_a_silent_guest_is_given_up_in_time(micro, marked):
    asleep = userland.cpio.archive(
        [
            userland.cpio.character_device("dev/console", 5, 1),
            userland.cpio.file("bin/busybox", kept.existing("busybox").read_bytes(), executable=True),
            userland.cpio.file("init", b"#!/bin/busybox sh\nbusybox sleep 1000\n", executable=True),
        ]
    )
    hanging = marked.guest(micro, initrd=kept.content("test-asleep.cpio", asleep), timeout=8.0)
    with pytest.raises(GuestNotReady) as caught:
        vm.boot_vm(hanging)
    kept.content("test-asleep.cpio", b"").unlink()
    assert caught.value.code == "E43"
    assert "8초 안에" in caught.value.what
    assert marked.gone_within(1)


def test_a_panic_is_not_waited_for(micro, marked):
    broken = replace(micro, cmdline=f"{micro.cmdline} rdinit=/none init=/none", timeout=120.0)
    with pytest.raises(GuestNotReady) as caught:
        vm.boot_vm(marked.guest(broken))
    assert "kernel panic" in caught.value.what
    assert "Unable to mount root fs" in caught.value.what
    assert marked.gone_within(1)


def test_a_qemu_that_ends_at_once_tells_why(micro, marked, tmp_path):
    nothing = tmp_path / "vmlinuz"
    nothing.write_bytes(b"not a kernel")
    with pytest.raises(GuestNotReady) as caught:
        vm.boot_vm(marked.guest(micro, kernel=nothing))
    assert "qemu" in caught.value.seen
    assert marked.gone_within(1)


def test_a_command_that_hangs_ends_the_guest_only(micro, marked):
    with vm.start(marked.guest(micro)) as machine:
        with pytest.raises(GuestNotAnswering):
            machine.run("sleep 1000", timeout=2.0)
        assert marked.gone_within(1)
        with pytest.raises(GuestNotAnswering) as caught:
            machine.run("true")
        assert "이미 꺼져" in caught.value.what


def test_a_flood_of_output_is_cut_off(micro, marked, monkeypatch):
    monkeypatch.setattr(vm.transcript, "LIMIT", 200_000)
    monkeypatch.setattr(vm.shell, "LIMIT", 200_000)
    with vm.start(marked.guest(micro)) as machine, pytest.raises(GuestNotAnswering) as caught:
        machine.run("yes", timeout=30.0)
    assert "넘게 썼습니다" in caught.value.what
    assert marked.gone_within(1)


def test_a_guest_that_powers_off_is_noticed(micro, marked):
    with vm.start(marked.guest(micro)) as machine, pytest.raises(GuestNotAnswering) as caught:
        machine.run("poweroff -f", timeout=30.0)
    assert "꺼져" in caught.value.what
    assert marked.gone_within(1)


def test_several_guests_live_side_by_side(micro, marked):
    with ThreadPoolExecutor(3) as pool:
        lively = list(pool.map(lambda _: vm.start(marked.guest(micro), memory=128 * 2**20), range(3)))
    # The threads that started them are gone; the guests are not.
    assert not any(thread.name.startswith("ThreadPool") for thread in threading.enumerate())
    ids = {machine.run("cat /proc/sys/kernel/random/boot_id").output for machine in lively}
    assert len(ids) == 3
    for machine in lively:
        machine.close()
        machine.close()
    assert marked.gone_within(1)


def test_a_forgotten_machine_is_put_away(micro, marked):
    machine = vm.start(marked.guest(micro))
    folder = machine._folder
    del machine
    assert marked.gone_within(2)
    assert not folder.exists()


def test_what_a_killed_process_left_is_swept(micro):
    left = runtime_dir("vm") / "4194305-dead"  # above the highest pid Linux can give
    left.mkdir(exist_ok=True)
    (left / "initrd").write_bytes(b"x")
    vm.boot_vm(replace(micro))
    assert not left.exists()
