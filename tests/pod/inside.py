"""What only a process in the pod can see. Prints JSON; run in the pod: python tests/pod/inside.py

``memory``: the proportional set size (bytes) of every process, shared pages counted once in the sum.
``engine``: what belongs to an engine: its processes (not those only waiting to be reaped) and its sockets.
"""

import json
import os

import psutil

from dockerlab.places import data_dir, runtime_dir

OF_AN_ENGINE = ("linux.uml", "qemu-system", "gvproxy", "dockerd", "containerd", "dockerlab.engine.supervisor")


def main() -> None:
    processes = [process for process in psutil.process_iter() if process.pid != os.getpid()]
    told = [tell(process) for process in processes]
    alive = [one for one in told if one is not None]
    engine = [one["command"] for one in alive if any(part in one["command"] for part in OF_AN_ENGINE)]
    print(
        json.dumps(
            {
                "memory": sum(one["pss"] for one in alive),
                "processes": sorted(alive, key=lambda one: -one["pss"]),
                "engine": engine,
                "sockets": [
                    str(path)
                    for place in {runtime_dir("engine"), data_dir("engine")}
                    for path in place.rglob("*")
                    if path.is_socket()
                ],
            }
        )
    )


def tell(process: psutil.Process) -> dict | None:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        command = " ".join(process.cmdline()) or process.name()
        return {"pid": process.pid, "command": command[:200], "pss": process.memory_full_info().pss}
    except psutil.NoSuchProcess:
        return None


if __name__ == "__main__":
    main()
