"""파수꾼: 주인 프로세스가 사라지면 그 세션의 것을 모두 치우는 작은 프로세스입니다.

Started by session.py as nobody's child, in its own process session. It knows that its owner has gone when
its standard input ends, or, should another process still hold that pipe, when the owner's pid has gone.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import shutil
import signal
import socket
import sys
import time

from dockerlab.engine import processes
from dockerlab.engine.endpoint import Endpoint
from dockerlab.engine.objects import DEADLINE, KINDS, SESSION, listed, remove

# A create that was on its way when the owner died shows up late; later still on a busy machine.
CLEAN_PASSES = (0.2, 0.5, 1.5)  # seconds to wait before each clean pass that must follow
AFTER_DEADLINE = 5.0  # seconds; the owner comes first, for it can tell the learner what happened
GIVE_UP = 120.0  # seconds; then the sweep of the next session does it


class Watcher:
    """한 세션의 파수꾼입니다."""

    def __init__(self, session: str, owner: int, since: str, directory: str) -> None:
        self.session, self.owner, self.since, self.directory = session, owner, since, directory
        self.engines: dict[str, Endpoint] = {}
        self.leases: dict[str, socket.socket] = {}
        self.processes: dict[int, str] = {}
        self.deadlines: list[float] = []

    def wait_for_end(self) -> None:
        """주인이 사라질 때까지 기다립니다. 그사이 기한이 지난 컨테이너를 치웁니다."""
        heard = b""
        poll = select.poll()
        poll.register(0, select.POLLIN | select.POLLHUP)
        with self.owner_descriptor() as descriptor:
            if descriptor is not None:
                poll.register(descriptor, select.POLLIN)
            while True:
                due = min(self.deadlines, default=None)
                wait = None if due is None else max(0.0, due - time.time())
                ready = dict(poll.poll(None if wait is None else min(wait, 86400) * 1000 + 1))
                if 0 in ready:
                    chunk = os.read(0, 65536)
                    if not chunk:
                        return
                    *lines, heard = (heard + chunk).split(b"\n")
                    for line in lines:
                        self.learn(json.loads(line))
                elif ready:
                    return
                else:
                    self.enforce_deadlines()

    @contextlib.contextmanager
    def owner_descriptor(self):
        """주인이 끝나면 읽을 수 있게 되는 파일 서술자입니다. macOS에는 없습니다."""
        descriptor = None
        if hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):
                descriptor = os.pidfd_open(self.owner)
        try:
            # A reused pid is no owner; the end of the pipe will tell.
            yield descriptor if processes.alive(self.owner, self.since) else None
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def learn(self, told: dict) -> None:
        if "engine" in told:
            url = told["engine"]
            self.engines[url] = Endpoint(url, told["kind"], told["origin"], told["certificates"])
            if told.get("lease"):
                self.hold(url, told["lease"])
        elif "process" in told:
            self.processes[told["process"]] = told["started"]
        elif "deadline" in told:
            self.deadlines.append(told["deadline"] + AFTER_DEADLINE)

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
        now = time.time()
        self.deadlines = [one for one in self.deadlines if one > now]

        def late(labels: dict[str, str]) -> bool:
            due = float(labels.get(DEADLINE, "inf")) + AFTER_DEADLINE
            return labels.get(SESSION) == self.session and due <= now

        for endpoint in self.engines.values():
            try:
                for thing in listed(endpoint, "container", f"{SESSION}={self.session}"):
                    if late(thing.labels) and not remove(endpoint, thing, late):
                        self.deadlines.append(now + 5)
            except (OSError, http.client.HTTPException) as error:
                print("deadline:", error, flush=True)
                self.deadlines.append(now + 5)

    def clean(self) -> None:
        """세션의 것을 모두 지웁니다. 늦게 나타나는 것이 없음을 여러 번 확인하고 마칩니다."""
        for pid, since in self.processes.items():
            processes.kill(pid, since)
        give_up = time.monotonic() + GIVE_UP
        passes = 0
        while passes <= len(CLEAN_PASSES) and time.monotonic() < give_up:
            if self.sweep():
                time.sleep(CLEAN_PASSES[passes] if passes < len(CLEAN_PASSES) else 0)
                passes += 1
            else:
                passes = 0
                time.sleep(0.1)
        if passes > len(CLEAN_PASSES):
            shutil.rmtree(self.directory, ignore_errors=True)

    def sweep(self) -> bool:
        """한 번 훑어 보이는 것을 모두 지웁니다. 처음부터 아무것도 없었으면 참입니다."""
        nothing = True
        for endpoint in self.engines.values():
            for kind in KINDS:
                try:
                    things = listed(endpoint, kind, f"{SESSION}={self.session}")
                    for thing in things:
                        remove(endpoint, thing, lambda labels: labels.get(SESSION) == self.session)
                except (OSError, http.client.HTTPException) as error:
                    print("sweep:", error, flush=True)
                    nothing = False
                else:
                    nothing = nothing and not things
        return nothing


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
