"""레지스트리의 이미지를 엔진 없이 HTTPS로 읽습니다. 로그인은 ``docker login``이 적어 둔 것을 씁니다."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from docker import auth as docker_auth
from docker.errors import DockerException
from dxf import DXF
from dxf import exceptions as dxf_errors

from dockerlab import errors
from dockerlab.layering import documents, stores
from dockerlab.layering.blobs import scan_stream
from dockerlab.layering.budget import JSON_BYTES, Budget
from dockerlab.layering.contents import Wanted
from dockerlab.layering.cursor import CHUNK
from dockerlab.layering.model import Image
from dockerlab.layering.names import shown
from dockerlab.progress import Report
from dockerlab.registries.conversation import is_near
from dockerlab.registries.reference import DOCKER_HUB, Reference, parse

_HUB_HOST = "registry-1.docker.io"
_ACCEPTED = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_PATIENCE = (5.0, 10.0)  # seconds to connect, and of silence


class _Repository(DXF):
    """A repository whose documents may only be so long."""

    def manifest(self, version: str, budget: Budget) -> bytes:
        answer = self._request("get", f"manifests/{version}", headers={"Accept": _ACCEPTED}, stream=True)
        return _bounded(answer.iter_content(CHUNK), budget)

    def blob(self, digest: str) -> Iterator[bytes]:
        return iter(self.pull_blob(digest, chunk_size=CHUNK))


def read_registry(name: str, budget: Budget, report: Report, wanted: Wanted | None = None) -> Image:
    """레지스트리의 이미지를 읽습니다. 전에 읽은 레이어는 다시 받지 않습니다.

    ``RegistryUnreachable``, ``RegistryDenied``, ``RegistryLimitReached``, ``ImageUnknown``,
    ``ImageDamaged``를 냅니다.
    """
    wished = parse(name)
    try:
        return _read(wished, name, budget, report, wanted, insecure=False)
    except requests.exceptions.SSLError as error:
        if not is_near(wished.host):
            raise _unreachable(wished, error) from error
        return _read(wished, name, budget, report, wanted, insecure=True)


def _read(
    wished: Reference, name: str, budget: Budget, report: Report, wanted: Wanted | None, insecure: bool
) -> Image:
    host = _HUB_HOST if wished.host == DOCKER_HUB else wished.host
    repository = _Repository(
        host, wished.repository, _log_in(wished.host), insecure=insecure, timeout=_PATIENCE
    )
    with _registry_errors(wished), repository:
        what = documents.checked_digest(wished.digest, name) if wished.digest else wished.tag
        for _ in range(4):
            raw = repository.manifest(what, budget)
            if documents.DIGEST.fullmatch(what):
                documents.verify(raw, what)
            told = documents.parsed(raw, what, budget)
            if not documents.is_index(told):
                break
            what = documents.chosen(told, "", what)
        config, blobs = documents.oci_manifest(told, what)
        sizes = {layer["digest"]: layer["size"] for layer in told["layers"]}
        plan = documents.plan(_bounded(repository.blob(config), budget), blobs, budget, config)
        contents = stores.cached(plan)
        missing = {
            blob: diff_id
            for diff_id, blob in zip(plan.diff_ids, plan.blobs, strict=True)
            if diff_id not in contents or (wanted is not None and wanted.diff_id == diff_id)
        }
        scanned, total = {}, max(1, sum(sizes[blob.digest] for blob in missing))
        for blob, diff_id in missing.items():
            keep = wanted if wanted is not None and wanted.diff_id == diff_id else None
            chunks = _reported(repository.blob(blob.digest), scanned, total, report)
            scanned[blob.place] = scan_stream(chunks, budget, wanted=keep)
        contents |= stores.checked(plan, scanned)
        packing = {blob.place: (blob.digest, sizes[blob.digest]) for blob in blobs}
        return stores.assembled(plan, contents, packing, name)


def _reported(chunks: Iterator[bytes], before: dict[str, Any], total: int, report: Report) -> Iterator[bytes]:
    done = sum(each.size for each in before.values())
    for chunk in chunks:
        yield chunk
        done += len(chunk)
        report("레지스트리에서 레이어 받기", min(done, total), total)


def _bounded(chunks: Iterator[bytes], budget: Budget) -> bytes:
    whole = b""
    for chunk in chunks:
        whole += chunk
        if len(whole) > JSON_BYTES:
            budget.document(len(whole))
    return whole


def _log_in(host: str) -> Any:
    def answer(repository: DXF, response: requests.Response) -> None:
        known: dict[str, str] = {}
        try:
            known = docker_auth.load_config().resolve_authconfig(host) or {}
        except DockerException:
            pass  # a broken or missing helper of credentials: try as anybody
        repository.authenticate(known.get("username"), known.get("password"), ["pull"], response)

    return answer


@contextmanager
def _registry_errors(wished: Reference) -> Iterator[None]:
    try:
        yield
    except requests.exceptions.SSLError:
        raise
    except (dxf_errors.DXFUnauthorizedError, dxf_errors.DXFAuthInsecureError) as error:
        raise _denied(wished) from error
    except dxf_errors.DXFDigestMismatchError as error:
        raise documents.damaged("레지스트리가 준 블롭", error.expected, error.got) from error
    except requests.HTTPError as error:
        raise _refused(wished, error) from error
    except requests.RequestException as error:
        raise _unreachable(wished, error) from error
    except (dxf_errors.DXFError, ValueError, KeyError) as error:
        raise errors.RegistryBroken(
            "레지스트리가 이해할 수 없는 답을 했습니다.",
            seen=f"{wished.host}: {type(error).__name__}",
            todo="주소가 레지스트리가 맞는지, 네트워크에 로그인해야 하는지 확인하십시오.",
        ) from error


def _refused(wished: Reference, error: requests.HTTPError) -> errors.DockerlabError:
    status = error.response.status_code
    seen = f"{wished.host}: HTTP {status}"
    if status == 404:
        return errors.ImageUnknown(
            f"레지스트리에 그런 이미지나 태그가 없습니다: {wished}",
            seen=seen,
            todo="이미지의 이름과 태그를 확인하십시오.",
        )
    if status == 429:
        return errors.RegistryLimitReached(
            "레지스트리의 내려받기 한도에 닿았습니다. 같은 회선을 쓰는 사람들이 한도를 나누어 씁니다.",
            seen=seen,
            todo="몇 시간 뒤에 다시 하거나, docker login을 한 뒤에 다시 하십시오.",
        )
    if status in (401, 403):
        return _denied(wished)
    return errors.RegistryBroken(
        "레지스트리가 요청을 처리하지 못했습니다.", seen=seen, todo="잠시 뒤 다시 해 보십시오."
    )


def _denied(wished: Reference) -> errors.RegistryDenied:
    return errors.RegistryDenied(
        "레지스트리에 그런 이미지가 없거나, 로그인해야 볼 수 있습니다.",
        seen=str(wished),
        todo="이미지의 이름을 확인하십시오. 비공개 이미지라면 docker login이 필요합니다.",
    )


def _unreachable(wished: Reference, error: Exception) -> errors.RegistryUnreachable:
    inner: BaseException = error
    while inner.__cause__ or inner.__context__:
        inner = inner.__cause__ or inner.__context__
    return errors.RegistryUnreachable(
        "이미지 레지스트리에 닿지 못했습니다.",
        seen=f"{wished.host}: {shown(str(inner))[:300]}",
        todo="네트워크를 확인하십시오. 다른 컴퓨터에서 docker save로 저장한 파일도 읽을 수 있습니다.",
    )
