"""What the tests of virtual machines share: real guests, and a way to see their processes."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace

import psutil
import pytest

from dockerlab import vm
from dockerlab.errors import GuestMissing, QemuMissing
from dockerlab.vm import qemu


@pytest.fixture(scope="session")
def emulator() -> qemu.Qemu:
    """A QEMU that runs."""
    try:
        return qemu.find()
    except QemuMissing as error:
        pytest.skip(f"no QEMU: {error.todo}")


def prepared(name: str) -> vm.Guest:
    try:
        return vm.guest(name)
    except GuestMissing as error:
        pytest.skip(f"no guest {name}: {error.seen}")


@pytest.fixture(scope="session")
def micro(emulator) -> vm.Guest:
    return prepared("micro")


@pytest.fixture(scope="session")
def full(emulator) -> vm.Guest:
    return prepared("full")


@pytest.fixture(scope="session")
def uml() -> vm.Guest:
    return prepared("uml")


class Marked:
    """A word on the kernel's command line, by which this test's guests are told from all others."""

    def __init__(self) -> None:
        self.word = f"dockerlab.test={secrets.token_hex(6)}"

    def guest(self, guest: vm.Guest, **changes: object) -> vm.Guest:
        return replace(guest, cmdline=f"{guest.cmdline} {self.word}", **changes)

    def alive(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            words = " ".join(process.cmdline())
            return self.word in words and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


@pytest.fixture
def marked():
    marked = Marked()
    yield marked
    for process in marked.alive():
        process.kill()
