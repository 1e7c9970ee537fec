"""The root engine's way out: without the program for it, the engine says so instead of nothing."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dockerlab.engine.rungs.root import Keeper


def test_a_missing_program_is_told():
    keeper = Keeper(Path("/r"), Path("/d"), {"network": ["no-such-program"]}, lambda step: None)
    with ThreadPoolExecutor(1) as thread:  # a browser test may keep a loop running in this one
        lacks = thread.submit(asyncio.run, keeper.start_network(1))
    assert lacks.result() == "slirp4netns"
