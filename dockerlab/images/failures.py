"""이미지를 만들지 못한 까닭을 가려, 어느 단계에서 무엇을 보았고 무엇을 하면 되는지 말합니다."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import docker.errors

from dockerlab import engine
from dockerlab.errors import (
    BuildFailed,
    DiskFull,
    DockerfileInvalid,
    DockerlabError,
    EngineError,
    EngineRefused,
    ImageMissing,
    InvalidReference,
)
from dockerlab.images import names
from dockerlab.layering.names import shown

if TYPE_CHECKING:
    from dockerlab.images.steps import Following

_TAIL = 600
_NO_NETWORK = re.compile(
    r"temporary failure in name resolution|name or service not known|bad address|could not resolve"
    r"|network is unreachable|NewConnectionError|temporary failure resolving",
    re.I,
)


def of_dockerfile(message: str) -> DockerlabError:
    """엔진이 글을 Dockerfile로 읽지 못했습니다."""
    line = re.search(r"on line (\d+)", message)
    where = f"{line[1]}번째 줄을" if line else "글을"
    return DockerfileInvalid(
        f"Dockerfile의 {where} 읽을 수 없습니다.",
        seen=" ".join(message.split()),
        todo="명령의 철자와 줄 끝의 \\를 확인하십시오. 첫 명령은 FROM이어야 합니다.",
    )


def too_late(told: Following, timeout: float) -> BuildFailed:
    """정해 둔 시간 안에 끝나지 않았습니다."""
    return _failed(
        told, f"{timeout:g}초 안에 끝나지 않아 멈췄습니다.", "timeout을 늘리거나 명령을 나누십시오."
    )


def of_step(told: Following, network: str) -> DockerlabError:
    """마지막 단계가 실패한 까닭입니다."""
    failure = told.failure or {"message": "엔진이 아무 말 없이 멈췄습니다."}
    message, code = str(failure.get("message", "")), failure.get("code")
    if isinstance(code, int) and code:
        return _failed(told, f"종료 코드 {code}.", _todo(told, code, network))
    translated = engine.translate(docker.errors.ImageLoadError(message))
    if told.steps and told.steps[-1].base:
        return _no_base(told, message, translated)
    refused = translated is None or isinstance(translated, EngineRefused)
    if isinstance(translated, EngineError | DiskFull) and not refused:
        return translated
    todo = "명령의 인자를 확인하십시오." if refused else translated.todo
    if "not found in build context" in message or "no source files" in message:
        todo = "COPY할 파일을 함께 적어 주십시오. 예: %%dockerfile 이름 --file app.py"
    elif "BuildKit" in message:
        todo = "이 엔진의 기본 빌더에는 없는 기능입니다. 그 인자를 빼십시오."
    return _failed(told, message, todo)


def _todo(told: Following, code: int, network: str) -> str:
    output = told.steps[-1].output if told.steps else ""
    if network == "none" and _NO_NETWORK.search(output):
        return "이미지를 만드는 명령에는 네트워크가 없습니다. 필요하면 --network bridge를 적으십시오."
    return {
        126: "그 파일에 실행 권한이 있는지, 이 이미지의 CPU에 맞는지 확인하십시오.",
        127: "베이스 이미지에 그 명령이 있는지, 철자가 맞는지 확인하십시오.",
        137: "메모리 한도를 넘었을 수 있습니다. memory를 늘리거나 일을 나누십시오.",
    }.get(code, "찍힌 글에서 까닭을 찾아 명령을 고친 뒤 다시 만드십시오. 앞의 단계는 캐시에서 씁니다.")


def _no_base(told: Following, message: str, cause: DockerlabError | None) -> DockerlabError:
    at = f"{told.steps[-1].number}번째 단계: {told.steps[-1].instruction}"
    if "invalid reference format" in message:
        return InvalidReference(
            "베이스 이미지의 이름이 문법에 맞지 않습니다.",
            seen=f"{at} ({message})",
            todo="예: FROM dockerlab/tiny",
        )
    kind = ImageMissing if cause is None or isinstance(cause, EngineRefused) else type(cause)
    course = ", ".join(names.reference(name).removesuffix(":latest") for name in names.COURSE)
    return kind(
        f"베이스 이미지가 이 엔진에 없고, 가져오지도 못했습니다({at}).",
        seen=message,
        todo=f"이름의 철자를 확인하십시오. 네트워크가 없으면 과정 이미지({course}) 위에 만드십시오.",
    )


def _failed(told: Following, why: str, todo: str) -> BuildFailed:
    step = told.steps[-1] if told.steps else None
    at = f"{step.number}번째 단계에서 멈췄습니다: {step.instruction}" if step else "시작하지 못했습니다."
    printed = "\n".join(map(shown, step.output.strip()[-_TAIL:].splitlines())) if step else ""
    error = BuildFailed(
        f"이미지를 만들다가 {at}", seen=f"{why} 찍은 글:\n{printed}" if printed else why, todo=todo
    )
    error.step, error.steps = step, tuple(told.steps)
    return error
