"""제출한 노트북을 채점합니다. 답만 꺼내 손대지 않은 연습 노트북에 넣고, 방 안에서 nbval로 돌립니다."""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Imported when asked for: the program that starts in every room (runner.py) needs none of them.
_HOMES = {"Report": "report", "TaskResult": "report", "grade": "examination"}
__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
