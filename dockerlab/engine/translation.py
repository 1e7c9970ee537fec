"""docker-py, requests, urllib3가 던지는 오류를 학습자가 읽을 한국어 오류로 옮깁니다."""

from __future__ import annotations

import contextlib
import http.client
import re
from collections.abc import Iterator
from dataclasses import dataclass

from dockerlab import errors
from dockerlab.engine.objects import EngineConfused
from dockerlab.errors import DockerlabError

DOCTOR = "dockerlab doctor로 엔진을 점검하십시오."


@dataclass(frozen=True)
class Rule:
    """엔진의 말 한 조각과 그것이 뜻하는 오류입니다. ``what``의 ``{이름}``은 정규식의 이름 붙은 조각입니다."""

    pattern: str
    kind: type[DockerlabError]
    what: str
    todo: str


# The engine answers 500 to almost everything that fails below it, so the text decides. First match wins.
RULES = (
    Rule(
        r"no space left on device|disk quota exceeded",
        errors.DiskFull,
        "디스크가 가득 차서 엔진이 쓰지 못했습니다.",
        "df -h로 남은 공간을 보고, dockerlab clean --images로 과정의 이미지를 지우십시오.",
    ),
    Rule(
        r"container name \"/?(?P<name>[^\"]+)\" is already in use",
        errors.NameInUse,
        "이름이 '{name}'인 컨테이너가 이미 있습니다. 그 컨테이너는 건드리지 않았습니다.",
        "다른 이름을 쓰거나 이름을 정하지 마십시오.",
    ),
    Rule(
        r"(?:bind for|listen \w+) \S*?:(?P<port>\d+)\b.*(?:port is already allocated|address already in use)"
        r"|failed to bind host port (?:for )?\S*?:(?P<port2>\d+)\b.*",
        errors.PortInUse,
        "포트 {port}번을 다른 프로그램이 쓰고 있습니다.",
        "다른 포트를 정하거나, 포트를 정하지 않고 빈 포트를 받으십시오.",
    ),
    Rule(
        r"port is already allocated|address already in use",
        errors.PortInUse,
        "공개하려는 포트를 다른 프로그램이 쓰고 있습니다.",
        "다른 포트를 정하거나, 포트를 정하지 않고 빈 포트를 받으십시오.",
    ),
    Rule(
        r"exec: \\?\"(?P<name>[^\"\\]+)\\?\": (?:executable file not found|stat |no such file)"
        r"|stat (?P<name2>\S+): no such file or directory"
        r"|executable file `(?P<name3>[^`]+)` not found",  # crun
        errors.CommandNotFound,
        "이미지 안에 '{name}' 명령이 없습니다.",
        "명령의 철자와 이미지를 확인하십시오.",
    ),
    Rule(
        r"executable file not found|no command specified",
        errors.CommandNotFound,
        "실행할 명령이 이미지 안에 없습니다.",
        "명령의 철자와 이미지를 확인하십시오.",
    ),
    Rule(
        r"exec: \\?\"(?P<name>[^\"\\]+)\\?\": (?:permission denied|is a directory)"
        r"|the path `(?P<name2>[^`]+)` (?:is not a regular file|exists but it is not executable)",  # crun
        errors.CommandNotFound,
        "'{name}' 파일은 있지만 실행할 수 없습니다.",
        "파일에 실행 권한(chmod +x)이 있는지 확인하십시오.",
    ),
    Rule(
        r"unable to find (?:user|group) (?P<name>[^:]+)",
        errors.InvalidRequest,
        "이미지 안에 '{name}' 사용자나 그룹이 없습니다.",
        "이름 대신 번호(예: 1000:1000)를 쓰거나, 이미지에 있는 이름을 쓰십시오.",
    ),
    Rule(
        r"oom-killed|memory limit too low",
        errors.OutOfMemory,
        "메모리 한도가 너무 작아 컨테이너가 시작하지도 못했습니다.",
        "메모리 한도를 늘리십시오.",
    ),
    Rule(
        r"client version \S+ is too new",
        errors.EngineTooOld,
        "엔진의 API가 이 과정에 너무 오래되었습니다.",
        "Docker Engine을 새 버전으로 업그레이드하십시오.",
    ),
    Rule(
        r"client version \S+ is too old",
        errors.EngineTooNew,
        "엔진이 이 과정이 아는 것보다 새로운 API만 받습니다.",
        "pip install --upgrade dockerlab-course docker로 과정을 업그레이드하십시오.",
    ),
    Rule(
        r"layer verification failed|manifest verification failed|digest mismatch|unexpected commit digest",
        errors.ImageDamaged,
        "받은 이미지의 내용이 다이제스트와 달라서 쓰지 않았습니다.",
        "잠시 뒤 다시 받으십시오. 계속되면 네트워크의 프록시나 캐시를 의심하십시오.",
    ),
    Rule(
        r"toomanyrequests|rate limit|429 too many requests",
        errors.RegistryLimitReached,
        "레지스트리의 내려받기 한도에 닿았습니다. 같은 회선을 쓰는 사람들이 한도를 나누어 씁니다.",
        "몇 시간 뒤에 다시 하거나, 교실용 묶음(dockerlab images import)을 쓰십시오.",
    ),
    Rule(
        r"unexpected http status:? (?P<name>5\d\d)|status: (?P<name2>5\d\d)"
        r"|unexpected status from \w+ request to \S+ (?P<name3>5\d\d)",  # containerd's store
        errors.RegistryBroken,
        "레지스트리에 문제가 생겨 답하지 못했습니다(HTTP {name}).",
        "잠시 뒤에 다시 하십시오.",
    ),
    Rule(
        r"invalid character '<'|unexpected http status|error parsing http|unexpected media type text/html",
        errors.RegistryBroken,
        "레지스트리가 아니라 다른 것(로그인 페이지, 프록시)이 답했습니다.",
        "네트워크에 로그인해야 하는지 브라우저로 확인하십시오.",
    ),
    Rule(
        r"unexpected eof|connection reset by peer|(?:Get|Head|Put|Post|Patch) \"http\S+: eof",
        errors.TransferInterrupted,
        "이미지를 주고받다가 연결이 도중에 끊겼습니다.",
        "다시 하십시오. 늘 같은 곳에서 끊기면 네트워크의 방화벽이나 프록시를 의심하십시오.",
    ),
    Rule(
        r"dial tcp|no such host|server misbehaving|network is unreachable|proxyconnect"
        r"|tls handshake|i/o timeout|failed to do request|client\.timeout exceeded|x509:",
        errors.RegistryUnreachable,
        "이미지 레지스트리에 닿지 못했습니다.",
        "네트워크를 확인하십시오. 연결이 없다면 dockerlab images로 과정 이미지를 준비하십시오.",
    ),
    Rule(
        r"(?:manifest|name|blob) unknown|manifest for \S+ not found|repository name not known"
        r"|failed to resolve reference .*: not found",
        errors.ImageUnknown,
        "레지스트리에 그런 이미지나 태그가 없습니다.",
        "이미지의 이름과 태그를 확인하십시오.",
    ),
    Rule(
        r"may require '?docker login|access to the resource is denied",  # Docker Hub tells no more
        errors.RegistryDenied,
        "레지스트리에 그런 이미지가 없거나, 볼 권한이 없습니다.",
        "이미지의 이름을 확인하십시오. 비공개 이미지라면 권한이 있는 이름으로 로그인해야 합니다.",
    ),
    Rule(
        r"unauthorized|no basic auth credentials|authentication required|incorrect username or password",
        errors.LoginRequired,
        "레지스트리가 로그인을 요구하거나, 이름이나 비밀번호가 맞지 않습니다.",
        "로그인을 함께 넘기고 비밀번호를 확인하십시오(docker 명령이라면 docker login).",
    ),
    Rule(
        r"access denied|^denied\b|: denied\b|\b403 forbidden",
        errors.RegistryDenied,
        "레지스트리가 권한이 없다고 거절했습니다.",
        "저장소의 이름을 확인하고, 이 로그인에 권한이 있는지 레지스트리의 설정을 보십시오.",
    ),
    Rule(
        r"no such image:? ?(?P<name>\S*)",
        errors.ImageMissing,
        "이 컴퓨터에 '{name}' 이미지가 없습니다.",
        "dockerlab images로 과정 이미지를 준비하십시오.",
    ),
    Rule(
        r"context deadline exceeded|timeout",
        errors.EngineNotAnswering,
        "엔진이 정해진 시간 안에 일을 마치지 못했습니다.",
        DOCTOR,
    ),
)


