"""오래 걸리는 일을 한 줄의 막대로 보여 줍니다. 위젯을 쓰지 않아 터미널과 노트북에서 같습니다."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from dockerlab.progress import Report

if TYPE_CHECKING:
    from tqdm import tqdm

# Counts in the course (packages, files, rounds) stay below this, downloads do not.
_BYTES_FROM = 100_000
# No rate and no remaining time: what is left behind must not differ from run to run.
_FORMAT = "{desc} {bar} {n_fmt}/{total_fmt}{unit}"
_FORMAT_OPEN = "{desc} {n_fmt}{unit}"
_FORMAT_STEP = "{desc} …"


@contextmanager
def bar(stream: TextIO | None = None) -> Iterator[Report]:
    """안에서 부르는 ``report``를 막대로 보여 주고, 끝난 일마다 한 줄을 남깁니다.

    터미널에서는 표준 오류에, 노트북에서는 셀의 출력에 그립니다. 둘 다 아니면(CI, 파일) 시작과 끝만 적습니다.
    """
    stream = stream or (sys.stdout if _in_notebook() else sys.stderr)
    shown = _Bars(stream) if stream.isatty() or _in_notebook() else _Lines(stream)
    try:
        yield shown
    finally:
        shown.close()


class _Bars:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._what = ""
        self._bar: tqdm | None = None
        self._ended = False

    def __call__(self, what: str, done: int, total: int | None, /) -> None:
        ends = total is not None and done >= total
        if what != self._what or (self._ended and not ends):
            self.close()
            self._what, self._ended = what, False
            self._bar = self._open(what, done, total)
        if self._ended or self._bar is None:
            return
        if total != self._bar.total:
            self.close()
            self._bar = self._open(what, done, total)
        self._bar.update(done - self._bar.n)
        if ends:
            self.close()
            self._ended = True

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _open(self, what: str, done: int, total: int | None) -> tqdm:
        from tqdm import tqdm

        sized = max(done, total or 0) >= _BYTES_FROM
        return tqdm(
            desc=what, initial=done, total=total, unit="B" if sized else "개", unit_scale=sized,
            bar_format=_format(total), mininterval=0.2, file=self._stream,
            ncols=None if self._stream.isatty() else 80, dynamic_ncols=self._stream.isatty(), leave=True,
        )  # fmt: skip


def _format(total: int | None) -> str:
    if total is None:
        return _FORMAT_OPEN
    return _FORMAT if total else _FORMAT_STEP


class _Lines:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._what = ""
        self._ended = False

    def __call__(self, what: str, done: int, total: int | None, /) -> None:
        ends = total is not None and done >= total
        if what != self._what or (self._ended and not ends):
            self._what, self._ended = what, False
            print(f"{what} …", file=self._stream, flush=True)
        if ends and not self._ended and total:
            self._ended = True
            print(f"{what} 완료", file=self._stream, flush=True)

    def close(self) -> None:
        """Nothing is open."""


def _in_notebook() -> bool:
    return type(sys.stdout).__module__.startswith("ipykernel.")
