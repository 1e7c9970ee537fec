"""공식 이미지를 다이제스트로 받아, 과정의 라벨을 붙인 이미지를 만듭니다."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dockerlab import engine
from dockerlab.errors import RegistryUnreachable
from dockerlab.images import names
from dockerlab.progress import Report, silent

FIRST_ANSWER = 5.0
"""레지스트리에 닿는지 이 시간 안에 정합니다(초)."""

SILENCE = 30.0
"""받는 동안 엔진이 이만큼 말이 없으면 그만둡니다(초)."""


@dataclass(frozen=True)
class Official:
    """공식 이미지 하나입니다. 태그는 사람을 위한 것이고, 받을 때는 다이제스트만 씁니다."""

    repository: str
    tag: str
    digest: str

    @property
    def reference(self) -> str:
        return f"{self.repository}@{self.digest}"


# Indexes of several architectures, each seen under this tag in many independent public repositories.
OFFICIAL = {
    "tiny": Official(
        "docker.io/library/busybox",
        "1.37.0",
        "sha256:9db7b59979c38555a39def84a31fb98b5296952f9e3afd4f6f11f05b07adfab0",
    ),
    "debian": Official(
        "docker.io/library/debian",
        "trixie-slim",
        "sha256:a29215f6a35e51e22adffa17f89e9d2ef06214e64a2bad10d765c46aea49f11f",
    ),
    "python": Official(
        "docker.io/library/python",
        "3.13.15-slim-trixie",
        "sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285",
    ),
    "registry": Official(
        "docker.io/library/registry",
        "2.8.3",
        "sha256:a3d8aaa63ed8681a604f1dea0aa03f100d5895b6a58ace528858a7b332415373",
    ),
}


def pull(api: Any, name: str, report: Report = silent) -> None:
    """공식 이미지를 받아 ``dockerlab/이름:latest``로 만듭니다.

    ``RegistryUnreachable``, ``RegistryLimitReached``, ``RegistryDenied``, ``RegistryBroken``, ``DiskFull``을
    냅니다. 닿지 못하면 약 5초 안에 압니다.
    """
    official = OFFICIAL[name]
    with engine.errors_of_engine():
        had = _present(api, official.reference)
        if not had:
            _download(api, official, f"공식 이미지 {official.repository.rpartition('/')[2]} 받기", report)
        try:
            _label(api, name, official)
        finally:
            if not had:
                # Only the extra name goes; the layers stay with the labelled image. What the
                # learner had pulled before us is the learner's.
                api.remove_image(official.reference, noprune=True)


def _present(api: Any, reference: str) -> bool:
    import docker.errors

    try:
        api.inspect_image(reference)
    except docker.errors.ImageNotFound:
        return False
    return True


def _download(api: Any, official: Official, what: str, report: Report) -> None:
    import requests

    url = api.base_url + f"/v{api.api_version}/images/create"
    asked = {"fromImage": official.repository, "tag": official.digest}
    try:
        # Not docker-py's own pull: it has no time limit and drops the error that comes in the stream.
        with api.post(url, params=asked, stream=True, timeout=FIRST_ANSWER) as answer:
            api._raise_for_status(answer)
            answer.raw.connection.sock.settimeout(SILENCE)
            received: dict[str, tuple[int, int]] = {}
            for event in _events(answer):
                detail = event.get("progressDetail") or {}
                if event.get("status") == "Downloading" and detail.get("total"):
                    received[event["id"]] = (detail["current"], detail["total"])
                    report(
                        what,
                        sum(now for now, _ in received.values()),
                        sum(all_ for _, all_ in received.values()),
                    )
    except (requests.Timeout, requests.ConnectionError) as error:
        if "timed out" not in str(error).lower():
            raise
        raise RegistryUnreachable(
            "이미지 레지스트리가 제때 답하지 않습니다.",
            seen=f"{official.repository}: {FIRST_ANSWER:g}초 안에 시작하지 못했거나 도중에 멈췄습니다.",
            todo="네트워크를 확인하십시오. DOCKERLAB_IMAGES=packages로 Debian 패키지에서 만들 수 있습니다.",
        ) from error


def _label(api: Any, name: str, official: Official) -> None:
    recipe = (
        f"FROM {official.reference}\n"
        f'LABEL {names.IMAGE_LABEL}="{name}" {names.ORIGIN_LABEL}="registry:{official.reference}"\n'
    )
    context = io.BytesIO(recipe.encode())
    for event in api.build(fileobj=context, tag=names.reference(name), rm=True, decode=True):
        raise_said(event)


def _events(answer: Any) -> Iterator[dict[str, Any]]:
    for line in answer.iter_lines():
        if line.strip():
            event = json.loads(line)
            raise_said(event)
            yield event


def raise_said(event: dict[str, Any]) -> None:
    """엔진이 스트림 속에 적은 오류를 던집니다(상태 코드는 이미 200이었습니다)."""
    import docker.errors

    if "error" in event:
        raise docker.errors.ImageLoadError(event["error"])
