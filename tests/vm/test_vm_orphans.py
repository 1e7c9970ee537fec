"""However the owner ends, no guest outlives it."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.vm

OWNER = """
import sys, threading, time
from dataclasses import replace
from dockerlab import vm

name, word, where = sys.argv[1:]
guest = vm.guest(name)
guest = replace(guest, cmdline=guest.cmdline + " " + word)
vm.accelerators()

def own():
    print("starting", flush=True)
    machine = vm.start(guest)
    print("ready", flush=True)
    time.sleep(1000)

if where == "worker":
    threading.Thread(target=own).start()
    threading.Event().wait()
else:
    own()
"""


def owner(name: str, marked, where: str) -> subprocess.Popen:
    command = [sys.executable, "-c", OWNER, name, marked.word, where]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, **pipes, start_new_session=True)
    assert process.stdout.readline() == b"starting\n", process.stderr.read()
    return process


def kill_at_random(marked, name: str, times: int, seed: int) -> None:
    chance = random.Random(seed)
    caught = 0
    for number in range(times):
        process = owner(name, marked, "worker" if number % 2 else "main")
        time.sleep(chance.uniform(0.0, 2.0))
        caught += bool(marked.alive())
        if number % 3 == 2:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.communicate()
        assert marked.gone_within(3.0), f"kill {number} (seed {seed}) left {marked.alive()}"
    assert caught > times / 2, "the kills came before there was anything to leave behind"


def test_killed_at_random_instants_nothing_stays(micro, marked):
    kill_at_random(marked, "micro", times=8, seed=random.randrange(10**6))


def test_killed_user_mode_linux_leaves_none_of_its_processes(uml, marked):
    kill_at_random(marked, "uml", times=4, seed=random.randrange(10**6))


@pytest.mark.soak
def test_killed_a_hundred_times_nothing_stays(micro, uml, marked):
    kill_at_random(marked, "micro", times=70, seed=random.randrange(10**6))
    kill_at_random(marked, "uml", times=30, seed=random.randrange(10**6))


@pytest.mark.parametrize("name", ["micro", "uml"])
def test_ctrl_c_while_booting_leaves_nothing(name, marked, request):
    request.getfixturevalue(name)
    process = owner(name, marked, "main")
    deadline = time.monotonic() + 10
    while not marked.alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert marked.alive()
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert b"KeyboardInterrupt" in errors
    assert marked.gone_within(1)


# The instant at which the thread that starts the guests has begun and is not yet known to have.
INTERRUPTED_START = """
import threading
from dockerlab import vm

start = threading.Thread.start

def interrupted(thread):
    start(thread)
    if thread.name.startswith("dockerlab-spawner"):
        raise KeyboardInterrupt

threading.Thread.start = interrupted
vm.start(vm.guest("micro"))
"""


def test_ctrl_c_at_the_start_of_the_first_guest_ends_the_process(micro):
    done = subprocess.run([sys.executable, "-c", INTERRUPTED_START], capture_output=True, timeout=60)
    assert b"KeyboardInterrupt" in done.stderr


def test_a_normal_end_takes_a_live_guest_along(micro, marked):
    script = OWNER.replace("time.sleep(1000)", "sys.exit()")
    done = subprocess.run(
        [sys.executable, "-c", script, "micro", marked.word, "main"], capture_output=True, timeout=120
    )
    assert done.stdout == b"starting\nready\n", done.stderr
    assert marked.gone_within(1)
