"""자료가 많이 생기는 동안 순환 참조를 찾는 일(gc)을 쉬게 합니다."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """그 안에서는 순환 참조를 찾지 않습니다. 원래 쉬고 있었으면 그대로 둡니다."""
    # An image is many small things without a cycle; the collector would walk over them again and again.
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
