"""엔진에 있는 이미지를 읽습니다: 전에 읽은 것, 엔진의 파일 목록, 아니면 ``docker save``의 스트림."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from dockerlab import engine
from dockerlab.images import names
from dockerlab.layering import documents, stored, stores, tarsplit
from dockerlab.layering.archive import read_stream
from dockerlab.layering.blobs import Scanned
from dockerlab.layering.budget import Budget
from dockerlab.layering.contents import Wanted
from dockerlab.layering.cursor import CHUNK
from dockerlab.layering.documents import Blob
from dockerlab.layering.model import Image
from dockerlab.progress import Report


def read_engine(name: str, budget: Budget, report: Report) -> Image:
    """엔진의 이미지를 읽습니다. ``ImageMissing``과 ``EngineError``를 낼 수 있습니다."""
    connected = engine.connect(report)
    with engine.errors_of_engine():
        told = connected.client.api.inspect_image(names.reference(name))
        found = stores.remembered(told["Id"], name) or _listed(told, connected.info, name, budget, report)
        return found or _saved(connected, told, name, budget, report)


def read_saved(name: str, wanted: Wanted, budget: Budget, report: Report) -> None:
    """엔진의 이미지에서 파일 하나의 내용을 읽습니다. 이미지를 통째로 내보내므로 오래 걸립니다."""
    connected = engine.connect(report)
    with engine.errors_of_engine():
        told = connected.client.api.inspect_image(names.reference(name))
        _saved(connected, told, name, budget, report, wanted)


def _listed(
    told: dict[str, Any], info: dict[str, Any], name: str, budget: Budget, report: Report
) -> Image | None:
    """From the lists that the engine keeps of its layers, if they can be read."""
    config = tarsplit.config(info, told["Id"])
    if config is None:
        return None
    blobs = [Blob(str(at)) for at in range(len(told["RootFS"].get("Layers") or ()))]
    plan = documents.plan(config, blobs, budget, told["Id"])
    scanned = {}
    contents = stores.cached(plan)
    for at, diff_id in enumerate(plan.diff_ids):
        if diff_id not in contents:
            listed = tarsplit.contents(info, plan.diff_ids, at, budget)
            if listed is None:
                return None
            scanned[str(at)] = Scanned(listed, "", "", listed.size_tar)
        report("레이어 읽기", at + 1, len(blobs))
    contents |= stores.checked(plan, scanned)
    packing = [(diff_id, contents[diff_id].size_tar) for diff_id in plan.diff_ids]
    stored.keep_packing(told["Id"], config, packing)
    return stores.assembled(plan, contents, {}, name)


def _saved(
    connected: engine.Engine,
    told: dict[str, Any],
    name: str,
    budget: Budget,
    report: Report,
    wanted: Wanted | None = None,
) -> Image:
    chunks = _reported(_exported(connected, told["Id"], budget.seconds), told.get("Size") or 0, report)
    passed = read_stream(chunks, "", budget, name, trusted=True, wanted=wanted)
    packing = [(layer.digest, layer.size_compressed) for layer in passed.image.layers]
    stored.keep_packing(told["Id"], passed.config, packing)
    return passed.image


def _exported(connected: engine.Engine, image: str, patience: float) -> Iterable[bytes]:
    """As docker-py's get_image, which waits a minute: the engine writes all of it before the first byte."""
    path = f"/images/{image}/get"
    plain = engine.tar_stream(connected.endpoint, path, limit=patience)
    if plain is not None:
        return plain
    api = connected.client.api
    answer = api.get(api._url(path), stream=True, timeout=patience)
    api._raise_for_status(answer)
    return answer.iter_content(CHUNK)


def _reported(chunks: Iterable[bytes], size: int, report: Report) -> Iterator[bytes]:
    what, done = "엔진에서 이미지 내보내기", 0
    report(what, 0, None)
    for chunk in chunks:
        yield chunk
        done += len(chunk)
        report(what, done, max(size, done + 1))
    report(what, done, max(done, 1))
