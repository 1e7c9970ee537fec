"""Guests' files: wheels are checked against their record, what we make is kept and mended."""

import base64
import hashlib
import importlib

import pytest

from dockerlab import vm
from dockerlab.errors import ChecksumMismatch, GuestMissing
from dockerlab.vm import catalog, kept
from dockerlab.vm.wheels import checked_file


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """An installed wheel "demo-guest" with one file, on the path of this process."""
    content = b"a kernel, say"
    hashed = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    info = tmp_path / "demo_guest-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: demo-guest\nVersion: 1.0\n")
    (info / "RECORD").write_text(f"demo_guest/vm.kernel,sha256={hashed},{len(content)}\n")
    file = tmp_path / "demo_guest" / "vm.kernel"
    file.parent.mkdir()
    file.write_bytes(content)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    return file


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKERLAB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_whole_file_is_handed_out(wheel):
    assert checked_file("demo-guest", ".kernel") == wheel


def test_one_changed_byte_is_refused(wheel):
    checked_file("demo-guest", ".kernel")
    wheel.write_bytes(b"A kernel, say")
    with pytest.raises(ChecksumMismatch) as caught:
        checked_file("demo-guest", ".kernel")
    assert "pip install --force-reinstall demo-guest" in caught.value.todo


def test_a_file_without_a_recorded_hash_is_refused(wheel):
    record = wheel.parent.parent / "demo_guest-1.0.dist-info" / "RECORD"
    record.write_text("demo_guest/vm.kernel,,\n")
    with pytest.raises(ChecksumMismatch):
        checked_file("demo-guest", ".kernel")


def test_a_missing_file_or_wheel_is_told(wheel):
    with pytest.raises(GuestMissing):
        checked_file("demo-guest", ".qcow2")
    wheel.unlink()
    with pytest.raises(GuestMissing):
        checked_file("demo-guest", ".kernel")
    with pytest.raises(GuestMissing) as caught:
        checked_file("no-such-guest", ".kernel")
    assert caught.value.todo.endswith("pip install no-such-guest")


def test_a_corrupted_kernel_stops_the_boot(wheel, home, monkeypatch):
    monkeypatch.setattr(catalog, "_ALPINE", "demo-guest")
    wheel.write_bytes(b"nonsense")
    with pytest.raises(ChecksumMismatch):
        vm.boot_vm("micro")


def test_an_unknown_guest_names_the_known_ones():
    with pytest.raises(GuestMissing) as caught:
        vm.guest("windows")
    assert "micro, full, uml" in caught.value.todo


def test_a_cpu_without_guests_is_told(monkeypatch):
    monkeypatch.setattr(catalog.qemu, "host_arch", lambda: "riscv64")
    for name in vm.NAMES:
        with pytest.raises(GuestMissing) as caught:
            vm.guest(name)
        assert "riscv64" in caught.value.seen


def test_nothing_is_fetched_when_only_asked_what_is_there(home):
    assert "uml" not in [guest.name for guest in vm.guests()]
    with pytest.raises(GuestMissing):
        vm.guest("uml", fetch=False)


def test_a_damaged_kept_file_is_made_again(home):
    made = []

    def make():
        made.append(1)
        return b"program"

    path = kept.made("tool", make)
    assert kept.made("tool", make) == path
    assert len(made) == 1
    path.write_bytes(b"Program")
    assert kept.existing("tool") is None
    assert kept.made("tool", make).read_bytes() == b"program"
    assert len(made) == 2
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["tool", "tool.sha256"]


def test_kept_content_follows_what_is_asked(home):
    path = kept.content("image", b"one")
    assert kept.content("image", b"two") == path
    assert path.read_bytes() == b"two"
    path.write_bytes(b"tvo")
    assert kept.content("image", b"two").read_bytes() == b"two"


def test_nothing_half_made_stays_when_making_fails(home):
    with pytest.raises(RuntimeError):
        kept.made("tool", _fail)
    assert kept.existing("tool") is None


def _fail() -> bytes:
    raise RuntimeError("no network")
