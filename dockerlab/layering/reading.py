"""이름 하나로 이미지를 읽습니다. 이름이 어디의 것인지 가려, 맞는 곳에 청합니다."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dockerlab.errors import ImageUnclear
from dockerlab.layering.archive import read_path
from dockerlab.layering.budget import Budget
from dockerlab.layering.contents import Wanted
from dockerlab.layering.model import FILE, Image
from dockerlab.layering.names import shown
from dockerlab.layering.paths import clean
from dockerlab.layering.uncollected import uncollected
from dockerlab.progress import Report, silent

REGISTRY = "registry://"
CONTAINER = "container://"
CONTENT_LIMIT = 2**18
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.zst")


@dataclass(frozen=True)
class FileContent:
    """파일 하나의 내용입니다. ``layer``는 담은 레이어의 번호(0부터), ``size``는 파일의 바이트입니다."""

    path: str
    layer: int
    size: int
    data: bytes

    @property
    def truncated(self) -> bool:
        """한도까지만 읽었는지 말합니다."""
        return len(self.data) < self.size


def layers(name: str, report: Report = silent, *, verify: bool = False) -> Image:
    """이미지의 레이어를 읽습니다. 받거나 풀거나 실행하지 않습니다.

    ``name``은 다음 가운데 하나입니다.

    - 엔진에 있는 이미지: ``python:3.13``
    - 저장한 파일이나 OCI 레이아웃 폴더: ``./image.tar``, ``layout/``. 이미지가 여럿이면 ``image.tar#이름``
    - 레지스트리의 이미지(엔진 없이): ``registry://python:3.13``
    - 컨테이너(이미지와 그 위의 읽기·쓰기 레이어): ``container://이름``

    받은 것과 압축한 것은 늘 다이제스트와 견줍니다. 파일에 압축하지 않고 담긴 레이어는 모두 더해 256 MiB까지만
    저절로 견주고, 더 크면 헤더만 읽어 ``Layer.checked``가 거짓입니다. ``verify``이면 그것도 견줍니다.

    Raises:
        ImageUnreadable, ImageDamaged, ImageTooLarge: 손상되었거나 위험한 이미지일 때.
        ImageUnclear: 그런 이미지가 없거나 여럿일 때.
    """
    with uncollected():
        return _read(name, Budget(), report, verify=verify)


def read_file(
    name: str, path: str, layer: int | None = None, *, limit: int = CONTENT_LIMIT, report: Report = silent
) -> FileContent:
    """이미지에 담긴 파일 하나의 내용을 ``limit`` 바이트까지 읽습니다.

    ``layer``번째 레이어(0부터)까지 쌓은 모습에서 찾습니다. 정하지 않으면 맨 위에서 찾습니다.
    """
    image = layers(name, report)
    path = clean(path)
    top = len(image.layers) - 1 if layer is None else layer
    if not 0 <= top < len(image.layers):
        raise _missing(path, f"레이어는 0번부터 {len(image.layers) - 1}번까지 있습니다.")
    tree = image.tree(top)
    if path not in tree:
        raise _missing(path, f"{top}번 레이어까지 쌓은 모습에 그런 경로가 없습니다.")
    file, number = tree[path]
    if file.kind != FILE:
        link = f" → {shown(file.link)}" if file.link else ""
        raise _missing(path, f"내용이 있는 파일이 아닙니다({file.kind}{link}).")
    while file.twin and not any(each.path == file.twin for each in image.layers[number].files):
        number -= 1  # a hard link to a file of a layer below
        if number < 0 or file.twin not in image.tree(number):
            raise _missing(path, "하드 링크가 가리키는 파일이 없습니다.")
        file, number = image.tree(number)[file.twin]
    wanted = Wanted(image.layers[number].diff_id, file.twin or file.path, limit)
    _fill(name, image, number, wanted, report)
    if wanted.data is None:
        raise _missing(path, "읽는 동안 이미지가 바뀌었습니다.")
    return FileContent(path, number, wanted.size, wanted.data)


def _read(
    name: str, budget: Budget, report: Report, wanted: Wanted | None = None, *, verify: bool = False
) -> Image:
    if name.startswith(REGISTRY):
        from dockerlab.layering.registry import read_registry

        return read_registry(name.removeprefix(REGISTRY), budget, report, wanted)
    if name.startswith(CONTAINER):
        from dockerlab.layering.live import read_container

        return read_container(name.removeprefix(CONTAINER), budget, report)
    spot = _path(name)
    if spot is not None:
        return read_path(*spot, budget, report, wanted, verify=verify)
    from dockerlab.layering.daemon import read_engine

    return read_engine(name, budget, report)


def _fill(name: str, image: Image, number: int, wanted: Wanted, report: Report) -> None:
    if name.startswith(CONTAINER):
        from dockerlab.layering.live import read_live_file

        container = name.removeprefix(CONTAINER)
        if image.layers[number].writable:
            return read_live_file(container, wanted)
        name = image.id
    elif name.startswith(REGISTRY) or _path(name) is not None:
        _read(name, Budget(), report, wanted)
        return None
    from dockerlab.layering.daemon import read_saved

    return read_saved(name, wanted, Budget(), report)


def _path(name: str) -> tuple[Path, str] | None:
    """The file or folder that is meant, and which of its images; None for a name of the engine."""
    for text, inside in ((name, ""), (name.rpartition("#")[0], name.rpartition("#")[2])):
        path = Path(text).expanduser() if text and "\0" not in text else None
        if path is None:
            continue
        if path.is_file() or any((path / mark).is_file() for mark in ("index.json", "manifest.json")):
            return path, inside
    plain = name.partition("#")[0]
    if plain.startswith(("/", "./", "../", "~")) or plain.endswith(_ARCHIVES) or plain in (".", ".."):
        return Path(plain).expanduser(), name.partition("#")[2]
    return None


def _missing(path: str, seen: str) -> ImageUnclear:
    return ImageUnclear(
        f"파일의 내용을 읽을 수 없습니다: {shown(path)}",
        seen=seen,
        todo="경로와 레이어의 번호를 확인하십시오.",
    )
