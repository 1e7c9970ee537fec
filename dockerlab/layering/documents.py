"""이미지를 설명하는 JSON(설정, 매니페스트, 인덱스)을 엄격하게 읽어, 무엇을 어디서 읽을지 정합니다."""

from __future__ import annotations

import hashlib
import json
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dockerlab.errors import ImageDamaged, ImageUnclear
from dockerlab.layering.budget import LAYERS, Budget
from dockerlab.layering.cursor import unreadable
from dockerlab.layering.names import shown

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64", "i686": "386"}


@dataclass(frozen=True)
class Blob:
    """레이어 하나가 저장된 곳입니다. 다이제스트를 모르는 형식(classic)에서는 ``digest``가 비어 있습니다."""

    place: str
    digest: str = ""


@dataclass(frozen=True)
class Plan:
    """읽을 이미지 하나입니다: 설정과 그 다이제스트(id), 레이어마다 diff id와 명령과 저장된 곳."""

    id: str
    config: bytes
    diff_ids: tuple[str, ...]
    instructions: tuple[str, ...]
    blobs: tuple[Blob, ...]


def parsed(raw: bytes, what: str, budget: Budget, kind: type = dict) -> Any:
    """JSON 객체(또는 ``kind``) 하나를 읽습니다."""
    budget.document(len(raw))
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise unreadable(f"{what}: JSON이 아닙니다.") from error
    if not isinstance(told, kind):
        raise unreadable(f"{what}: 모양이 올바르지 않은 JSON입니다.")
    return told


def plan(config: bytes, blobs: Sequence[Blob], budget: Budget, digest: str = "") -> Plan:
    """설정과 레이어의 자리로 계획을 세웁니다. ``digest``가 있으면 설정이 그것과 같은지 봅니다."""
    actual = digest_of(config)
    if digest and digest != actual:
        raise damaged("설정", digest, actual)
    told = parsed(config, "이미지의 설정", budget)
    rootfs = told.get("rootfs")
    diff_ids = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if diff_ids is None:
        diff_ids = []  # FROM scratch without a file
    if not isinstance(diff_ids, list) or len(diff_ids) != len(blobs):
        found = len(diff_ids) if isinstance(diff_ids, list) else 0
        raise unreadable(f"설정에는 레이어가 {found}개, 매니페스트에는 {len(blobs)}개입니다.")
    if len(diff_ids) > LAYERS:
        raise unreadable(f"레이어가 너무 많습니다({len(diff_ids):,}개).")
    for each in diff_ids:
        checked_digest(each, "설정의 diff_ids")
    return Plan(
        actual, config, tuple(diff_ids), _instructions(told.get("history"), len(diff_ids)), tuple(blobs)
    )


def digest_of(raw: bytes) -> str:
    """바이트의 다이제스트입니다."""
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def verify(raw: bytes, digest: str) -> None:
    """문서가 다이제스트와 같은지 봅니다. 다르면 ``ImageDamaged``입니다."""
    if digest_of(raw) != digest:
        raise damaged("매니페스트", digest, digest_of(raw))


def checked_digest(digest: Any, where: str) -> str:
    """다이제스트의 모양을 봅니다. 경로로도 쓰이므로 엄격합니다."""
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        raise unreadable(f"{where}: 다이제스트가 아닙니다: {str(digest)[:100]!a}")
    return digest


def damaged(what: str, told: str, actual: str) -> ImageDamaged:
    """내용이 다이제스트와 다르다는 오류입니다."""
    return ImageDamaged(
        "이미지의 내용이 다이제스트와 달라서 쓰지 않았습니다.",
        seen=f"{what}: {told}라고 적혀 있지만 {actual}입니다.",
        todo="파일을 다시 받으십시오. 계속되면 만든 곳에 알리십시오.",
    )


def _instructions(history: Any, layers: int) -> tuple[str, ...]:
    """The instruction of each layer. A history may be missing, or begin later than the layers."""
    told = []
    for each in history if isinstance(history, list) else ():
        if not isinstance(each, dict):
            raise unreadable("설정의 history가 올바르지 않습니다.")
        if not each.get("empty_layer"):
            told.append(instruction(str(each.get("created_by") or each.get("comment") or "")))
    if len(told) > layers:
        return ("",) * layers  # somebody forgot to mark empty layers: a guess would blame the wrong one
    return (*("",) * (layers - len(told)), *told)


