"""실험으로 배우는 Docker 개념과 아키텍처: 과정의 도우미 패키지입니다.

``import dockerlab as lab``은 가볍습니다. 엔진에 닿지도 프로세스를 띄우지도 않으며,
이름은 처음 쓸 때 불러옵니다.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# The learner's names and the rooms they live in.
_HOMES = {
    "DockerlabError": "errors",
    "boot_vm": "vm",
    "clean": "engine",
    "compare": "claims",
    "connect": "engine",
    "doctor": "diagnosis",
    "guests": "vm",
    "images": "images",
    "race": "claims",
    "run": "containers",
    "start": "containers",
    "start_vm": "vm",
}
_ROOMS = {"images"}
__all__ = [*sorted(_HOMES), "load_ipython_extension"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    room = import_module(f"{__name__}.{_HOMES[name]}")
    return room if name in _ROOMS else getattr(room, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext dockerlab``이 부릅니다. 매직을 등록하고, 결과와 오류가 노트북에서 잘 보이게 합니다."""
    from dockerlab.magics import register

    register(shell)
