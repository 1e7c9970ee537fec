"""An accelerator is believed when a guest ran with it, not when its device opens."""

import json
import stat

import pytest

from dockerlab import vm
from dockerlab.errors import VmError
from dockerlab.vm import probe, qemu


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKERLAB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def pretended(tmp_path, monkeypatch, home):
    """A machine with a KVM device and a QEMU of the test's own making."""

    def install(under_kvm: str, under_tcg: str = "exit 33") -> None:
        program = tmp_path / "qemu-system-x86_64"
        program.write_text(
            "#!/bin/sh\n"
            'case "$*" in\n'
            '  *--version*) echo "QEMU emulator version 9.9.9";;\n'
            f"  *kvm*) {under_kvm};;\n"
            f"  *) {under_tcg};;\n"
            "esac\n"
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        found = qemu.Qemu((str(program),), "9.9.9", "system", "x86_64")
        monkeypatch.setattr(qemu, "find", lambda: found)

    kernel = tmp_path / "kernel"
    kernel.write_bytes(b"")
    monkeypatch.setattr(probe.catalog, "kernel", lambda: kernel)
    monkeypatch.setattr(probe, "_kvm_device_problem", lambda: "")
    monkeypatch.setattr(probe, "_KERNEL_SECONDS", 0.5)
    monkeypatch.setattr(probe.sys, "platform", "linux")
    return install


BOTH = 'case "$*" in *-kernel*) echo "Linux version 6.6";; *) exit 33;; esac'


def test_kvm_that_runs_a_sector_and_a_kernel_is_chosen(pretended):
    pretended(under_kvm=BOTH)
    best = vm.accelerator()
    assert (best.name, best.works, best.emulated) == ("kvm", True, False)


@pytest.mark.parametrize(
    ("under_kvm", "seen"),
    [
        ("sleep 60", "부트 섹터가 1.0초 안에 끝나지 않음"),
        ("echo 'failed to set MSR 0x10a' >&2; exit 134", "failed to set MSR 0x10a"),
        ('case "$*" in *-kernel*) echo SeaBIOS; sleep 60;; *) exit 33;; esac', "첫 줄을 쓰지 못함"),
    ],
    ids=["hanging sector", "abort", "bios then silence"],
)
def test_kvm_that_opens_but_runs_nothing_is_rejected(pretended, under_kvm, seen):
    pretended(under_kvm)
    kvm, tcg = vm.accelerators()
    assert not kvm.works
    assert kvm.why.startswith("KVM이 있으나 게스트가 돌지 않음")
    assert seen in kvm.why
    assert tcg.works and tcg.emulated
    assert vm.accelerator() == tcg
    with pytest.raises(VmError) as caught:
        probe.choose("kvm")
    assert "KVM이 있으나" in caught.value.seen


def test_nothing_that_runs_is_an_error(pretended):
    pretended(under_kvm="exit 1", under_tcg="exit 1")
    with pytest.raises(VmError) as caught:
        vm.accelerator()
    assert "tcg" in caught.value.seen


def test_the_answer_is_kept_until_asked_anew(pretended, home):
    pretended(under_kvm="exit 1")
    assert not vm.accelerators()[0].works
    pretended(under_kvm=BOTH)
    assert not vm.accelerators()[0].works, "kept: the machine was not probed again"
    assert vm.accelerators(refresh=True)[0].works
    assert vm.accelerators()[0].works


def test_a_damaged_answer_is_probed_again(pretended, home):
    pretended(under_kvm="exit 1")
    vm.accelerators()
    (kept,) = (home / "cache" / "vm").glob("accelerators-*.json")
    for damage in ("", "[{", json.dumps([{"name": "kvm"}]), "7"):
        kept.write_text(damage)
        assert [one.name for one in vm.accelerators()] == ["kvm", "tcg"]


def test_an_unknown_accelerator_is_named(pretended):
    pretended(under_kvm="exit 1")
    with pytest.raises(VmError) as caught:
        probe.choose("whpx")
    assert "kvm, tcg" in caught.value.seen


@pytest.mark.vm
def test_this_machine_tells_a_consistent_truth(micro, home):
    known = {one.name: one for one in vm.accelerators()}
    assert known["tcg"].works and known["tcg"].emulated
    best = vm.accelerator()
    booted = vm.boot_vm(micro)
    assert (booted.accelerator, booted.emulated) == (best.name, best.emulated)
    for one in known.values():
        assert one.why
        assert one.emulated == (one.name == "tcg")
        if one.works and not one.emulated:
            assert best.name != "tcg"
            assert vm.boot_vm(micro, accelerator=one.name).ready > 0
