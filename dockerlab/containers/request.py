"""만들 컨테이너를 엔진이 알아듣는 모양으로 적습니다. 모든 컨테이너에 한도가 붙습니다."""

from __future__ import annotations

import math
import re
import shlex
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dockerlab.engine.session import LONGEST
from dockerlab.errors import InvalidRequest
from dockerlab.images import names

MEMORY = 256 * 1024 * 1024
PIDS = 128
_LEAST_MEMORY = 6 * 1024 * 1024  # what engines accept at least
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+\Z")
RUN_LABEL = "dockerlab.run"


@dataclass(frozen=True)
class Request:
    """만들 컨테이너 하나입니다. 값은 만들 때 모두 살펴봅니다(:class:`InvalidRequest`)."""

    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    network: str | None = None
    alias: str | None = None
    volumes: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[int, int | None] = field(default_factory=dict)
    memory: int = MEMORY
    pids: int = PIDS
    cpus: float = 1.0
    user: str | None = None
    workdir: str | None = None
    read_only: bool = False
    stdin: bytes | None = None
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        if not isinstance(self.image, str) or not self.image.strip():
            raise _invalid(f"이미지 이름으로 쓸 수 없습니다: {self.image!r}", "예: 'tiny'")
        self._check_limits()
        self._check_words()
        self._check_ports()
        if self.name is not None and not _NAME.match(self.name):
            raise _invalid(
                f"컨테이너 이름으로 쓸 수 없습니다: {self.name!r}",
                "영문자나 숫자로 시작하고 영문자·숫자·'_'·'.'·'-'로 된 두 글자 이상이어야 합니다",
            )
        if self.network == "host" or (self.network or "").startswith("container:"):
            raise _invalid(
                f"이 과정에서 쓰지 않는 네트워크입니다: {self.network!r}",
                "호스트나 다른 컨테이너의 네트워크를 함께 쓰게 됩니다. 'none'이나 'bridge'를 쓰십시오",
            )
        if self.alias is not None and not _NAME.match(self.alias):
            raise _invalid(f"네트워크 안의 이름으로 쓸 수 없습니다: {self.alias!r}", "예: 'web'")
        if self.alias is not None and self.network in (None, "none", "bridge"):
            raise _invalid(
                "기본 네트워크에서는 이름으로 찾을 수 없습니다",
                "network=lab.network()로 만든 것과 함께 쓰십시오",
            )
        for path in self.volumes:
            if not str(path).startswith("/") or path == "/":
                raise _invalid(f"볼륨을 붙일 곳이 절대 경로가 아닙니다: {path!r}", "예: {'/data': volume}")
        if self.workdir is not None and not self.workdir.startswith("/"):
            raise _invalid(
                f"작업 폴더가 절대 경로가 아닙니다: {self.workdir!r}", "'/'로 시작하는 경로를 쓰십시오"
            )

    def _check_words(self) -> None:
        if not isinstance(self.environment, Mapping):
            raise _invalid(
                f"환경 변수를 읽을 수 없습니다: {self.environment!r}", "{'이름': '값'}으로 적으십시오"
            )
        for text in (*self.command, *map(str, self.environment), *map(str, self.environment.values())):
            if "\0" in text:  # the kernel ends every string there; the rest would silently be lost
                raise _invalid(
                    f"명령과 환경 변수에는 NUL 문자를 쓸 수 없습니다: {text!r}", "그 문자를 빼십시오"
                )

    def _check_ports(self) -> None:
        if not isinstance(self.ports, Mapping):
            raise _invalid(f"포트를 읽을 수 없습니다: {self.ports!r}", "{80: 8080}처럼 적으십시오")
        if self.ports and self.network == "none":
            raise _invalid(
                "네트워크가 없는 컨테이너는 포트를 공개할 수 없습니다", "network='bridge'로 바꾸십시오"
            )
        for inside, outside in self.ports.items():
            for port in (inside, 1 if outside is None else outside):
                if not isinstance(port, int) or not 1 <= port <= 65535:
                    raise _invalid(
                        f"포트 번호가 올바르지 않습니다: {port!r}", "1부터 65535 사이의 정수여야 합니다"
                    )

    def _check_limits(self) -> None:
        for limit, value in (("memory", self.memory), ("pids", self.pids)):
            if not isinstance(value, int):
                raise _invalid(
                    f"{limit} 값이 정수가 아닙니다: {value!r}", "예: memory=64 * 2**20 (64 MiB), pids=32"
                )
        if self.memory < _LEAST_MEMORY:
            raise _invalid(
                f"메모리 한도가 너무 작습니다: {self.memory}바이트", "6291456바이트(6 MiB) 이상이어야 합니다"
            )
        if self.pids < 1:
            raise _invalid(f"프로세스 수 한도가 올바르지 않습니다: {self.pids}", "1 이상이어야 합니다")
        if not (isinstance(self.cpus, int | float) and math.isfinite(self.cpus) and self.cpus >= 0.01):
            raise _invalid(f"CPU 한도가 올바르지 않습니다: {self.cpus!r}", "0.01 이상의 수여야 합니다")

    @property
    def reference(self) -> str:
        """엔진에 말하는 이미지 이름입니다. 과정 이미지의 짧은 이름('tiny')은 풀어 씁니다."""
        return names.reference(self.image)

    def body(self, labels: Mapping[str, str], host_cpus: int) -> dict[str, Any]:
        """``POST /containers/create``의 본문입니다."""
        return {
            "Image": self.reference,
            "Cmd": list(self.command) or None,
            "Env": [f"{key}={value}" for key, value in self.environment.items()],
            "User": self.user or "",
            "WorkingDir": self.workdir or "",
            "Labels": {**labels, RUN_LABEL: self.token},
            "Tty": False,  # a terminal would merge the two outputs and hide the end of the input
            "OpenStdin": self.stdin is not None,
            "StdinOnce": self.stdin is not None,
            "AttachStdin": self.stdin is not None,
            "AttachStdout": True,
            "AttachStderr": True,
            "ExposedPorts": {f"{inside}/tcp": {} for inside in self.ports},
            "HostConfig": {
                "NetworkMode": self.network or ("bridge" if self.ports else "none"),
                "PortBindings": {
                    f"{inside}/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(outside or "")}]
                    for inside, outside in self.ports.items()
                },
                "Memory": self.memory,
                "MemorySwap": self.memory,
                "PidsLimit": self.pids,
                "NanoCpus": int(min(self.cpus, host_cpus) * 1e9),
                "CapDrop": ["ALL"],
                "SecurityOpt": ["no-new-privileges"],
                "ReadonlyRootfs": self.read_only,
                "Mounts": [
                    {"Type": "volume", "Source": name, "Target": path} for path, name in self.volumes.items()
                ],
                # We read the attached stream; a log file would only fill the engine's disk.
                "LogConfig": {"Type": "none"},
            },
            "NetworkingConfig": {
                "EndpointsConfig": {self.network: {"Aliases": [self.alias]}} if self.alias else {}
            },
        }


