"""A kernel that lives long: what a lesson does, again and again, without growing.

The day of use (quietly; DOCKERLAB_SOAK_HOURS, two when unset): pytest -m soak -s tests/load/test_load_soak.py
"""

from __future__ import annotations

import os
import statistics
import time

import pytest
from jupyter_client.manager import start_new_kernel

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("tiny")]
WARM, ROUNDS = 2, 6
BREATHING = 2  # docker-py keeps a bounded pool of connections, now one more, now one less
PREPARE = """
import gc
import psutil
import dockerlab as lab
from IPython.display import display
from ipywidgets import Widget
%load_ext dockerlab
def measured():
    gc.collect()
    me = psutil.Process()
    return me.num_threads(), me.num_fds(), me.memory_info().rss
"""
# What the lessons do, one kind each: run, build, read layers, explore, trace, live with, watch, quiz, draw.
LESSON = """
display(lab.run("tiny", ["echo", "soak"]))
built = lab.build(f"FROM dockerlab/tiny\\nRUN echo {number % 3} > /x\\n", "dockerlab-test/soak:1")
image = lab.layers("dockerlab-test/soak:1")
display(built, image)
explored = lab.explore("dockerlab-test/soak:1")
display(explored)
display(lab.trace(["docker", "run", "--rm", "dockerlab/tiny", "true"]))
with lab.start("tiny", ["sh", "-c", "echo begun; sleep 60"]) as box:
    view = lab.follow(box)
    display(view, box.exec(["echo", "inside"]), box.layer())
quiz = lab.quiz("03-one-root")
times = lab.rounds({"a": lambda: 0.1, "b": lambda: 0.2}, n=3)
display(quiz, *times.values(), lab.docker("ps"), lab.lessons(), lab.views.chain_figure())
Widget.close_all()  # ipywidgets keeps whatever was shown, for the page to ask for
"""


@pytest.fixture
def kernel(tmp_path):
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    manager, client = start_new_kernel(env=outside | {"DOCKERLAB_RECORD": str(tmp_path / "record")})
    answers = Kernel(client)
    answers.run(PREPARE)
    yield answers
    client.stop_channels()
    manager.shutdown_kernel()


class Kernel:
    """Runs cells, and gives what the expressions after them are."""

    def __init__(self, client):
        self.client = client

    def run(self, source, wanted="None", seconds=300):
        answer = self.client.execute_interactive(
            source, user_expressions={"wanted": wanted}, output_hook=lambda _: None, timeout=seconds
        )["content"]
        assert answer["status"] == "ok", f"{answer['ename']}: {answer['evalue']}"
        assert answer["user_expressions"]["wanted"]["status"] == "ok", answer["user_expressions"]
        return eval(answer["user_expressions"]["wanted"]["data"]["text/plain"], {}, {})

    def lesson(self, number):
        return self.run(f"number = {number}\n{LESSON}", "measured()")


def grown(samples):
    """By how much the median of the last third is above the first third's: threads, descriptors, bytes."""
    third = len(samples) // 3
    first, last = ([*zip(*part, strict=True)] for part in (samples[:third], samples[-third:]))
    return [statistics.median(b) - statistics.median(a) for a, b in zip(first, last, strict=True)]


def test_a_long_lived_kernel_keeps_no_thread_and_no_descriptor(kernel):
    for number in range(WARM):
        kernel.lesson(number)
    samples = [kernel.lesson(number) for number in range(ROUNDS)]
    threads, descriptors, _ = grown(samples)
    assert threads <= 0 and descriptors <= BREATHING, samples  # one leaked in each lesson would be four


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_hours_of_lessons_do_not_grow_the_kernel(kernel):
    until = time.monotonic() + 3600 * float(os.environ.get("DOCKERLAB_SOAK_HOURS", "2"))
    samples, number = [], 0
    while time.monotonic() < until or number < 3 * WARM:
        samples.append(kernel.lesson(number))
        number += 1
    warm = samples[max(WARM, len(samples) // 10) :]
    threads, descriptors, memory = grown(warm)
    for what, each in (("growth", (threads, descriptors, memory)), ("at the end", samples[-1])):
        megabytes = each[2] / 2**20
        print(f"\n{number} lessons, {what}: {each[0]} threads, {each[1]} descriptors, {megabytes:.1f} MiB")
    assert threads <= 0 and descriptors <= BREATHING
    assert memory < max(16 * 2**20, 0.05 * warm[0][2])
