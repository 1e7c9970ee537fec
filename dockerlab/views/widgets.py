"""모든 위젯이 함께 쓰는 것: 색과 초점의 모양(widgets.css), 키보드(widgets.js), 커널이 없을 때의 쌍."""

from __future__ import annotations

from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def source(*files: str) -> str:
    """위젯의 ``.js``나 ``.css``를, 모든 위젯이 함께 쓰는 것을 앞에 붙여 돌려줍니다.

    anywidget takes one module and one style sheet a widget, so sharing is by putting together.
    """
    shared = f"widgets{Path(files[0]).suffix}"
    return "\n".join((HERE / file).read_text(encoding="utf-8") for file in (shared, *files))


def with_twins(live: Any, **twins: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """위젯의 mime bundle에, 커널이 없는 곳에서 대신 보일 쌍을 더합니다.

    ``live``는 anywidget이 준 것이고, 쌍은 ``plain``(글), ``html``, ``png``, ``svg`` 가운데 있는 것들입니다.
    """
    data, metadata = live if isinstance(live, tuple) else (live or {}, {})
    kinds = {"plain": "text/plain", "html": "text/html", "png": "image/png", "svg": "image/svg+xml"}
    return {**data, **{kinds[name]: twin for name, twin in twins.items()}}, metadata
