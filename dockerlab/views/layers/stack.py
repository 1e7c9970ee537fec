"""레이어 더미를 그리고 설명하는 데 쓰는 사실입니다. 위젯과, 위젯을 대신하는 그림과 표가 함께 씁니다."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dockerlab.layering import Image, shared_layers, shown, unique_size
from dockerlab.views.units import size

READ_ONLY, WRITABLE = "읽기 전용", "읽기·쓰기"
_BRIEF = 80
_READ = 1_000


@dataclass(frozen=True)
class Level:
    """더미의 한 층입니다. ``shared``는 견주는 이미지도 쓰는지, ``common``은 바닥부터 이어서 쓰는지입니다.

    ``hides``는 이 레이어가 가린 바이트(만든 낭비), ``hidden``은 여기 담겼지만 위에서 가린 바이트입니다.
    """

    number: int
    instruction: str
    writable: bool
    shared: bool
    common: bool
    size: int
    part: float
    hides: int
    hidden: int

    @property
    def name(self) -> str:
        """읽기·쓰기 레이어에는 번호보다 이름이 알맞습니다."""
        return f"{WRITABLE} 레이어" if self.writable else f"{self.number}번 레이어"

    @property
    def kind(self) -> str:
        """읽기 전용인지 읽기·쓰기인지입니다."""
        return WRITABLE if self.writable else READ_ONLY

    @property
    def brief(self) -> str:
        """만든 명령을 한 줄로 줄인 것입니다."""
        return brief(self.instruction)


def brief(instruction: str) -> str:
    """명령을 한 줄로 줄입니다."""
    line = shown(" ".join(instruction[:_READ].split()))
    return (line if len(line) <= _BRIEF else line[: _BRIEF - 1] + "…") or "(기록 없음)"


def levels(images: Sequence[Image]) -> tuple[tuple[Level, ...], ...]:
    """이미지마다 층을 아래부터 돌려줍니다."""
    common = len(shared_layers(images)) if len(images) > 1 else 0
    made = []
    for at, image in enumerate(images):
        others = {layer.diff_id for other in (*images[:at], *images[at + 1 :]) for layer in other.layers}
        hides, hidden = [0] * len(image.layers), [0] * len(image.layers)
        for waste in image.wasted:
            hides[waste.hidden] += waste.size
            hidden[waste.stored] += waste.size
        whole = image.size_unpacked or 1
        made.append(
            tuple(
                Level(
                    number=number,
                    instruction=layer.instruction,
                    writable=layer.writable,
                    shared=not layer.writable and layer.diff_id in others,
                    common=number < common,
                    size=layer.size_unpacked,
                    part=layer.size_unpacked / whole,
                    hides=hides[number],
                    hidden=hidden[number],
                )
                for number, layer in enumerate(image.layers)
            )
        )
    return tuple(made)


def image_facts(image: Image) -> list[tuple[str, str]]:
    """이미지 하나의 이름과 값들입니다."""
    return [
        ("레이어", f"{len(image.layers)}개"),
        ("보이는 파일", f"{image.files:,}개"),
        ("저장된(압축) 크기", size(image.size_compressed)),
        ("레이어 tar", size(image.size_tar)),
        ("푼 파일", size(image.size_unpacked)),
        ("그중 보이는 파일", size(image.size_unpacked - image.wasted_bytes)),
        ("낭비", size(image.wasted_bytes)),
        ("효율", f"{image.efficiency:.1%}"),
    ]


def layer_facts(image: Image, level: Level, compared: bool) -> list[tuple[str, str]]:
    """레이어 하나의 이름과 값들입니다. 견주는 중이면 이 이미지만 쓰는 크기를 더합니다."""
    layer, changes = image.layers[level.number], image.changes[level.number]
    told = [("종류", level.kind)]
    if not level.writable:
        told += [("저장된(압축) 크기", size(layer.size_compressed)), ("레이어 tar", size(layer.size_tar))]
    told += [("푼 파일", f"{size(level.size)} (이미지의 {level.part:.1%})")]
    if compared:
        alone = "0 B (다른 이미지와 함께 씀)" if level.shared else size(level.size)
        told += [("이 이미지만 쓰는 크기", alone)]
    told += [
        ("더한 경로", f"{len(changes.added):,}개 (폴더 포함)"),
        ("바꾼 경로", f"{len(changes.changed):,}개"),
        ("지운 경로", f"{len(changes.deleted):,}개"),
        ("만든 낭비", f"{size(level.hides)} (아래 레이어에 남아 있지만 가린 것)" if level.hides else "0 B"),
        ("가려진 것", f"{size(level.hidden)} (여기 담겼지만 위에서 가린 것)" if level.hidden else "0 B"),
    ]
    if layer.diff_id:
        told.append(("diff id", shown(layer.diff_id)))
    if layer.digest and layer.digest != layer.diff_id:
        told.append(("다이제스트(digest)", shown(layer.digest)))
    return told


def comparison_facts(images: Sequence[Image]) -> list[tuple[str, str]]:
    """두 이미지를 견준 이름과 값들입니다. 함께 쓰는 레이어는 디스크에 한 번만 있습니다."""
    first, second = images
    both, apart = unique_size(images), first.size_unpacked + second.size_unpacked
    return [
        ("함께 쓰는 레이어", f"{sum(level.shared for level in levels(images)[0])}개"),
        ("따로 더하면", f"{size(first.size_unpacked)} + {size(second.size_unpacked)} = {size(apart)}"),
        ("디스크에는", f"{size(both)} (함께 쓰는 레이어는 한 번만)"),
        ("아낀 것", size(apart - both)),
    ]
