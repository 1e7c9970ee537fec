"""컨테이너의 읽기·쓰기 레이어를 한 장에 담습니다."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dockerlab.layering import shown
from dockerlab.views.sheets import Sheet
from dockerlab.views.units import size

if TYPE_CHECKING:
    from dockerlab.containers.committing import Committed
    from dockerlab.layering.live import Writable

_MOST = 20


def writable_sheet(layer: Writable) -> Sheet:
    """더하고 바꾸고 지운 경로를 적습니다. 많으면 큰 것부터 적습니다."""
    rows = [("더함", file) for file in layer.added] + [("바꿈", file) for file in layer.changed]
    rows.sort(key=lambda row: -row[1].size)
    said = [(what, shown(file.path), _content(file)) for what, file in rows]
    said += [("지움", shown(path), "") for path in layer.deleted]
    left = len(said) - _MOST
    return Sheet(
        caption=f"컨테이너 {layer.container[:12]}의 읽기·쓰기 레이어: {size(layer.size)}",
        columns=("무엇을", "경로", "크기"),
        rows=tuple(said[:_MOST]),
        verdict=f"더함 {len(layer.added)}, 바꿈 {len(layer.changed)}, 지움 {len(layer.deleted)}",
        notes=(f"{left}개가 더 있습니다.",) if left > 0 else (),
    )


def committed_sheet(made: Committed) -> Sheet:
    """컨테이너에서 만든 이미지입니다."""
    return Sheet(
        caption=f"이미지 {made.tag}: 새 레이어 {size(made.size)}",
        columns=("이름", "id", "새 레이어의 크기"),
        rows=((made.tag, made.id.removeprefix("sha256:")[:12], size(made.size)),),
    )


def _content(file) -> str:
    return (
        size(file.size) if file.kind == "file" else {"folder": "폴더", "symlink": "링크"}.get(file.kind, "")
    )
