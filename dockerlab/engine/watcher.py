"""파수꾼: 주인 프로세스가 사라지면 그 세션의 것을 모두 치우는 작은 프로세스입니다.

Started by session.py as nobody's child, in its own process session. It knows that its owner has gone when
its standard input ends, or, should another process still hold that pipe, when the owner's pid has gone.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import os
import select
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator

from dockerlab.engine import processes
from dockerlab.engine.endpoint import Endpoint
from dockerlab.engine.objects import DEADLINE, KINDS, SESSION, listed, remove

# A create that was on its way when the owner died shows up late; later still on a busy machine.
CLEAN_PASSES = (0.2, 0.5, 1.5)  # seconds to wait before each clean pass that must follow
AFTER_DEADLINE = 5.0  # seconds; the owner comes first, for it can tell the learner what happened
STUCK_PASSES = 8  # one a second; the learner uses our image, volume or network: it stays
GIVE_UP = 120.0  # seconds for an engine to come back; then the sweep of the next session does it


class Watcher:
    """한 세션의 파수꾼입니다."""

    def __init__(self, session: str, owner: int, since: str, directory: str) -> None:
        self.session, self.owner, self.since, self.directory = session, owner, since, directory
        self.engines: dict[str, Endpoint] = {}
        self.leases: dict[str, socket.socket] = {}
        self.processes: dict[int, str] = {}
        # By the monotonic clock: the other one may be set to tomorrow, and a laptop may sleep over night.
        self.deadlines: dict[str, float] = {}  # by what the label says
        self.wakes: set[float] = set()

    def wait_for_end(self) -> None:
        """주인이 사라질 때까지 기다립니다. 그사이 기한이 지난 컨테이너를 치웁니다."""
        heard = b""
        poll = select.poll()
        poll.register(0, select.POLLIN | select.POLLHUP)
        with owner_descriptor(self.owner) as descriptor:
            if descriptor is not None:
                poll.register(descriptor, select.POLLIN)
            # It may have died, and its pid been reused, before this process was up.
            gone = not processes.alive(self.owner, self.since)
            while True:
                ready = dict(poll.poll(0 if gone else self.until_next_deadline()))
                if 0 in ready:
                    chunk = os.read(0, 65536)
                    if not chunk:
                        return
                    *lines, heard = (heard + chunk).split(b"\n")
                    for line in lines:
                        self.learn(json.loads(line))
                elif ready or gone:
                    return
                else:
                    self.enforce_deadlines()

    def until_next_deadline(self) -> float | None:
        """다음 기한까지의 밀리초입니다."""
        if not self.wakes:
            return None
        return min(max(0.0, min(self.wakes) - time.monotonic()), 86400.0) * 1000 + 1

    def learn(self, told: dict) -> None:
        if "engine" in told:
            url = told["engine"]
            self.engines[url] = Endpoint(url, told["kind"], told["origin"], told["certificates"])
            if told.get("lease"):
                self.hold(url, told["lease"])
        elif "process" in told:
            self.processes[told["process"]] = told["started"]
        elif "deadline" in told:
            due = told["due"] + AFTER_DEADLINE
            self.deadlines[told["deadline"]] = due
            self.wakes.add(due)

    def hold(self, url: str, control: str) -> None:
        """내장 엔진을 빌립니다. 주인이 죽은 뒤에도 다 치울 때까지 멈추지 않게 합니다."""
        if url in self.leases:
            self.leases.pop(url).close()
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(control)
        except OSError:
            connection.close()
        else:
            self.leases[url] = connection

    def enforce_deadlines(self) -> None:
        now = time.monotonic()
        self.wakes = {one for one in self.wakes if one > now}

        def late(labels: dict[str, str]) -> bool:
            due = self.deadlines.get(labels.get(DEADLINE, ""), math.inf)
            return labels.get(SESSION) == self.session and due <= now

        for endpoint in self.engines.values():
            try:
                for thing in listed(endpoint, "container", f"{SESSION}={self.session}"):
                    if late(thing.labels) and not remove(endpoint, thing, late):
                        self.wakes.add(now + 5)
            except (OSError, http.client.HTTPException) as error:
                print("deadline:", error, flush=True)
                self.wakes.add(now + 5)

    def clean(self) -> None:
        """세션의 것을 모두 지웁니다. 늦게 나타나는 것이 없음을 여러 번 확인하고 마칩니다."""
        for pid, since in self.processes.items():
            processes.kill(pid, since)
        give_up = time.monotonic() + GIVE_UP
        clean = stuck = 0
        while clean <= len(CLEAN_PASSES) and stuck < STUCK_PASSES and time.monotonic() < give_up:
            outcome = self.sweep()
            clean = clean + 1 if outcome == "nothing" else 0
            stuck = stuck + 1 if outcome == "kept" else 0
            if outcome == "nothing":
                time.sleep(CLEAN_PASSES[clean - 1] if clean <= len(CLEAN_PASSES) else 0)
            else:
                time.sleep(0.1 if outcome == "removed" else 1)
        shutil.rmtree(self.directory, ignore_errors=True)

    def sweep(self) -> str:
        """한 번 훑어 모두 지우고 nothing, removed, kept, unreachable 가운데 하나를 돌려줍니다."""
        outcomes = {"nothing"}
        for endpoint in self.engines.values():
            try:
                for kind in KINDS:
                    for thing in listed(endpoint, kind, f"{SESSION}={self.session}"):
                        gone = remove(endpoint, thing, lambda labels: labels.get(SESSION) == self.session)
                        outcomes.add("removed" if gone else "kept")
            except (OSError, http.client.HTTPException) as error:
                print("sweep:", error, flush=True)
                outcomes.add("unreachable")
        return next(one for one in ("removed", "unreachable", "kept", "nothing") if one in outcomes)


@contextlib.contextmanager
def owner_descriptor(owner: int) -> Iterator[int | None]:
    """주인이 끝나면 읽을 수 있게 되는 파일 서술자입니다. macOS에는 없습니다."""
    descriptor = None
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            descriptor = os.pidfd_open(owner)
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    os.chdir("/")  # hold nobody's folder
    session, owner, since, directory = sys.argv[1:]
    watcher = Watcher(session, int(owner), since, directory)
    watcher.wait_for_end()
    watcher.clean()


if __name__ == "__main__":
    main()