def instruction(created_by: str) -> str:
    """history의 ``created_by``를 Dockerfile에 적힌 모양으로 고칩니다."""
    text = re.sub(r"\s*# buildkit$", "", created_by.strip())
    text = re.sub(r"^\|\d+ .*?(?=/bin/sh -c )", "", text, flags=re.S)  # build arguments
    text = re.sub(r"\b(file|dir|multi):([0-9a-f]{12})[0-9a-f]{52}\b", r"\1:\2", text)  # what was copied
    if match := re.match(r"/bin/sh -c #\(nop\)\s*(.*)", text, re.S):
        return match[1].strip()
    if match := re.match(r"(?:RUN )?(?:\|\d+ .*?)?/bin/sh -c (.*)", text, re.S):
        return f"RUN {match[1].strip()}"
    return text


def oci_manifest(told: Mapping[str, Any], what: str) -> tuple[str, list[Blob]]:
    """OCI(또는 Docker) 매니페스트에서 설정의 다이제스트와 레이어들을 읽습니다."""
    config, layers = told.get("config"), told.get("layers")
    if not isinstance(config, dict) or not isinstance(layers, list):
        raise unreadable(f"{what}: 이미지의 매니페스트가 아닙니다.")
    digests = []
    for layer in layers:
        if not isinstance(layer, dict):
            raise unreadable(f"{what}: 레이어의 설명이 올바르지 않습니다.")
        size = layer.get("size", 0)
        if not isinstance(size, int) or size < 0:
            raise unreadable(f"{what}: 레이어의 크기가 올바르지 않습니다: {str(size)[:40]}")
        digests.append(checked_digest(layer.get("digest"), what))
    return checked_digest(config.get("digest"), what), [Blob(blob_path(each), each) for each in digests]


def blob_path(digest: str) -> str:
    """OCI 레이아웃에서 블롭이 놓이는 경로입니다."""
    return f"blobs/sha256/{digest.removeprefix('sha256:')}"


def is_index(told: Mapping[str, Any]) -> bool:
    """여러 이미지의 목록인지 봅니다."""
    return isinstance(told.get("manifests"), list)


def chosen(told: Mapping[str, Any], name: str, what: str) -> str:
    """인덱스에서 읽을 매니페스트의 다이제스트를 고릅니다. 여럿이면 이 컴퓨터의 CPU에 맞는 것입니다."""
    found = [each for each in told["manifests"] if isinstance(each, dict) and not _attestation(each)]
    if name:
        found = [each for each in found if name in reference_names(each)]
    else:
        names = sorted({each for one in found for each in reference_names(one)[-1:]})
        if len(names) > 1 and len({str(each.get("digest")) for each in found}) > 1:
            raise several(what, names)
    if not found:
        raise ImageUnclear(
            f"그런 이미지가 없습니다: {shown(name)}" if name else "이미지가 하나도 들어 있지 않습니다.",
            seen=f"본 곳: {what}",
            todo="이름을 확인하십시오.",
        )
    if len(found) > 1:
        machine = _MACHINES.get(platform.machine().lower(), platform.machine().lower())
        fitting = [each for each in found if _platform(each) == ("linux", machine)]
        found = fitting or found
    return checked_digest(found[0].get("digest"), what)


def several(what: str, names: Sequence[str]) -> ImageUnclear:
    """이미지가 여럿이라 골라 달라는 오류입니다."""
    listed = ", ".join(shown(name)[:100] for name in names[:10])
    return ImageUnclear(
        "이미지가 여럿 들어 있습니다.",
        seen=f"{what}: {listed}",
        todo=f"경로 뒤에 #과 이름을 적으십시오. 예: 경로#{shown(names[0])[:100]}",
    )


def reference_names(described: Mapping[str, Any]) -> list[str]:
    """인덱스의 항목 하나가 불리는 이름들입니다. 짧은 이름이 뒤에 옵니다."""
    notes = described.get("annotations")
    if not isinstance(notes, dict):
        return []
    found = [str(notes[key]) for key in _NAMES if notes.get(key)]
    return [*found, *(each.removeprefix("docker.io/").removeprefix("library/") for each in found[:1])]


def _attestation(described: Mapping[str, Any]) -> bool:
    notes = described.get("annotations")
    marked = isinstance(notes, dict) and "vnd.docker.reference.type" in notes
    return marked or _platform(described) == ("unknown", "unknown")


def _platform(described: Mapping[str, Any]) -> tuple[str, str]:
    told = described.get("platform")
    return (str(told.get("os")), str(told.get("architecture"))) if isinstance(told, dict) else ("", "")
