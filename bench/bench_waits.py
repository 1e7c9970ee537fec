"""What a learner waits longest for in the lessons: the six measurements of lesson 03, called as there.

    python bench/bench_waits.py

Each is taken once (n=1), warm. Where the values are seconds, their sum with the warm-up rounds is what
nobody can take away without measuring less often; what the whole takes above it is ours. Prints Markdown,
the slowest first; exits 1 when one of those takes more than a quarter longer than what it measures. That
lesson 03 has the longest cells is told by `pytest --nbval --durations=10`, as in `make test`.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable

from ratios import Ratio, keep

from dockerlab import claims, engine, images, measure, vm

GOAL = 1.25
WARMUP = 1  # rounds, the default of the measurements
MEASUREMENTS: dict[str, Callable[[], claims.Claim]] = {
    "start": lambda: claims.start.measure(n=10),
    "size": claims.size.measure,
    "isolation": claims.isolation.measure,
    "performance": claims.performance.measure,
    "portability": claims.portability.measure,
    "resources": claims.resources.measure,
}


def itself(claim: claims.Claim) -> float:
    """The seconds of the measured runs and of the warm-up rounds; 0 where no seconds are measured."""
    timed = [timing for timing in claim.timings.values() if timing.unit == "s"]
    return sum(sum(timing.values) + WARMUP * timing.median for timing in timed)


def main() -> int:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    for guest in ("micro", "full"):
        vm.start(guest).close()  # prepared, and the accelerator tried
    images.ensure("tiny")
    connected, machine = engine.connect(), measure.machine()
    taken = []
    for name, measurement in MEASUREMENTS.items():
        began = time.perf_counter()
        claim = measurement()
        taken.append((time.perf_counter() - began, name, itself(claim)))
    print(f"The measurements of lesson 03, once each: {connected.kind} engine {connected.version},")
    print(f"{machine['cpu']}, load {os.getloadavg()[0]:.2f}, {machine['date']}\n")
    print("| what | s | the measured runs themselves, s | ratio |")
    print("|---|---|---|---|")
    ratios = []
    for seconds, name, runs in sorted(taken, reverse=True):
        if runs:
            ratios.append(Ratio(name, "its measured runs", *[seconds / runs] * 3, n=1))
        print(f"| {name} | {seconds:.0f} | " + (f"{runs:.0f} | {seconds / runs:.2f} |" if runs else "| |"))
    keep(ratios)
    worst = max(ratio.ratio for ratio in ratios)
    print(f"\nGoal: at most {GOAL} times the measured runs. {'Met' if worst <= GOAL else 'Missed'}.")
    return 0 if worst <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
