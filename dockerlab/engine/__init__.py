"""엔진을 찾고, 만든 것에 라벨을 달고, 끝나면 치웁니다. ``docker`` 라이브러리를 쓰는 가장 아래 패키지입니다.

Names are looked up when they are first used, so that the watcher, a separate small process living in
this package, does not load docker-py.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "Attempt": "search",
    "Endpoint": "endpoint",
    "Engine": "connection",
    "Leftover": "leftovers",
    "clean": "leftovers",
    "connect": "connection",
    "errors_of_engine": "translation",
    "find": "search",
    "labels": "session",
    "session_directory": "session",
    "session_id": "session",
    "sweep": "leftovers",
    "tar_stream": "wire",
    "translate": "translation",
    "watch_process": "session",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
