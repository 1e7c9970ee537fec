"""README의 그림입니다. 저장한 노트북의 출력에서 꺼내므로, 노트북을 다시 실행하면 함께 바뀝니다.

Written by ``dockerlab.course.execution``; run as ``python -m dockerlab.course.pictures`` after a notebook's
output has been changed in another way. A test proves them current.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

PICTURES = {
    "start.png": ("03-container-vs-vm.ipynb", "start-run"),
    "trace.png": ("04-docker-architecture.ipynb", "trace-run"),
    "layers.png": ("06-image-layers.ipynb", "explore"),
}
"""그림마다 그것을 그린 노트북과 셀입니다. 셀이 그린 첫 그림을 씁니다."""


def drawn(notebooks: Path) -> dict[str, bytes]:
    """저장된 노트북에 있는 그림들입니다."""
    found = {}
    for name, (notebook, wanted) in PICTURES.items():
        cells = json.loads((notebooks / notebook).read_text("utf-8"))["cells"]
        outputs = next(cell for cell in cells if cell.get("id") == wanted)["outputs"]
        pictures = (each["data"]["image/png"] for each in outputs if "image/png" in each.get("data", {}))
        found[name] = base64.b64decode("".join(next(pictures)))
    return found


def put(notebooks: Path, folder: Path) -> None:
    """그림들을 그 폴더에 저장합니다."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in drawn(notebooks).items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    put(Path("notebooks"), Path("docs/pictures"))
