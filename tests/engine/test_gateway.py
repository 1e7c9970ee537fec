"""The network of a guest: its socket is there a moment before it listens."""

import asyncio
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from dockerlab.engine.rungs import StartFailed
from dockerlab.engine.rungs.gateway import Gateway


def run(coroutine):
    with ThreadPoolExecutor(1) as thread:  # a browser test may keep a loop running in this one
        return thread.submit(asyncio.run, coroutine).result(20)


async def gateway(folder, program):
    made = Gateway(folder, [])
    made.log.write_text("what it said last")
    made.process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    return made


def test_a_socket_that_does_not_listen_yet_is_waited_for(tmp_path):
    async def connect():
        made = await gateway(tmp_path, "import time; time.sleep(60)")
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(made.wire))
            asyncio.get_running_loop().call_later(0.2, bound.listen)
            with await made.connected() as wire:
                assert wire.getpeername() == str(made.wire)
        await made.stop()

    run(connect())


def test_a_network_that_has_ended_is_told_with_its_last_words(tmp_path):
    async def connect():
        made = await gateway(tmp_path, "")
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(made.wire))
            await made.process.wait()
            await made.connected()

    with pytest.raises(StartFailed, match="said last"):
        run(connect())
