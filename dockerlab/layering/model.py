"""이미지의 레이어를 나타내는 자료입니다. 읽는 일도 Docker도 모르며, 물으면 셈해서 답합니다."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from dockerlab.layering.names import shown

FILE, FOLDER, SYMLINK, DEVICE, PIPE = "file", "folder", "symlink", "device", "pipe"


# A named tuple, unlike the rest: an image has 50,000 of them, and they cost a third of a dataclass.
class File(NamedTuple):
    """레이어에 담긴 파일 하나입니다.

    ``path``는 ``/``로 시작하고, UTF-8이 아닌 바이트는 :func:`os.fsdecode`처럼 담습니다. ``kind``는 file,
    folder, symlink, device, pipe입니다. ``link``는 심볼릭 링크가 가리키는 곳, ``twin``은 하드 링크이면
    내용을 나누어 쓰는 첫 파일의 경로입니다. ``size``는 바이트, ``mtime``은 유닉스 시각(초)입니다. 어느
    레이어에도 적히지 않은 중간 폴더의 ``mode``는 -1입니다.
    """

    path: str
    kind: str = FILE
    size: int = 0
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    link: str = ""
    twin: str = ""


@dataclass(frozen=True)
class Layer:
    """레이어 하나입니다. 무엇을 담고(``files``) 무엇을 가리는지(``whiteouts``, ``opaque``) 그대로 적습니다.

    크기는 셋입니다. ``size_compressed``는 읽은 곳에 저장된 블롭(압축하지 않고 저장했으면 tar 그대로),
    ``size_tar``는 압축을 푼 tar, ``size_unpacked``는 풀린 파일들의 바이트입니다. ``digest``는 저장된
    블롭의 것입니다. 같은 레이어도 저장된 곳에 따라 ``digest``와 ``size_compressed``가 다르므로, 같은지
    견줄 때는 보지 않습니다. ``writable``은 컨테이너의 읽기·쓰기 레이어인지입니다. 그것은 아직 tar가
    아니므로 다이제스트가 없습니다. ``checked``는 레이어의 모든 바이트를 다이제스트와 견주었는지입니다.
    """

    diff_id: str
    instruction: str
    files: tuple[File, ...]
    whiteouts: tuple[str, ...] = ()
    opaque: tuple[str, ...] = ()
    size_tar: int = 0
    digest: str = field(default="", compare=False)
    size_compressed: int = field(default=0, compare=False)
    writable: bool = False
    checked: bool = field(default=True, compare=False)

    @cached_property
    def size_unpacked(self) -> int:
        """푼 파일들의 바이트입니다. 하드 링크로 나누어 쓰는 내용은 한 번만 셉니다."""
        return sum(file.size for file in self.files if not file.twin)


@dataclass(frozen=True)
class Changes:
    """레이어 하나가 아래 레이어들의 모습에서 바꾼 경로입니다.

    폴더를 통째로 지우거나 가리면 그 폴더만 적습니다. 폴더는 새로 생기거나 권한·소유자가 바뀔 때만 적습니다.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    deleted: tuple[str, ...]


@dataclass(frozen=True)
class Waste:
    """저장되어 있지만 보이지 않는 바이트입니다. ``stored``번 레이어가 담았고 ``hidden``번이 가렸습니다."""

    path: str
    size: int
    stored: int
    hidden: int


