"""The embedded engine's way out: without the program for it, the engine says so instead of nothing."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from dockerlab.engine.supervisor import Plan, Supervisor


def test_a_missing_program_is_told():
    plan = Plan(run="/r", data="/d", root="/o", bundle="", network=["no-such-program"], idle=1, cgroup="/c")
    with ThreadPoolExecutor(1) as thread:  # a browser test may keep a loop running in this one
        lacks = thread.submit(asyncio.run, Supervisor(plan, lambda: None).start_network())
    assert lacks.result() == "slirp4netns"
