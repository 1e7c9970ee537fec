"""runc가 불릴 때마다 남기는 말을 듣습니다. 내장 엔진에 등록해 둔 런타임(traced-runc.sh)이 말합니다."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dockerlab.engine import Endpoint, processes
from dockerlab.tracing.clock import Clock
from dockerlab.tracing.news import News

RUNTIME = "dockerlab-traced"
MARK = "\x1f"
WITH_VALUE = {"--root", "--log", "--log-format", "--criu", "--rootless"}
CONTAINER = re.compile(r"[0-9a-f]{64}")
_numbers = itertools.count()


@dataclass(frozen=True)
class Call:
    """runc를 한 번 부른 것입니다. 때는 시간축의 초이고, 아직 끝나지 않았으면 ``code``가 ``None``입니다."""

    command: str
    arguments: tuple[str, ...]
    container: str
    bundle: str
    start: float
    end: float
    code: int | None

    def program(self) -> tuple[str, ...]:
        """번들의 ``config.json``이 말하는, 컨테이너가 실행할 명령입니다. 이미 지워졌으면 비어 있습니다."""
        try:
            return tuple(json.loads(Path(self.bundle, "config.json").read_text())["process"]["args"])
        except (OSError, ValueError, KeyError):
            return ()


def place(endpoint: Endpoint) -> Path | None:
    """그 런타임이 말을 거는 폴더입니다. 그런 런타임이 없는 엔진이면 ``None``입니다."""
    if endpoint.kind != "embedded" or endpoint.path is None:
        return None
    folder = endpoint.path.with_name("traces")
    return folder if folder.is_dir() and os.access(folder, os.W_OK) else None


def why_not(endpoint: Endpoint) -> str:
    """그런 런타임이 없는 까닭입니다."""
    if endpoint.kind == "embedded":
        return "엔진이 다른 커널 안에서 돌아, 그 안에서 runc를 부르는 것은 여기서 보이지 않습니다."
    return "이 엔진에는 부름을 기록하는 런타임이 없습니다(DOCKERLAB_ENGINE=embedded에는 있습니다)."


class RuncCalls:
    """런타임이 하는 말을 파이프로 듣고 모읍니다. ``created``는 create가 끝날 때마다 불립니다."""

    def __init__(self, folder: Path, clock: Clock, news: News, created: Callable[[Call], None]) -> None:
        owner = f"{os.getpid()}-{processes.started(os.getpid())}"
        self.pipe = folder / f"{owner}-{next(_numbers)}"
        self.clock = clock
        self.news = news
        self.created = created
        self._begun: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._ended: list[Call] = []
        self._rest = b""
        self._file: int | None = None

    async def start(self) -> None:
        """듣기 시작합니다."""
        _forget_the_dead(self.pipe.parent)
        os.mkfifo(self.pipe, 0o600)
        # For writing, too: a pipe whose last writer leaves would be at its end.
        self._file = os.open(self.pipe, os.O_RDWR | os.O_NONBLOCK)
        asyncio.get_running_loop().add_reader(self._file, self.hear)

    async def close(self) -> None:
        """그만 듣습니다."""
        self.pipe.unlink(missing_ok=True)
        if self._file is not None:
            self.hear()
            asyncio.get_running_loop().remove_reader(self._file)
            os.close(self._file)
            self._file = None

    def calls(self) -> tuple[Call, ...]:
        """지금까지 들은 것을 시작한 순서대로 돌려줍니다."""
        now = time.perf_counter()
        open_calls = [_call(arguments, start, now, None) for start, arguments in self._begun.values()]
        return tuple(sorted((*self._ended, *open_calls), key=lambda call: call.start))

    def hear(self) -> None:
        """파이프에 있는 말을 모두 듣습니다."""
        assert self._file is not None
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._file, 65536):
                *lines, self._rest = (self._rest + data).split(b"\n")
                for line in lines:
                    self._note(line.decode(errors="replace").split(MARK))
        self.news.ring()

    def _note(self, told: Sequence[str]) -> None:
        if len(told) < 4:
            return
        number, wall, what, *rest = told
        # A shell without a fine clock says nothing; then it is the moment in which we hear it.
        at = self.clock.at(float(wall)) if wall else time.perf_counter()
        if what == "begin":
            self._begun[number] = at, tuple(rest[1:])
        elif number in self._begun:
            start, arguments = self._begun.pop(number)
            call = _call(arguments, start, at, int(rest[0]))
            self._ended.append(call)
            if call.command == "create" and call.code == 0:
                self.created(call)


def _call(arguments: tuple[str, ...], start: float, end: float, code: int | None) -> Call:
    words = iter(arguments)
    command = ""
    for word in words:
        if word in WITH_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            command = word
            break
    container = next((word for word in arguments if CONTAINER.fullmatch(word)), "")
    at = arguments.index("--bundle") + 1 if "--bundle" in arguments else len(arguments)
    bundle = arguments[at] if at < len(arguments) else ""
    return Call(command, arguments, container, bundle, start, max(start, end), code)


def _forget_the_dead(folder: Path) -> None:
    """죽은 프로세스가 남긴 파이프를 치웁니다. 그대로 두면 runc를 부를 때마다 헛말을 하게 됩니다."""
    for pipe in folder.iterdir():
        pid, since, _ = pipe.name.split("-")
        if not processes.alive(int(pid), since):
            pipe.unlink(missing_ok=True)