@dataclass(frozen=True)
class Image:
    """이미지(또는 컨테이너) 하나입니다. ``layers``는 아래부터이고, ``id``는 설정의 다이제스트입니다."""

    id: str
    layers: tuple[Layer, ...]
    name: str = field(default="", compare=False)

    @cached_property
    def _stacked(self) -> Any:
        from dockerlab.layering.stacking import stack

        return stack(self.layers)

    @property
    def changes(self) -> tuple[Changes, ...]:
        """레이어마다 더하고 바꾸고 지운 경로입니다."""
        return self._stacked.changes

    @property
    def wasted(self) -> tuple[Waste, ...]:
        """다시 저장되었거나 나중에 지워져 보이지 않는 파일들입니다. 큰 것이 먼저입니다."""
        return self._stacked.wasted

    @property
    def wasted_bytes(self) -> int:
        """저장되어 있지만 보이지 않는 바이트입니다."""
        return sum(waste.size for waste in self.wasted)

    @property
    def efficiency(self) -> float:
        """저장된 바이트 가운데 보이는 바이트의 비율(0~1)입니다. 저장된 것이 없으면 1입니다."""
        stored = self.size_unpacked
        return (stored - self.wasted_bytes) / stored if stored else 1.0

    @property
    def size_compressed(self) -> int:
        """저장된 블롭을 모두 더한 바이트입니다. 내려받을 때의 크기입니다."""
        return sum(layer.size_compressed for layer in self.layers)

    @property
    def size_tar(self) -> int:
        """레이어 tar를 모두 더한 바이트입니다."""
        return sum(layer.size_tar for layer in self.layers)

    @property
    def size_unpacked(self) -> int:
        """레이어마다 푼 파일의 바이트를 모두 더한 것입니다. 가려진 파일도 셉니다."""
        return sum(layer.size_unpacked for layer in self.layers)

    def tree(self, top: int | None = None) -> Mapping[str, tuple[File, int]]:
        """``top``번째 레이어까지 쌓은 모습입니다. 경로마다 파일과, 그것을 담은 레이어의 번호(0부터)입니다.

        정하지 않으면 맨 위까지 쌓습니다. 레이어에 적히지 않은 중간 폴더도 들어 있습니다.
        """
        if top is None or top == len(self.layers) - 1:
            return self._stacked.tree
        if not 0 <= top < len(self.layers):
            raise IndexError(top)
        from dockerlab.layering.stacking import stack

        return stack(self.layers[: top + 1]).tree

    @cached_property
    def files(self) -> int:
        """맨 위에서 보이는 파일의 수입니다. 폴더는 세지 않습니다."""
        return sum(file.kind != FOLDER for file, _ in self.tree().values())

    def as_dict(self) -> dict[str, Any]:
        """``--json`` 출력에 쓰는 모양으로 돌려줍니다."""
        layers = []
        for layer, changes in zip(self.layers, self.changes, strict=True):
            layers.append(
                {
                    "diff_id": layer.diff_id,
                    "digest": layer.digest,
                    "checked": layer.checked,
                    "instruction": shown(layer.instruction),
                    "size_compressed": layer.size_compressed,
                    "size_tar": layer.size_tar,
                    "size_unpacked": layer.size_unpacked,
                    "added": [*map(shown, changes.added)],
                    "changed": [*map(shown, changes.changed)],
                    "deleted": [*map(shown, changes.deleted)],
                }
            )
        return {
            "id": self.id,
            "name": shown(self.name),
            "layers": layers,
            "files": self.files,
            "wasted_bytes": self.wasted_bytes,
            "efficiency": self.efficiency,
            "wasted": [
                {"path": shown(each.path), "bytes": each.size, "stored": each.stored, "hidden": each.hidden}
                for each in self.wasted
            ],
        }


def unique_size(images: Iterable[Image]) -> int:
    """이미지들이 함께 차지하는 바이트입니다. 나누어 쓰는 레이어는 한 번만 셉니다."""
    distinct = {layer.diff_id: layer.size_unpacked for image in images for layer in image.layers}
    return sum(distinct.values())


def shared_layers(images: Sequence[Image]) -> tuple[Layer, ...]:
    """이미지들이 모두 나누어 쓰는, 바닥부터 이어지는 레이어입니다."""
    if not images:
        return ()
    shared = []
    for level in zip(*(image.layers for image in images), strict=False):
        if len({layer.diff_id for layer in level}) > 1:
            break
        shared.append(level[0])
    return tuple(shared)
