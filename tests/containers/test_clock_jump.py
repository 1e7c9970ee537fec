"""The clock of a kernel and its watcher is set to tomorrow and to yesterday while they work.

The clock of the machine is left alone: in these processes alone, Python's time.time() tells another time.
"""

import json
import os
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.engine

DAY = 86400
SET = """
import os, time
real = time.time
time.time = lambda: real() + float(open(os.environ["DL_CLOCK"]).read())
"""
KERNEL = """
import json, os, sys, time
from dockerlab import containers, engine, images
from dockerlab.engine import embedded, leftovers
embedded.ensure()
images.import_bundle(os.environ["TINY_BUNDLE"])
made = []
for line in sys.stdin:
    asked = json.loads(line)
    if "deadline" in asked:
        made.append(containers.start("tiny", "sleep 600", deadline=asked["deadline"]))
        told = made[-1].id
    else:
        leftovers.sweep()
        told = [one["Id"] for one in engine.connect().client.api.containers()]
    print(json.dumps({"told": told, "now": time.time()}), flush=True)
"""


class Kernel:
    """A process whose clock, and whose watcher's, can be set."""

    def __init__(self, folder, environment):
        (folder / "sitecustomize.py").write_text(SET)
        self.clock = folder / "clock"
        self.set(0)
        self.process = subprocess.Popen(
            [sys.executable, "-c", KERNEL],
            env=os.environ | environment | {"PYTHONPATH": str(folder), "DL_CLOCK": str(self.clock)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def set(self, seconds):
        whole = self.clock.with_suffix(".new")  # never half a number
        whole.write_text(str(seconds))
        whole.rename(self.clock)

    def ask(self, **what):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def left(self):
        """What is there after a sweep of its own."""
        return set(self.ask()["told"])


@pytest.fixture
def kernel(private_home, tiny_bundle, tmp_path, monkeypatch):
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    environment = {
        "DOCKERLAB_HOME": str(private_home),
        "DOCKERLAB_ENGINE": "root",
        "TINY_BUNDLE": str(tiny_bundle),
    }
    started = []

    def start():
        folder = tmp_path / str(len(started))
        folder.mkdir()
        started.append(Kernel(folder, environment))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()


def test_a_clock_that_is_set_takes_nothing_from_a_living_kernel(kernel):
    first, other = kernel(), kernel()
    kept, due = {first.ask(deadline=600)["told"]}, first.ask(deadline=1)["told"]
    first.set(-DAY)  # between the promise and its deadline, which must not come a day late
    kept.add(first.ask(deadline=600)["told"])
    gone_within(30, due, other)
    for one in (first, other):
        one.set(DAY)
    due = first.ask(deadline=1)["told"]
    assert kept < other.left(), "another kernel's sweep goes by the owner's life"
    gone_within(30, due, other)
    assert other.left() == kept, "the watcher goes by the time that went by"


def gone_within(seconds, container, kernel):
    end = time.monotonic() + seconds
    while container in kernel.left():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_the_clock_of_these_kernels_is_really_another(kernel):
    one = kernel()
    before = one.ask()["now"]
    one.set(DAY)
    assert one.ask()["now"] - before > DAY - 1
