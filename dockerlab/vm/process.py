"""게스트의 프로세스를 띄우고, 주인이 어떻게 죽더라도 함께 사라지게 합니다.

Linux에서는 커널이 지켜 줍니다(``PR_SET_PDEATHSIG``). 그 신호는 만든 *스레드*가 끝날 때 오므로,
모든 게스트를 Python 프로세스가 끝날 때까지 사는 스레드 하나가 띄웁니다.
"""

from __future__ import annotations

import functools
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import IO

from dockerlab.errors import VmError

# setpriv arms the signal, then sh makes sure that the owner had not already died before that.
_TIED = '[ "$PPID" = "$0" ] || exit 125; exec "$@"'
# The signal reaches one process only, and User-Mode Linux is many in a session of its own. There sh stays
# and passes the signal on. (Descriptor 3: sh would give a background process an empty input.)
_TIED_GROUP = (
    '[ "$PPID" = "$0" ] || exit 125; trap "kill -KILL -\\$! \\$! 2>/dev/null; exit" TERM; '
    'exec 3<&0; "$@" <&3 3<&- & exec 3<&-; wait $!'
)


class Child:
    """띄운 프로세스 하나입니다. 표준 입출력은 게스트의 직렬 콘솔입니다."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped = False
        self._many = False
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None

    def start(self, command: Sequence[str], *, many: bool = False) -> None:
        """프로세스를 띄웁니다. 그것이 다시 여러 프로세스를 띄우면 ``many``가 참이어야 합니다.

        기다리는 중에 Ctrl-C를 받아도 ``stop``을 부르면 뒤에 남는 것이 없습니다.
        """
        self._many = many and _can_tie()
        try:
            _spawner(os.getpid()).call(self._spawn, [*_tie(many), *command])
        except OSError as error:
            raise VmError(
                "게스트의 프로세스를 띄우지 못했습니다.",
                seen=f"{command[0]}: {error.strerror}",
                todo="메모리와 프로세스 수의 한도를 확인한 뒤 다시 실행하십시오.",
            ) from error

    def _spawn(self, command: list[str]) -> None:
        with self._lock:
            if self._stopped:
                return
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115  (closed in stop)
            # A session of its own: Ctrl-C in the learner's terminal must not reach the guest.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                start_new_session=True,
                bufsize=0,
            )
        if not _can_tie():
            from dockerlab import engine

            engine.watch_process(self._process.pid)

    @property
    def pid(self) -> int:
        """프로세스 번호입니다."""
        return self._running().pid

    @property
    def input(self) -> int:
        """콘솔에 쓰는 파일 서술자입니다."""
        return self._running().stdin.fileno()

    @property
    def output(self) -> IO[bytes]:
        """콘솔에서 읽는 스트림입니다. 읽는 쪽이 닫습니다."""
        return self._running().stdout

    def wait(self, timeout: float) -> int | None:
        """끝날 때까지 기다려 종료 코드를 돌려줍니다. 시간 안에 끝나지 않으면 ``None``입니다."""
        try:
            return self._running().wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def errors(self) -> str:
        """프로세스가 표준 오류에 쓴 글입니다."""
        if self._errors is None or self._errors.closed:
            return ""
        return os.pread(self._errors.fileno(), 4096, 0).decode("utf-8", "replace").strip()

    def stop(self) -> None:
        """프로세스와 그 자식을 모두 끝냅니다. 여러 번 불러도 됩니다."""
        with self._lock:
            self._stopped = True
            process = self._process
        if process is None:
            return
        if self._many and process.poll() is None:
            process.terminate()
            self.wait(5.0)
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        for stream in (process.stdin, self._errors):
            if stream is not None:
                stream.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ProcessLookupError("the guest process was not started")
        return self._process


class _Spawner:
    """A thread that lives as long as the process.

    Not a ThreadPoolExecutor: interrupted while it starts its thread, that one waits for it forever at exit.
    """

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[tuple[Future[None], Callable[..., None], tuple[object, ...]]]
        self._calls = queue.SimpleQueue()
        threading.Thread(target=self._work, name="dockerlab-spawner", daemon=True).start()

    def call(self, function: Callable[..., None], *arguments: object) -> None:
        future: Future[None] = Future()
        self._calls.put((future, function, arguments))
        future.result()

    def _work(self) -> None:
        while True:
            future, function, arguments = self._calls.get()
            try:
                future.set_result(function(*arguments))
            except BaseException as error:
                future.set_exception(error)


@functools.cache
def _spawner(pid: int) -> _Spawner:
    # Keyed by pid: after a fork the parent's thread does not exist in the child.
    return _Spawner()


def _can_tie() -> bool:
    return sys.platform.startswith("linux") and shutil.which("setpriv") is not None


def _tie(many: bool) -> list[str]:
    if not _can_tie():
        return []
    signal_name, script = ("TERM", _TIED_GROUP) if many else ("KILL", _TIED)
    return ["setpriv", "--pdeathsig", signal_name, "--", "sh", "-c", script, str(os.getpid())]
