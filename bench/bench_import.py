"""What ``import dockerlab`` adds to a bare Python start, in the same interleaved run.

    python bench/bench_import.py [--rounds 60]

"bare again" is the same as "bare": how far its difference is from 0 is this machine's noise. One more
start, watched by an audit hook, shows that the import opens no socket and starts no process. Prints
Markdown; exits 1 when the median difference is 0.15 s or more.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time

from ratios import against, heading, keep

from dockerlab import measure

GOAL = 0.15
WATCHED = """
import json, sys
seen = []
sys.addaudithook(lambda event, _: seen.append(event))
import dockerlab
reaching = ("socket.", "subprocess.", "os.fork", "os.exec", "os.posix_spawn", "os.system", "pty.")
heavy = {"docker", "matplotlib", "numpy", "requests", "IPython", "pysequoia"}
print(json.dumps([sorted({e for e in seen if e.startswith(reaching)}), sorted(heavy & set(sys.modules))]))
"""


def seconds_of(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=60)
    options = options.parse_args()
    taken = measure.rounds(
        {
            "bare": lambda: seconds_of("pass"),
            "import dockerlab": lambda: seconds_of("import dockerlab"),
            "bare again": lambda: seconds_of("pass"),
        },
        n=options.rounds,
        warmup=2,
    )
    reached, loaded = json.loads(subprocess.check_output([sys.executable, "-c", WATCHED]))
    print(heading(f"import dockerlab over bare Python {sys.version.split()[0]}", taken["bare"]))
    print("| what | median, ms | 95 % interval, ms | median of paired differences to bare, ms |")
    print("|---|---|---|---|")
    bare = taken["bare"].values
    added = {}
    for name, timing in taken.items():
        added[name] = statistics.median(one - other for one, other in zip(timing.values, bare, strict=True))
        low, high = (1e3 * bound for bound in timing.interval)
        print(f"| {name} | {timing.median * 1e3:.1f} | {low:.1f} to {high:.1f} | {added[name] * 1e3:.1f} |")
    print(f"\nSockets or processes during the import: {', '.join(reached) or 'none'}.")
    print(f"Heavy libraries loaded by it: {', '.join(loaded) or 'none'}.")
    keep(against(taken, "bare"))
    met = added["import dockerlab"] < GOAL and not reached
    print(f"Goal: below {GOAL * 1e3:.0f} ms, touching nothing. {'Met' if met else 'Missed'}.")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
