"""레지스트리가 주는 문서를 읽은 것입니다: manifest, config, blob.

The formats are those of the OCI image specification and of Docker's image manifest, version 2, schema 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_MANIFEST = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_INDEX = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MEDIA_TYPES = (*_MANIFEST, *_INDEX)
"""우리가 읽을 줄 아는 manifest의 종류입니다."""


class Unreadable(ValueError):
    """문서의 모양이 규격과 다릅니다."""


@dataclass(frozen=True)
class Descriptor:
    """문서가 다른 것을 가리키는 방법입니다: 다이제스트와 크기(바이트). ``platform``은 index에만 있습니다."""

    digest: str
    size: int
    media_type: str
    platform: str = ""


@dataclass(frozen=True)
class Manifest:
    """이미지 하나를 이루는 것들의 목록입니다.

    여러 CPU를 위한 이미지이면 ``config``가 없고 ``manifests``에 플랫폼마다 하나씩 가리키는 것(index)입니다.
    ``digest``와 ``size``는 이 문서 자신의 것입니다.
    """

    digest: str
    size: int
    media_type: str
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()
    manifests: tuple[Descriptor, ...] = ()


@dataclass(frozen=True)
class Step:
    """이미지를 만든 명령 하나입니다. ``empty``이면 레이어를 만들지 않았습니다."""

    instruction: str
    empty: bool


@dataclass(frozen=True)
class Config:
    """이미지의 설정입니다: 어느 CPU의 것인지, 무엇을 실행하는지, 어떤 레이어(diff id)를 쌓는지."""

    digest: str
    size: int
    architecture: str
    os: str
    command: tuple[str, ...]
    environment: tuple[str, ...]
    labels: Mapping[str, str]
    diff_ids: tuple[str, ...]
    history: tuple[Step, ...]
    created: str


@dataclass(frozen=True)
class Blob:
    """다이제스트로 부르는 바이트입니다. 내용이 다이제스트와 맞는지는 이미 확인했습니다."""

    digest: str
    size: int
    content: bytes = field(repr=False)


def manifest(told: Any, digest: str, size: int, media_type: str) -> Manifest:
    """JSON을 ``Manifest``로 읽습니다. 규격과 다르면 ``Unreadable``을 냅니다."""
    media_type = _text(told, "mediaType", media_type)
    try:
        if media_type in _INDEX:
            manifests = tuple(_descriptor(one) for one in told["manifests"])
            return Manifest(digest, size, media_type, manifests=manifests)
        if media_type in _MANIFEST:
            layers = tuple(_descriptor(one) for one in told["layers"])
            return Manifest(digest, size, media_type, _descriptor(told["config"]), layers)
    except (KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"manifest에 있어야 할 것이 없습니다: {error}") from error
    raise Unreadable(f"모르는 종류의 manifest입니다: {media_type[:100]!r}")


def config(told: Any, digest: str, size: int) -> Config:
    """JSON을 ``Config``로 읽습니다. 규격과 다르면 ``Unreadable``을 냅니다."""
    try:
        runs = told.get("config") or {}
        steps = (
            Step(str(one.get("created_by", "")), bool(one.get("empty_layer")))
            for one in told.get("history") or ()
        )
        return Config(
            digest=digest,
            size=size,
            architecture=str(told["architecture"]),
            os=str(told["os"]),
            command=(*(runs.get("Entrypoint") or ()), *(runs.get("Cmd") or ())),
            environment=tuple(runs.get("Env") or ()),
            labels=dict(runs.get("Labels") or {}),
            diff_ids=tuple(told["rootfs"]["diff_ids"]),
            history=tuple(steps),
            created=str(told.get("created") or ""),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Unreadable(f"config에 있어야 할 것이 없습니다: {error}") from error


def _descriptor(told: Any) -> Descriptor:
    where = told.get("platform") or {}
    parts = (where.get("os"), where.get("architecture"), where.get("variant"))
    size = told["size"]
    if not isinstance(size, int) or size < 0:
        raise Unreadable(f"크기가 올바르지 않습니다: {size!r}")
    return Descriptor(
        str(told["digest"]), size, str(told.get("mediaType", "")), "/".join(map(str, filter(None, parts)))
    )


def _text(told: Any, key: str, otherwise: str) -> str:
    value = told.get(key) if isinstance(told, dict) else None
    return value if isinstance(value, str) and value else otherwise
