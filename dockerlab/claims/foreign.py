"""다른 CPU 구조의 이미지를 만들어 실행해 봅니다. 두 구조의 진짜 실행 파일이 한 레이어에 하나씩 들어갑니다."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass

from dockerlab import containers, engine
from dockerlab.claims.elf import ARCHITECTURES, program
from dockerlab.engine.objects import SESSION, Thing, remove
from dockerlab.errors import DockerlabError

_SAID = "hello from {arch}\n"
_PROGRAM = "hello"
_NAMES = {"x86_64": "amd64", "aarch64": "arm64", "amd64": "amd64", "arm64": "arm64"}


@dataclass(frozen=True)
class ForeignRun:
    """한 구조의 이미지를 실행한 결과입니다.

    ``arch``는 이미지에 적힌 구조, ``own``은 이 엔진의 구조인지, ``ran``은 프로그램이 제 글을 찍었는지,
    ``said``는 나온 글(실패하면 엔진이나 커널이 한 말)입니다.
    """

    arch: str
    own: bool
    ran: bool
    said: str


def run_each() -> tuple[ForeignRun, ...]:
    """이 엔진의 구조와 다른 구조의 이미지를 하나씩 만들어 실행하고 지웁니다."""
    own = _NAMES.get(engine.connect().info["Architecture"], "")
    return tuple(_run(arch, own) for arch in ARCHITECTURES)


def _run(arch: str, own: str) -> ForeignRun:
    connected = engine.connect()
    labels = engine.labels(kind="image")
    with engine.errors_of_engine():
        loaded = connected.client.images.load(archive(arch, labels))[0]
    try:
        done = containers.run(loaded.id, [f"/{_PROGRAM}"])
        said = (done.stdout or done.stderr).strip()
        ran = done.stdout == _SAID.format(arch=arch)
    except DockerlabError as error:  # some engines notice before the kernel does
        said, ran = error.seen or error.what, False
    finally:
        thing = Thing("image", loaded.id, "", labels)
        remove(connected.endpoint, thing, lambda seen: seen.get(SESSION) == labels[SESSION])
    return ForeignRun(arch, arch == own, ran, said)


def archive(arch: str, labels: dict[str, str]) -> bytes:
    """실행 파일 하나가 든 이미지를 ``docker load``가 읽는 tar로 만듭니다.

    형식의 출처는 Docker Image Specification v1.2입니다. 이름(태그)은 붙이지 않습니다.
    """
    layer = _tar({_PROGRAM: program(arch, _SAID.format(arch=arch))}, mode=0o755)
    config = json.dumps(
        {
            "architecture": arch,
            "os": "linux",
            "config": {"Cmd": [f"/{_PROGRAM}"], "Labels": labels},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
        }
    ).encode()
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = json.dumps([{"Config": name, "RepoTags": None, "Layers": ["layer.tar"]}]).encode()
    return _tar({name: config, "layer.tar": layer, "manifest.json": manifest}, mode=0o644)


def _tar(files: dict[str, bytes], mode: int) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
