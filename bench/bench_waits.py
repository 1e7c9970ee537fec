"""What a learner waits longest for in the lessons: the measurements of lesson 03, and rebuilding in 06.

    python bench/bench_waits.py

Each is taken once (n=1), warm. Where the values are seconds, their sum with the warm-up rounds is what
nobody can take away without measuring less often; what the whole takes above it is ours. Prints Markdown,
the slowest first; exits 1 when one of those takes more than a quarter longer than what it measures (GOALS
tells of exceptions). That these cells are the longest is told by `pytest --nbval --durations=10`.
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
# Each image gets our labels by one step more, so that nothing stays when the kernel is killed.
GOALS = {"rebuild": 1.6}
WARMUP = 1  # rounds, the default of the measurements
COPY = "COPY app.py /app/\n"
INSTALL = "RUN python3 -m venv --without-pip /app/venv\n"  # about as long as the lesson's package takes
MEASUREMENTS: dict[str, Callable[[], claims.Claim | claims.rebuild.Rebuild]] = {
    "start": lambda: claims.start.measure(n=10),
    "size": claims.size.measure,
    "isolation": claims.isolation.measure,
    "performance": claims.performance.measure,
    "portability": claims.portability.measure,
    "resources": claims.resources.measure,
    "rebuild": lambda: claims.rebuild.measure(
        {
            "code first": f"FROM dockerlab/python\n{COPY}{INSTALL}",
            "packages first": f"FROM dockerlab/python\n{INSTALL}{COPY}",
        },
        {"app.py": "print()"},
        "app.py",
    ),
}


def itself(claim: claims.Claim | claims.rebuild.Rebuild) -> float:
    """The seconds of the measured runs and of the warm-up rounds; 0 where no seconds are measured."""
    timed = [timing for timing in claim.timings.values() if timing.unit == "s"]
    return sum(sum(timing.values) + WARMUP * timing.median for timing in timed)


def main() -> int:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    for guest in ("micro", "full"):
        vm.start(guest).close()  # prepared, and the accelerator tried
    for image in ("tiny", "python"):
        images.ensure(image)
    connected, machine = engine.connect(), measure.machine()
    taken = []
    for name, measurement in MEASUREMENTS.items():
        began = time.perf_counter()
        claim = measurement()
        taken.append((time.perf_counter() - began, name, itself(claim)))
    print("The measurements of lesson 03 and the rebuilding of 06, once each:")
    print(f"{connected.kind} engine {connected.version}, {machine['cpu']},")
    print(f"load {os.getloadavg()[0]:.2f}, {machine['date']}\n")
    print("| what | s | the measured runs themselves, s | ratio |")
    print("|---|---|---|---|")
    ratios = []
    for seconds, name, runs in sorted(taken, reverse=True):
        if runs:
            ratios.append(Ratio(name, "its measured runs", *[seconds / runs] * 3, n=1))
        print(f"| {name} | {seconds:.0f} | " + (f"{runs:.0f} | {seconds / runs:.2f} |" if runs else "| |"))
    keep(ratios)
    missed = [ratio.what for ratio in ratios if ratio.ratio > GOALS.get(ratio.what, GOAL)]
    print(f"\nGoal: at most {GOAL} times the measured runs ({GOALS}).")
    print(f"Missed by: {', '.join(missed) or 'none'}.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
