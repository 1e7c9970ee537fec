"""Images of any size, made and loaded into the engine to be read there."""

from __future__ import annotations

import hashlib
import io
import json
import random
import tarfile
import tempfile
from pathlib import Path

from dockerlab import engine

LAYERS = 9


def make(tag: str, files: int, size: int) -> None:
    """Load an image of nine layers; each but the first stores some files again and deletes some."""
    chance, noise = random.Random(1), random.Random(2).randbytes(2**22)
    with tempfile.TemporaryDirectory(prefix="bench-layers-") as folder:
        layers = []
        for number in range(LAYERS):
            path = Path(folder, f"{number}.tar")
            with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
                for at in range(files // LAYERS):
                    owner = number if number == 0 or at % 20 else number - 1
                    name = f"usr/lib/python3/dist-packages/package{at % 300}/part{owner}/module_{at}.py"
                    if number and not at % 97:
                        name = f"{Path(name).parent}/.wh.module_{at}.py"
                    info = tarfile.TarInfo(name)
                    info.size = 0 if ".wh." in name else min(2**22, int(chance.expovariate(files / size)))
                    tar.addfile(info, io.BytesIO(noise[: info.size]))
            layers.append(path)
        _load(_saved(Path(folder, "image.tar"), tag, layers))


def _saved(whole: Path, tag: str, layers: list[Path]) -> Path:
    digests = [_digest(path) for path in layers]
    settings = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
            "history": [{"created_by": f"RUN step {number}"} for number in range(LAYERS)],
        }
    ).encode()
    name = f"{hashlib.sha256(settings).hexdigest()}.json"
    manifest = [{"Config": name, "RepoTags": [tag], "Layers": [f"{digest}/layer.tar" for digest in digests]}]
    with tarfile.open(whole, "w") as tar:
        for digest, path in zip(digests, layers, strict=True):
            tar.add(path, f"{digest}/layer.tar")
            path.unlink()
        for told, data in ((name, settings), ("manifest.json", json.dumps(manifest).encode())):
            info = tarfile.TarInfo(told)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return whole


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def patient():
    """The engine's client, for large images on a busy machine."""
    api = engine.connect().client.api
    api.timeout = 600
    return api


def _load(whole: Path) -> None:
    with open(whole, "rb") as image:
        for event in patient().load_image(image):
            if "error" in event:
                raise SystemExit(event["error"])
