"""살아 있는 게스트의 셸에 직렬 콘솔로 명령을 내립니다."""

from __future__ import annotations

import base64
import os
import re
import secrets
import threading
import time
from dataclasses import dataclass

from dockerlab.errors import GuestNotAnswering, UsageMistake
from dockerlab.measure.phases import Phases
from dockerlab.vm import userland
from dockerlab.vm.process import Child
from dockerlab.vm.transcript import LIMIT, Found, Transcript

# The terminal of a guest takes at most 4095 bytes in one line (N_TTY_BUF_SIZE of Linux).
LONGEST_COMMAND = 2500
_LISTENING = re.compile(userland.LISTENING.encode())
_PROMPT = re.compile(rb"[#$] (?:\x1b\[6n)?$")


@dataclass(frozen=True)
class Ran:
    """게스트 안에서 명령 하나를 실행한 결과입니다.

    ``seconds``는 시작 표시의 첫 바이트부터 끝 표시의 첫 바이트까지를 호스트의 시계로 잰 초입니다.
    명령을 실행할 셸 하나를 복제(fork)하는 시간이 들어 있습니다. ``marks``는 명령을 보낸 때부터의
    ``begin``, ``first_output``(출력이 있으면), ``end``입니다.
    """

    exit_code: int
    output: str
    seconds: float
    marks: Phases


class Shell:
    """게스트 하나의 셸입니다. 명령은 한 번에 하나씩 실행됩니다."""

    def __init__(self, child: Child, transcript: Transcript, login: str) -> None:
        self._child = child
        self._transcript = transcript
        self._login = login
        self._listening = False
        self._one_at_a_time = threading.Lock()

    def run(self, command: str, timeout: float) -> Ran:
        """명령을 실행합니다. ``timeout``초 안에 끝나지 않으면 ``GuestNotAnswering``입니다."""
        script = command.encode()
        if len(script) > LONGEST_COMMAND:
            raise UsageMistake(
                "게스트에 보낼 명령이 너무 깁니다.",
                seen=f"{len(script)}바이트 (최대 {LONGEST_COMMAND}바이트)",
                todo="긴 스크립트는 files=로 게스트에 넣고 그 이름을 실행하십시오.",
            )
        token = secrets.token_hex(4)
        begin = re.compile(rb"\x1e%s begin\n" % token.encode())
        end = re.compile(rb"\x1e%s end (\d+)\n" % token.encode())
        # Base64 keeps quotes, newlines and Hangul of the command away from the terminal.
        line = (
            f"run=$(echo {base64.b64encode(script).decode()} | base64 -d); "
            f"printf '\\036{token} begin\\n'; "
            f'(eval "$run") </dev/null 2>&1; '
            f"printf '\\036{token} end %s\\n' $?\n"
        )
        with self._one_at_a_time:
            deadline = time.perf_counter() + timeout
            self._listen(deadline)
            start, sent = len(self._transcript), time.perf_counter()
            self._type(line, command)
            began = self._expect(begin, deadline, start, command)
            ended = self._expect(end, deadline, began.end, command)
        return self._ran(sent, began, ended)

    def _ran(self, sent: float, began: Found, ended: Found) -> Ran:
        marks = [("begin", began.at - sent), ("end", ended.at - sent)]
        if ended.start > began.end:
            marks.insert(1, ("first_output", self._transcript.at(began.end) - sent))
        return Ran(
            exit_code=int(ended.groups[0]),
            output=self._transcript.bytes(began.end, ended.start).decode("utf-8", "replace"),
            seconds=ended.at - began.at,
            marks=Phases(tuple(marks)),
        )

    def _listen(self, deadline: float) -> None:
        if self._listening:
            return
        start = 0
        if self._login:
            doing = f"{self._login} 로그인"
            start = len(self._transcript)
            self._type(f"{self._login}\n", doing)
            start = self._expect(_PROMPT, deadline, start, doing).end
            self._type(f"exec sh -c '{userland.LISTEN}'\n", doing)
        self._expect(_LISTENING, deadline, start, "셸 준비")
        self._listening = True

    def _type(self, text: str, doing: str) -> None:
        try:
            os.write(self._child.input, text.encode())
        except (OSError, ValueError, ProcessLookupError) as error:
            raise self._silence(doing) from error

    def _expect(self, pattern: re.Pattern[bytes], deadline: float, start: int, doing: str) -> Found:
        found = self._transcript.wait_for(pattern, deadline, start)
        if found is None:
            raise self._silence(doing)
        return found

    def _silence(self, doing: str) -> GuestNotAnswering:
        if len(self._transcript) >= LIMIT:
            happened = f"콘솔에 {LIMIT // 2**20} MiB 넘게 썼습니다"
        elif self._transcript.closed:
            happened = "이미 꺼져 있습니다"
        else:
            happened = "제시간에 답하지 않았습니다"
        return GuestNotAnswering(
            f"게스트가 {happened}: {doing}",
            seen=self._transcript.tail() or "콘솔에 아무것도 없음",
            todo="명령이나 timeout을 고친 뒤 게스트를 다시 시작하십시오.",
        )
