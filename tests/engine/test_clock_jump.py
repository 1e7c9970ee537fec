"""The clock of a kernel and its watcher is set to tomorrow and to yesterday while they work.

The clock of the machine is left alone: in these processes alone, Python's time.time() tells another time.
"""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.engine

DAY = 86400
SET = """
import os, time
real = time.time
time.time = lambda: real() + float(open(os.environ["DL_CLOCK"]).read())
"""
KERNEL = """
import json, sys, time
from dockerlab import containers, engine
from dockerlab.engine import leftovers
engine.connect()
made = []
for line in sys.stdin:
    asked = json.loads(line)
    if "deadline" in asked:
        made.append(containers.start("tiny", "sleep 600", deadline=asked["deadline"]))
        told = made[-1].id
    else:
        told = [one.id for one in leftovers.sweep(dry_run=True)]
    print(json.dumps({"told": told, "now": time.time()}), flush=True)
"""


class Kernel:
    """A process whose clock, and whose watcher's, can be set."""

    def __init__(self, folder, url):
        (folder / "sitecustomize.py").write_text(SET)
        self.clock = folder / "clock"
        self.set(0)
        self.process = subprocess.Popen(
            [sys.executable, "-c", KERNEL],
            env=os.environ | {"DOCKER_HOST": url, "PYTHONPATH": str(folder), "DL_CLOCK": str(self.clock)},
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


@pytest.fixture
def kernel(engine, tiny, tmp_path):
    started = []

    def start():
        folder = tmp_path / str(len(started))
        folder.mkdir()
        started.append(Kernel(folder, engine.endpoint.url))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()


def test_a_clock_that_is_set_takes_nothing_from_a_living_kernel(engine, kernel, until):
    api = engine.client.api

    def there():
        return {one["Id"] for one in api.containers(all=True)}

    first, other = kernel(), kernel()
    kept, due = [first.ask(deadline=600)["told"]], [first.ask(deadline=1)["told"]]
    first.set(-DAY)  # between the promise and its deadline, which must not come a day late
    kept.append(first.ask(deadline=600)["told"])
    assert until(lambda: not set(due) & there(), 30)
    for one in (first, other):
        one.set(DAY)
    due = [first.ask(deadline=1)["told"]]
    assert not set(other.ask()["told"]) & set(kept), "another kernel's sweep goes by the owner's life"
    assert until(lambda: not set(due) & there(), 30)
    assert set(kept) <= there(), "the watcher goes by the time that went by"


def test_the_clock_of_these_kernels_is_really_another(kernel):
    one = kernel()
    before = one.ask()["now"]
    one.set(DAY)
    assert one.ask()["now"] - before > DAY - 1