@contextlib.contextmanager
def errors_of_engine() -> Iterator[None]:
    """이 안에서 난 엔진의 오류를 :class:`DockerlabError`로 바꾸어 던집니다. 장식자로도 씁니다."""
    try:
        yield
    except Exception as error:
        translated = translate(error)
        if translated is None or translated is error:
            raise
        raise translated from error


def translate(error: BaseException) -> DockerlabError | None:
    """오류 하나를 옮깁니다. 엔진에서 온 것이 아니면 ``None``을 돌려줍니다."""
    import docker.errors
    import requests
    import urllib3.exceptions

    if isinstance(error, DockerlabError):
        return error
    if isinstance(error, docker.errors.APIError):
        return _refused(_said(error), error.status_code)
    if isinstance(error, docker.errors.ImageLoadError | docker.errors.BuildError | EngineConfused):
        return _refused(str(error), None)
    if _is_timeout(error):
        return errors.EngineNotAnswering(
            "엔진이 정해진 시간 안에 답하지 않았습니다.", seen=_brief(error), todo=DOCTOR
        )
    lost = (
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        http.client.HTTPException,
        ConnectionError,
    )
    if isinstance(error, lost):
        return engine_lost(_brief(error))
    if isinstance(error, docker.errors.DockerException):
        # docker-py wraps what happened while it first connected.
        if "connection" in str(error).lower():
            return engine_lost(_brief(error))
        return _refused(str(error), None)
    return None


