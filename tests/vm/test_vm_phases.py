"""Reading a boot's phases from a console, on fragments cut in every awkward place."""

import re
import threading
from pathlib import Path
from time import perf_counter

import pytest

from dockerlab.vm import Guest
from dockerlab.vm.phases import read_phases, wait_ready
from dockerlab.vm.transcript import Transcript

BOOT = (
    b"\x1bc\x1b[?7lSeaBIOS (version 1)\r\n",
    b"[    0.000000] Linux version 6.18.56-0-virt (build@er) #1\r\n",
    b"[    1.600000] Run /init as init process\r\n",
    b"dockerlab: ready\r\n",
)


def guest(**changes) -> Guest:
    nowhere = Path("/nonexistent")
    values = {"name": "micro", "title": "", "origin": "", "arch": "x86_64", "kernel": nowhere,
              "initrd": nowhere, "disk": None, "cmdline": "", "ready": "dockerlab: ready",
              "memory": 1, "timeout": 1.0}  # fmt: skip
    return Guest(**(values | changes))


def written(*chunks: bytes, start: float = 100.0) -> Transcript:
    """A transcript in which one chunk arrives every second."""
    transcript = Transcript()
    for number, chunk in enumerate(chunks, start=1):
        transcript.append(chunk, start + number)
    return transcript


def phases(transcript: Transcript, guest: Guest) -> dict:
    ready = wait_ready(transcript, guest, perf_counter())
    return dict(read_phases(transcript, guest, 100.0, ready).marks)


def test_each_phase_is_stamped_when_its_line_arrives():
    assert phases(written(*BOOT), guest()) == {"firmware": 1, "kernel": 2, "init": 3, "ready": 4}


def test_a_marker_torn_over_reads_counts_from_its_first_byte():
    torn = written(BOOT[0], BOOT[1], BOOT[2] + b"dockerl", b"ab: rea", b"dy\r\n")
    assert phases(torn, guest())["ready"] == 3


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_the_order_holds_however_the_console_is_cut(size):
    whole = b"".join(BOOT)
    cut = [whole[at : at + size] for at in range(0, len(whole), size)]
    found = phases(written(*cut), guest())
    assert list(found) == ["firmware", "kernel", "init", "ready"]
    assert list(found.values()) == sorted(found.values())


def test_a_machine_without_firmware_has_no_such_phase():
    assert "firmware" not in phases(written(*BOOT[1:]), guest(arch="aarch64"))
    assert set(phases(written(*BOOT[1:]), guest(name="uml"))) == {"init", "ready"}


def test_lines_that_quiet_hides_are_left_out():
    assert phases(written(BOOT[0], BOOT[3]), guest()) == {"firmware": 1, "ready": 2}


def test_a_login_prompt_is_found_without_a_newline():
    waiting = written(*BOOT[:3], b"Welcome\r\n\r\n(none) login: ")
    assert phases(waiting, guest(ready=r"\S+ login: "))["ready"] == 4


def test_a_panic_is_not_ready_even_if_the_marker_follows():
    panicked = written(*BOOT[:2], b"Kernel panic - not syncing: VFS\r\n", BOOT[3])
    assert wait_ready(panicked, guest(), perf_counter() + 30) is None


def test_waiting_ends_when_the_console_closes():
    silent = written(BOOT[0])
    closer = threading.Timer(0.05, silent.close)
    closer.start()
    assert wait_ready(silent, guest(), perf_counter() + 60) is None
    closer.join()


def test_waiting_ends_at_the_deadline():
    assert written(BOOT[0]).wait_for(re.compile(b"never"), perf_counter() + 0.05) is None


def test_what_arrives_while_waiting_is_found():
    transcript = written(b"mar")
    later = threading.Timer(0.05, transcript.append, (b"ker", 200.0))
    later.start()
    found = transcript.wait_for(re.compile(b"marker"), perf_counter() + 60)
    later.join()
    assert (found.start, found.end, found.at) == (0, 6, 101.0)


def test_the_tail_is_readable():
    transcript = written(b"one\r\n\x1b[1;31mtwo\x1b[0m\r\n\r\n", "셋\r\n".encode())
    assert transcript.tail(2) == "two / 셋"
