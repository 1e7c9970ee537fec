"""오래 걸리는 일이 어디까지 왔는지 알리는 약속입니다. 보여 주는 일은 views가 합니다."""

from __future__ import annotations

from typing import Protocol


class Report(Protocol):
    """``report(무엇, 한 만큼, 전체)``로 불립니다. 전체를 모르면 ``None``, 셀 것이 없는 일이면 0입니다."""

    def __call__(self, what: str, done: int, total: int | None, /) -> None: ...


def silent(what: str, done: int, total: int | None, /) -> None:
    """아무것도 보여 주지 않습니다."""
