"""이미지가 저장된 곳의 공통된 모양과, 거기서 이미지 하나를 읽는 순서입니다.

Both layouts of ``docker save`` (manifest.json) and the OCI layout (index.json) are understood, wherever
they lie: in a tar, in a folder, in a stream that is over before one knows what was in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from dockerlab.errors import ImageUnclear
from dockerlab.layering import documents, stored
from dockerlab.layering.blobs import Scanned
from dockerlab.layering.budget import Budget
from dockerlab.layering.contents import Contents
from dockerlab.layering.cursor import unreadable
from dockerlab.layering.documents import Blob, Plan
from dockerlab.layering.model import Image, Layer
from dockerlab.layering.names import shown

_NESTED = 4  # indexes within indexes
# How tools name a blob after its digest: OCI, podman, kaniko.
_NAMED_BY_DIGEST = re.compile(r"(?:blobs/sha256/|sha256:)?([0-9a-f]{64})(?:\.json|\.tar|\.tar\.gz)?")


class Documents(Protocol):
    """JSON 문서를 이름으로 찾는 곳입니다."""

    name: str

    def document(self, place: str) -> bytes | None: ...


def find_plan(store: Documents, name: str, budget: Budget) -> Plan:
    """어느 이미지를 어디서 읽을지 정합니다. ``name``이 비어 있으면 하나뿐인 것입니다."""
    manifest = store.document("manifest.json")
    if manifest is not None:
        return _docker_plan(store, manifest, name, budget)
    index = store.document("index.json")
    if index is None:
        raise unreadable(f"{store.name}: manifest.json도 index.json도 없습니다. 이미지가 아닙니다.")
    return _oci_plan(store, documents.parsed(index, "index.json", budget), name, budget)


def _docker_plan(store: Documents, manifest: bytes, name: str, budget: Budget) -> Plan:
    images = documents.parsed(manifest, "manifest.json", budget, list)
    found = []
    for image in images:
        tags = image.get("RepoTags") if isinstance(image, dict) else None
        tags = [] if tags is None else tags
        if not isinstance(image, dict) or not isinstance(tags, list):
            raise unreadable("manifest.json의 모양이 올바르지 않습니다.")
        found.append((image, [str(tag) for tag in tags]))
    if name:
        found = [(image, tags) for image, tags in found if {name, f"{name}:latest"} & set(tags)]
    if not found:
        raise ImageUnclear(
            f"그런 이미지가 없습니다: {shown(name)}" if name else "이미지가 하나도 들어 있지 않습니다.",
            seen=f"본 곳: {store.name}",
            todo="이름을 확인하십시오.",
        )
    if len(found) > 1:
        raise documents.several(store.name, [tags[0] if tags else "(이름 없음)" for _, tags in found])
    image = found[0][0]
    place, layers = image.get("Config"), image.get("Layers")
    if layers is None:
        layers = []
    if not isinstance(place, str) or not isinstance(layers, list):
        raise unreadable("manifest.json의 모양이 올바르지 않습니다.")
    if not all(isinstance(layer, str) for layer in layers):
        raise unreadable("manifest.json에서 레이어의 경로가 글이 아닙니다.")
    blobs = [Blob(layer, _digest_in(layer)) for layer in layers]
    return documents.plan(_needed(store, place), blobs, budget, _digest_in(place))


def _digest_in(place: str) -> str:
    match = _NAMED_BY_DIGEST.fullmatch(place)
    return f"sha256:{match[1]}" if match else ""


def _oci_plan(store: Documents, index: Mapping, name: str, budget: Budget) -> Plan:
    what, told = "index.json", index
    for _ in range(_NESTED):
        if not documents.is_index(told):
            break
        what = documents.chosen(told, name, what)
        name = ""  # it named one of the outermost list
        raw = _needed(store, documents.blob_path(what))
        documents.verify(raw, what)
        told = documents.parsed(raw, what, budget)
    config, blobs = documents.oci_manifest(told, what)
    return documents.plan(_needed(store, documents.blob_path(config)), blobs, budget, config)


def _needed(store: Documents, place: str) -> bytes:
    found = store.document(place)
    if found is None:
        raise unreadable(f"{store.name}에 {shown(place)[:200]} 파일이 없거나 너무 큽니다.")
    return found


def cached(plan: Plan, source: str = "") -> dict[str, Contents]:
    """계획의 레이어 가운데 전에 읽어 간직한 것입니다. 열쇠는 diff id입니다.

    ``source``가 있으면, 그 파일에서 확인하지 않고 읽은 것도 찾습니다.
    """
    found = {}
    for diff_id in dict.fromkeys(plan.diff_ids):
        contents = stored.kept(diff_id)
        if contents is None and source and (glanced := stored.kept(_aside(source, diff_id))) is not None:
            contents = replace(glanced, checked=False)
        if contents is not None:
            found[diff_id] = contents
    return found


def remembered(source: str, name: str) -> Image | None:
    """전에 읽은 이미지입니다. ``source``는 엔진의 이미지의 id나 파일의 지문입니다."""
    packing = stored.kept_packing(source)
    if packing is None:
        return None
    config, blobs = packing
    plan = documents.plan(config, [Blob(str(at)) for at in range(len(blobs))], Budget())
    contents = cached(plan, source)
    if len(contents) < len(set(plan.diff_ids)):
        return None
    return assembled(plan, contents, {str(at): told for at, told in enumerate(blobs)}, name)


def _aside(source: str, diff_id: str) -> str:
    """What was not checked must not be taken for the layer of that diff id elsewhere."""
    return f"{source}-{diff_id.removeprefix('sha256:')}"


def checked(plan: Plan, scanned: Mapping[str, Scanned], source: str = "") -> dict[str, Contents]:
    """읽은 블롭이 계획과 같은지 확인하고 간직합니다. 열쇠는 diff id입니다."""
    found: dict[str, Contents] = {}
    for diff_id, blob in zip(plan.diff_ids, plan.blobs, strict=True):
        told = scanned.get(blob.place)
        if told is None or diff_id in found:
            continue
        if blob.digest and told.digest and blob.digest != told.digest:
            raise documents.damaged(f"레이어 {shown(blob.place)[:100]}", blob.digest, told.digest)
        if told.diff_id and told.diff_id != diff_id:
            raise documents.damaged(f"레이어 {shown(blob.place)[:100]}의 diff id", diff_id, told.diff_id)
        found[diff_id] = told.contents
        if told.contents.checked:
            stored.keep(diff_id, told.contents)
        elif source:
            stored.keep(_aside(source, diff_id), told.contents)
    return found


def assembled(
    plan: Plan, contents: Mapping[str, Contents], packed: Mapping[str, tuple[str, int]], name: str
) -> Image:
    """레이어들을 이미지로 모읍니다. ``packed``는 자리마다 블롭의 다이제스트와 크기입니다."""
    layers = []
    for diff_id, instruction, blob in zip(plan.diff_ids, plan.instructions, plan.blobs, strict=True):
        told = contents.get(diff_id)
        if told is None:
            raise unreadable(f"레이어 {shown(blob.place)[:200]} 블롭이 없거나 tar가 아닙니다.")
        digest, size = packed.get(blob.place, (diff_id, told.size_tar))
        layers.append(
            Layer(
                diff_id=diff_id,
                instruction=instruction,
                files=told.files,
                whiteouts=told.whiteouts,
                opaque=told.opaque,
                size_tar=told.size_tar,
                digest=digest,
                size_compressed=size,
                checked=told.checked,
            )
        )
    return Image(plan.id, tuple(layers), name)
