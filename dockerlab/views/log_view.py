"""돌고 있는 컨테이너의 출력을 나오는 대로 보입니다. 얼마나 많이 나오든 보내는 것은 마지막 줄들입니다."""

from __future__ import annotations

import threading
from html import escape
from typing import Any

import anywidget
import traitlets

from dockerlab.containers import Container
from dockerlab.containers.tail import KEPT_LINES, Tail, Told
from dockerlab.views.text import printable
from dockerlab.views.widgets import source, with_twins

EVERY = 0.2
"""화면을 고치는 사이의 초입니다. 그동안 나온 것은 한 번에 보냅니다."""


def follow(container: Container) -> LogView:
    """돌고 있는 컨테이너의 출력을 나오는 대로 보입니다. ``docker logs -f``와 같고, 셀을 막지 않습니다."""
    return LogView(container.tail(), container.id[:12])


class LogView(anywidget.AnyWidget):
    """나온 줄의 수와 마지막 줄들입니다. 컨테이너의 출력이 끝나거나 ``close()``하면 그만둡니다."""

    _esm = source("log_view.js")
    _css = source("log_view.css")
    identity = traitlets.Unicode().tag(sync=True)
    kept = traitlets.Int(KEPT_LINES).tag(sync=True)
    told = traitlets.Dict().tag(sync=True)

    def __init__(self, tail: Tail, identity: str) -> None:
        self._tail = tail
        super().__init__(identity=identity, told=_message(tail.now()))
        threading.Thread(target=self._follow, name="dockerlab-log-view", daemon=True).start()

    def _follow(self) -> None:
        ended = False
        while not ended:
            ended = self._tail.wait_end(EVERY)
            if self.comm is None:
                return  # closed meanwhile
            self.told = _message(self._tail.now())

    def close(self) -> None:
        """그만 따라가고 위젯을 닫습니다. 컨테이너는 그대로 돕니다."""
        if self.comm is not None:
            self._tail.close()
        super().close()

    def __repr__(self) -> str:
        return f"컨테이너의 출력을 나오는 대로 보입니다(마지막 {KEPT_LINES}줄)."

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        told = self._tail.now()
        lines = escape("\n".join(map(printable, told.lines)))
        said = f"<p>컨테이너의 출력, 이 셀을 실행한 때까지 {told.count:,}줄</p><pre>{lines}</pre>"
        return with_twins(super()._repr_mimebundle_(**options), plain=repr(self), html=said)


def _message(told: Told) -> dict[str, Any]:
    return {
        "text": "\n".join(map(printable, told.lines)),
        "count": told.count,
        "seconds": round(told.seconds, 1),
        "ended": told.ended,
    }
