"""이미지의 레이어를 한 장에 담습니다."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dockerlab.layering import shown
from dockerlab.views.sheets import Sheet
from dockerlab.views.units import size

if TYPE_CHECKING:
    from dockerlab.layering import Image

_WASTES = 10
_LONGEST = 72


def layers_sheet(image: Image) -> Sheet:
    """레이어를 위에서 아래로 적고, 낭비가 큰 파일과 네 가지 크기를 덧붙입니다."""
    hidden = [0] * len(image.layers)
    for waste in image.wasted:
        hidden[waste.hidden] += waste.size
    rows = []
    for number, (layer, changes) in enumerate(zip(image.layers, image.changes, strict=True)):
        rows.append(
            (
                str(number),
                size(layer.size_unpacked),
                str(len(changes.added)),
                str(len(changes.changed)),
                str(len(changes.deleted)),
                size(hidden[number]),
                _brief(layer.instruction) or "(기록 없음)",
            )
        )
    notes = [
        f"저장된(압축) 크기 {size(image.size_compressed)}, 레이어 tar {size(image.size_tar)}, "
        f"푼 파일 {size(image.size_unpacked)}, "
        f"그중 보이는 파일 {size(image.size_unpacked - image.wasted_bytes)}",
    ]
    notes += [
        f"낭비 {size(waste.size)}: {shown(waste.path)} ({waste.stored}번이 담고 {waste.hidden}번이 가림)"
        for waste in image.wasted[:_WASTES]
    ]
    if len(image.wasted) > _WASTES:
        notes.append(
            f"낭비한 파일이 {len(image.wasted) - _WASTES}개 더 있습니다. 모두 보려면 --json을 쓰십시오."
        )
    if unchecked := sum(not layer.checked for layer in image.layers):
        notes.append(
            f"압축하지 않은 큰 레이어 {unchecked}개는 헤더만 읽고, 내용을 다이제스트와 견주지 않았습니다. "
            "견주려면 dockerlab layers --verify나 lab.layers(…, verify=True)를 쓰십시오."
        )
    return Sheet(
        caption=f"이미지 {shown(image.name)}: 레이어 {len(image.layers)}개, 파일 {image.files:,}개",
        columns=("레이어", "크기", "더함", "바꿈", "지움", "만든 낭비", "명령"),
        rows=tuple(reversed(rows)),
        verdict=f"효율 {image.efficiency:.1%}, 낭비 {size(image.wasted_bytes)}",
        notes=tuple(notes),
    )


def _brief(instruction: str) -> str:
    line = shown(" ".join(instruction.split()))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