def words(command: str | Sequence[str] | None) -> tuple[str, ...]:
    """명령을 단어로 나눕니다. 문자열이면 셸처럼 따옴표를 지켜 나누고, 셸을 거치지는 않습니다."""
    if command is None:
        return ()
    if not isinstance(command, str):
        if not isinstance(command, Sequence) or isinstance(command, bytes):
            raise _invalid(f"명령을 읽을 수 없습니다: {command!r}", "문자열이나 문자열의 목록으로 적으십시오")
        return tuple(str(word) for word in command)
    try:
        return tuple(shlex.split(command))
    except ValueError as error:
        raise _invalid(
            f"명령을 나눌 수 없습니다: {command!r}", f"따옴표가 맞는지 보십시오 ({error})"
        ) from error


def as_bytes(text: str | bytes | None) -> bytes | None:
    """문자열은 UTF-8로 바꿉니다."""
    if text is not None and not isinstance(text, str | bytes):
        raise _invalid(f"넣을 내용이 문자열도 바이트도 아닙니다: {text!r}", "str이나 bytes로 바꾸십시오")
    return text.encode() if isinstance(text, str) else text


def contents(files: Mapping[str, str | bytes] | None) -> dict[str, bytes]:
    """넣을 파일들(절대 경로: 내용)을 살펴 바이트로 바꿉니다."""
    if files is not None and not isinstance(files, Mapping):
        raise _invalid(f"넣을 파일을 읽을 수 없습니다: {files!r}", "{'/경로': '내용'}으로 적으십시오")
    found = {}
    for path, content in (files or {}).items():
        if not str(path).startswith("/"):
            raise _invalid(f"넣을 파일의 경로가 절대 경로가 아닙니다: {path!r}", "'/'로 시작해야 합니다")
        found[str(path)] = as_bytes(content) or b""
    return found


def limit(seconds: float) -> float:
    """시간 한도(초)를 살펴 그대로 돌려줍니다."""
    if not (isinstance(seconds, int | float) and 0 < seconds <= LONGEST):
        raise _invalid(
            f"시간 한도가 올바르지 않습니다: {seconds!r}", f"0보다 크고 {LONGEST}초(일주일) 이하여야 합니다"
        )
    return seconds


def _invalid(what: str, todo: str) -> InvalidRequest:
    return InvalidRequest(what, todo=todo)
