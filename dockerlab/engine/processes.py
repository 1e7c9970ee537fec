"""프로세스가 아직 그 프로세스인지 알아봅니다. pid는 다시 쓰이므로 시작 시각과 함께 봅니다."""

from __future__ import annotations

import os
import signal
import subprocess
import sys


def started(pid: int) -> str | None:
    """프로세스의 시작 시각을 나타내는 글입니다. 끝났거나 거두어지기만 기다리면 ``None``입니다."""
    if sys.platform == "linux":
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                # The name in parentheses may hold anything, even parentheses.
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            return None
        return None if fields[0] in (b"Z", b"X") else fields[19].decode()
    asked = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
        env={"PATH": "/bin:/usr/bin", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    state, _, when = asked.stdout.strip().partition(" ")
    return "-".join(when.split()) if when and not state.startswith("Z") else None


def alive(pid: int, since: str) -> bool:
    """그 시각에 시작한 그 프로세스가 아직 살아 있는지 말합니다."""
    return started(pid) == since


def kill(pid: int, since: str) -> bool:
    """그 프로세스가 맞으면 강제로 끝냅니다. 끝냈으면 참입니다."""
    if not alive(pid, since):
        return False
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
