"""레이어 하나(또는 이미지 전체)에서 본 모든 경로의 모습입니다. 파일의 나무(tree)가 씁니다."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dockerlab.layering import File, Image
from dockerlab.layering.model import FOLDER

ADDED, CHANGED, DELETED, WASTED = MARKS = 1, 2, 4, 8
NOWHERE = -1


@dataclass(frozen=True)
class Scope:
    """경로의 번호마다 파일(없으면 ``None``), 담은 레이어, 일어난 일(표시를 더한 값), 낭비한 바이트입니다."""

    files: list[File | None]
    layers: list[int]
    marks: list[int]
    waste: list[int]


def all_paths(image: Image) -> list[str]:
    """어느 레이어에든 있는 경로 모두와 그 위의 폴더를, 폴더 바로 뒤에 그 안의 것이 오도록 늘어놓습니다."""
    found = {file.path for layer in image.layers for file in layer.files}
    for path in [*found]:
        while (path := path.rpartition("/")[0]) and path not in found:
            found.add(path)
    return sorted(found, key=lambda path: path.split("/"))


def scope(
    image: Image, paths: Sequence[str], numbers: Mapping[str, int], parents: Sequence[int], layer: int | None
) -> Scope:
    """``layer``번 레이어까지 쌓은 모습과 거기서 지운 것입니다. 정하지 않으면 이미지 전체입니다.

    이미지 전체에서는 어느 레이어에서든 일어난 일을 모두 표시하고, 맨 위에서 보이지 않으면 지운 것입니다.
    """
    amount = len(paths)
    made = Scope([None] * amount, [NOWHERE] * amount, [0] * amount, [0] * amount)

    def put(told: Iterable[tuple[str, tuple[File, int]]], mark: int) -> None:
        for path, (file, stored) in told:
            node = numbers[path]
            made.files[node], made.layers[node], made.marks[node] = file, stored, mark

    seen = image.tree(layer) if image.layers else {}
    if layer is None:
        for number, each in enumerate(image.layers):
            put(((file.path, (file, number)) for file in each.files), DELETED)
    elif layer > 0:
        put(((path, told) for path, told in image.tree(layer - 1).items() if path not in seen), DELETED)
    put(seen.items(), 0)
    for changes in image.changes if layer is None else image.changes[layer : layer + 1]:
        for changed, mark in ((changes.added, ADDED), (changes.changed, CHANGED)):
            for path in changed:
                made.marks[numbers[path]] |= mark
    for waste in image.wasted:
        if layer is None or layer in (waste.stored, waste.hidden):
            node = numbers[waste.path]
            made.marks[node] |= WASTED
            made.waste[node] += waste.size
            if made.files[node] is None:
                put([(waste.path, (File(waste.path, size=waste.size), waste.stored))], DELETED | WASTED)
    for node in range(amount - 1, -1, -1):  # a folder that nobody wrote down, of something that is gone
        parent = parents[node]
        if made.files[node] is not None and parent != NOWHERE and made.files[parent] is None:
            made.files[parent], made.marks[parent] = File(paths[parent], FOLDER, mode=-1), DELETED
            made.layers[parent] = made.layers[node]
    return made
