"""Kills kernels at any moment, and looks whether anything of their engine is left.

Run in the pod: python tests/pod/kill_kernels.py ROUNDS. Prints JSON: how far each kernel had come, and what
was left of the engine after it, which should be nothing.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys

from inside import traces, wait_until_gone

KERNEL = "from dockerlab import engine; engine.connect(); print('ready', flush=True); input()"
LATEST = 20.0  # seconds; by then an engine answers, so that both beginnings and running engines are hit


def main(rounds: int) -> None:
    print(json.dumps([one_round(random.uniform(0, LATEST)) for _ in range(rounds)]))


def one_round(until: float) -> dict:
    kernel = subprocess.Popen(
        [sys.executable, "-c", KERNEL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with kernel:
        try:
            kernel.wait(until)  # by itself it only ends when its engine cannot start
        except subprocess.TimeoutExpired:
            kernel.kill()
    wait_until_gone()
    return {"killed_after": round(until, 1), "exit_code": kernel.returncode, "left": traces()}


if __name__ == "__main__":
    main(int(sys.argv[1]))
