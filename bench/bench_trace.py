"""What a trace costs the command it follows: `docker run` with everything recorded, and without.

    python bench/bench_trace.py [--rounds 50]

Both are the same docker command on the same engine, timed from before its start to after its end. Traced,
it speaks through the relay while the engine's and containerd's events, runc's calls and the processes are
recorded. "plain again" is the same as "plain": how far it is from 1 is what this machine's noise alone
does. What comes before and after the command (starting and joining the records) is told, too: nobody waits
for it inside the command. Prints Markdown; exits 1 when the median overhead is 10 % or more.
"""

from __future__ import annotations

import argparse
import sys
import time

from ratios import met, show

from dockerlab import engine, images, measure, tracing
from dockerlab.tracing import command

GOAL = 1.10


def plain(words: list[str], url: str) -> float:
    ran = command.run(words, url, captured=True)
    if ran.exit_code != 0 or ran.stdout != "hi\n":
        raise SystemExit(f"unexpected: {ran}")
    return ran.end - ran.start


class Traced:
    """The command's own seconds are the measurement; ``around`` keeps what the trace took besides."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.around: list[float] = []

    def __call__(self) -> float:
        start = time.perf_counter()
        trace = tracing.trace(self.words)
        whole = time.perf_counter() - start
        if not trace.complete or trace.lane("client")[0].detail["stdout"] != "hi\n":
            raise SystemExit(f"unexpected: {trace}")
        self.around.append(whole - trace.total)
        return trace.total


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=50)
    options = options.parse_args()
    tiny = images.ensure("tiny").reference
    connected = engine.connect()
    url = connected.endpoint.url
    words = ["docker", "run", "--rm", tiny, "echo", "hi"]  # a container that the engine itself removes
    traced = Traced(words)
    taken = measure.rounds(
        {"plain": lambda: plain(words, url), "traced": traced, "plain again": lambda: plain(words, url)},
        n=options.rounds,
        warmup=3,
    )
    run, again = show(f"A traced `docker run --rm {tiny} echo hi`", taken, "plain", connected)
    around = sorted(traced.around)[len(traced.around) // 2]
    print(f"\nStarting and joining the records, before and after: {around * 1e3:.0f} ms in the median.")
    return 0 if met(GOAL, run, again) else 1


if __name__ == "__main__":
    sys.exit(main())
