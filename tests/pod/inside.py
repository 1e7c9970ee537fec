"""What only a process in the pod can see. Prints JSON; run in the pod: python tests/pod/inside.py [gone]

With ``gone`` it first waits, with a limit, until nothing of an engine is left.
``processes``: all that live, the largest first; ``memory`` is the proportional set size in bytes, which those
that share an address space (User-Mode Linux's) tell each for the whole.
``engine``: the processes of an engine, without those that only wait to be reaped; ``sockets``: its sockets.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from dockerlab.places import runtime_dir

# The supervisor and everything the rungs start.
OF_AN_ENGINE = (
    "dockerlab.engine.supervisor",
    "linux.uml",
    "qemu-system",
    "gvproxy",
    "slirp4netns",
    "dockerd",
)
GONE_WITHIN = 60.0  # seconds; an engine waits 10 for another kernel, and then writes its disk


@dataclass(frozen=True)
class Seen:
    """A living process."""

    pid: int
    command: str
    memory: int


def main(*wanted: str) -> None:
    if "gone" in wanted:
        wait_until_gone()
    processes = sorted(living(), key=lambda one: -one.memory)
    told = {
        "processes": [asdict(one) for one in processes],
        "engine": [one.command for one in processes if of_an_engine(one)],
        "sockets": sockets(),
    }
    print(json.dumps(told))


def wait_until_gone() -> None:
    deadline = time.monotonic() + GONE_WITHIN
    while traces() and time.monotonic() < deadline:
        time.sleep(0.2)


def traces() -> list[str]:
    """Everything of an engine that is there now."""
    return [process.command for process in living() if of_an_engine(process)] + sockets()


def living() -> list[Seen]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                command = " ".join(process.cmdline()) or process.name()
                found.append(Seen(process.pid, command[:200], process.memory_full_info().pss))
        except psutil.NoSuchProcess:
            pass
    return found


def of_an_engine(process: Seen) -> bool:
    return any(part in process.command for part in OF_AN_ENGINE)


def sockets() -> list[str]:
    return [str(path) for path in Path(runtime_dir("engine")).rglob("*") if path.is_socket()]


if __name__ == "__main__":
    main(*sys.argv[1:])
