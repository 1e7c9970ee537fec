"""Fifty-five things a course on Docker asks of an engine, each tried for real through docker-py.

Runs on any engine the course finds: python tests/pod/api_probe.py. Prints JSON: for every check its name,
whether it held, what was wrong and its seconds. What it makes carries the session's labels and is removed.
"""

from __future__ import annotations

import json
import sys
import time

import checks_of_containers
import checks_of_images
import checks_of_surroundings
from probe import CHECKS

from dockerlab import engine

ROOMS = (checks_of_containers, checks_of_images, checks_of_surroundings)  # importing them fills CHECKS


def main() -> None:
    told = []
    for check in CHECKS:
        began = time.monotonic()
        wrong = ""
        try:
            check()
        except Exception as error:  # whatever it is: it goes into the report
            wrong = f"{type(error).__name__}: {error}"[:500]
        seconds = round(time.monotonic() - began, 3)
        told.append({"name": check.__name__, "ok": not wrong, "wrong": wrong, "seconds": seconds})
        print(f"{check.__name__:<30}{seconds:7.2f} s  {wrong}", file=sys.stderr, flush=True)
    engine.clean()
    print(json.dumps({"passed": sum(one["ok"] for one in told), "of": len(told), "checks": told}))


if __name__ == "__main__":
    main()
