"""What each rung of the embedded engine costs on this machine: its start, one container, its memory.

    python bench/bench_rungs.py [--rounds 10] [--starts 3] [--rungs root,uml,qemu]

Each engine has a home of its own and the same image. A start is counted from the call to the answered
API, in a new process each time, of an engine that has stopped; the first one (it makes its disk) is told
apart. QEMU boots only then; the other times it wakes the machine that it has put to sleep. A run is create,
start, wait, remove of `tiny` by containers.run. Memory is the PSS of every process of the engine after the
runs, with none of its page cache. Prints Markdown; what is impossible here is said.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from dockerlab import images, measure
from dockerlab.engine import rungs
from dockerlab.places import data_dir

START = """
import json, time
from dockerlab.engine import embedded
began = time.perf_counter()
embedded.ensure(rung={rung!r})
print(json.dumps(time.perf_counter() - began))
"""

USE = """
import json, re, sys, time
from pathlib import Path
from dockerlab import containers, engine, images
from dockerlab.engine import embedded
began = time.perf_counter()
engine.connect()
started = time.perf_counter() - began
images.import_bundle(sys.argv[1])
def timed(call):
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
first = timed(lambda: containers.run("tiny", "true"))
runs = [timed(lambda: containers.run("tiny", "true")) for _ in range(int(sys.argv[2]))]
with containers.start("tiny", "sleep 600") as live:
    live.exec("true")
    execs = [timed(lambda: live.exec("true")) for _ in range(int(sys.argv[2]))]
pss = 0
for process in Path("/proc").glob("[0-9]*"):
    try:
        # The supervisor's home stands in the environment of everything below it.
        if sys.argv[3].encode() in (process / "environ").read_bytes() + (process / "cmdline").read_bytes():
            if process.name != str(__import__("os").getpid()):
                found = re.search(r"^Pss:\\s+(\\d+) kB", (process / "smaps_rollup").read_text(), re.M)
                pss += int(found[1]) * 1024 if found else 0
    except OSError:
        continue
print(json.dumps({{"started": started, "first": first, "runs": runs, "execs": execs, "pss": pss,
                  "kernel": engine.connect().info["KernelVersion"]}}))
"""


def told(code: str, home: Path, rung: str, *arguments: str) -> object:
    environment = {**os.environ, "DOCKERLAB_HOME": str(home), "DOCKERLAB_ENGINE": rung}
    environment["DOCKERLAB_ENGINE_IDLE"] = "0"
    done = subprocess.run(
        [sys.executable, "-c", code.format(rung=rung), *arguments],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    until_stopped(home / "run/engine" / rung / "lock")
    if done.returncode:
        raise SystemExit(f"{rung}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def until_stopped(lock: Path) -> None:
    """The supervisor holds its lock for as long as anything of its engine is alive."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f}, n={len(values)})"


def measured(rung: str, starts: int, rounds: int, archive: Path) -> str:
    with tempfile.TemporaryDirectory(prefix="dl", dir="/tmp", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        (home / "bundle").symlink_to(data_dir("bundle"))
        cold = told(START, home, rung)
        used = told(USE, home, rung, str(archive), str(rounds), str(home))
        warm = [told(START, home, rung) for _ in range(starts)]
    cells = (rung, used["kernel"], f"{cold:.2f}", spread(warm), f"{used['first']:.2f}")
    cells += (spread(used["runs"]), spread(used["execs"]), f"{used['pss'] / 1e6:.0f}")
    return row(*cells)


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=10)
    options.add_argument("--starts", type=int, default=3)
    options.add_argument("--rungs", default=",".join(rungs.NAMES))
    options = options.parse_args()
    machine = measure.machine()
    load = os.getloadavg()[0]
    print(f"Rungs of the embedded engine, {machine.get('cpu')}, load {load:.2f}, {machine.get('date')}\n")
    columns = ("rung", "kernel of the containers", "first start, s", "later starts, s", "first run, s")
    columns += ("run, s", "exec, s", "memory, MB")
    print(row(*columns), row(*("---" for _ in columns)), sep="\n")
    with tempfile.TemporaryDirectory(prefix="dockerlab-bench-") as folder:
        archive = images.export_bundle(Path(folder, "tiny.tar"), images=["tiny"]).path
        for name in options.rungs.split(","):
            why = rungs.rung(name).impossible()
            line = row(name, why) if why else measured(name, options.starts, options.rounds, archive)
            print(line, flush=True)


if __name__ == "__main__":
    main()
