"""기록하는 것들이 새 소식을 알리는 종입니다. 기다리는 쪽은 소식이 올 때마다 다시 봅니다."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class News:
    """루프 하나에서 쓰는 종입니다."""

    def __init__(self) -> None:
        self._came = asyncio.Event()

    def ring(self) -> None:
        """소식이 왔습니다."""
        self._came.set()

    async def until(self, true: Callable[[], bool], limit: float) -> bool:
        """``true()``가 참이 될 때까지 기다립니다. ``limit``초가 지나면 거짓입니다."""
        loop = asyncio.get_running_loop()
        end = loop.time() + limit
        while not true():
            self._came.clear()
            try:
                await asyncio.wait_for(self._came.wait(), end - loop.time())
            except TimeoutError:
                return true()
        return True