def engine_lost(seen: str) -> errors.EngineLost:
    """일하는 도중에 엔진과 끊겼다는 오류입니다. 조용히 끝난 스트림에도 씁니다."""
    return errors.EngineLost(
        "일하는 도중에 Docker 엔진과 연결이 끊겼습니다. 이 실행의 결과는 온전하지 않습니다.",
        seen=seen,
        todo="엔진이 켜져 있는지 확인하고 다시 실행하십시오. 내장 엔진은 다음 실행 때 저절로 시작됩니다.",
    )


def _refused(said: str, status: int | None) -> DockerlabError:
    seen = _shortened(said)
    for rule in RULES:
        match = re.search(rule.pattern, said, re.IGNORECASE | re.DOTALL)
        if match:
            # A pattern with more shapes than one names their groups with a 2 and a 3.
            found = {name.rstrip("23"): value for name, value in match.groupdict().items() if value}
            what = rule.what.format_map({"name": "", "port": "", **found})
            return rule.kind(what, seen=seen, todo=rule.todo)
    if status == 400:
        return errors.InvalidRequest(
            "엔진이 요청의 값을 받아들이지 않았습니다.", seen=seen, todo="값의 범위와 철자를 확인하십시오."
        )
    if status == 404:
        return errors.EngineRefused(
            "엔진에 그런 대상이 없습니다. 이미 지워졌을 수 있습니다.",
            seen=seen,
            todo="다시 만든 뒤 실행하십시오.",
        )
    return errors.EngineRefused("엔진이 요청을 거절했습니다.", seen=seen, todo=DOCTOR)


def _said(error: BaseException) -> str:
    explanation = getattr(error, "explanation", None)
    if isinstance(explanation, bytes):
        explanation = explanation.decode(errors="replace")
    return str(explanation or error)


def _is_timeout(error: BaseException) -> bool:
    import requests
    import urllib3.exceptions

    kinds = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
    if isinstance(error, kinds):
        return True
    # While a body is read, requests reports a timeout as a ConnectionError around urllib3's.
    return isinstance(error, requests.ConnectionError) and any(
        isinstance(inner, kinds) or "Read timed out" in str(inner) for inner in error.args
    )


def _brief(error: BaseException) -> str:
    """겹겹이 싸인 오류에서 가장 안쪽의 말을 꺼냅니다."""
    inner = error
    for _ in range(10):
        deeper = [part for part in inner.args if isinstance(part, BaseException)]
        reason = getattr(inner, "reason", None)
        following = deeper[0] if deeper else reason if isinstance(reason, BaseException) else None
        if following is None or following is inner:
            break
        inner = following
    return _shortened(f"{type(inner).__name__}: {inner}")


def _shortened(text: str, limit: int = 400) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
