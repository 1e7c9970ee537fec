"""docker 명령을 찾고, 과정이 쓰는 엔진을 가리키는 환경을 만듭니다."""

from __future__ import annotations

import os
import shutil

from dockerlab.engine import bundle
from dockerlab.engine.endpoint import Endpoint
from dockerlab.errors import ToolMissing

# Where the engine is: said by us, and by nobody else.
ELSEWHERE = ("DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")


def program(name: str = "docker") -> list[str]:
    """명령을 실행할 말들입니다. docker가 이 컴퓨터에 없으면 엔진 묶음의 것을 씁니다.

    Raises:
        ToolMissing: 어디에도 없을 때.
    """
    if found := shutil.which(name):
        return [found]
    unpacked = bundle.installed()
    if name == "docker" and unpacked is not None:
        return unpacked.command("docker")
    raise ToolMissing(
        f"{name} 명령이 이 컴퓨터에 없습니다.",
        seen="PATH의 폴더와 엔진 묶음에서 찾지 못했습니다.",
        todo="dockerlab setup으로 엔진 묶음을 받거나, 명령의 이름을 확인하십시오.",
    )


def environment(url: str, certificates: str | None = None) -> dict[str, str]:
    """그 주소의 엔진만을 가리키는 환경 변수들입니다."""
    chosen = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    chosen["DOCKER_HOST"] = url
    if certificates:
        chosen |= {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": certificates}
    return chosen


def of_engine(endpoint: Endpoint) -> dict[str, str]:
    """엔진 하나를 가리키는 환경입니다. 광고와 대화형 안내는 끕니다."""
    # The builder that takes limits and labels, and that every engine has, is the classic one.
    quiet = {"DOCKER_CLI_HINTS": "false", "DOCKER_BUILDKIT": "0"}
    return {**environment(endpoint.url, endpoint.certificates), **quiet}
