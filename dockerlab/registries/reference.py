"""이미지 이름의 문법입니다: ``레지스트리/저장소:태그@다이제스트``.

The grammar is that of the distribution project's Go package reference, which the engine itself uses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dockerlab.errors import InvalidReference

DOCKER_HUB = "docker.io"
_LONGEST_REPOSITORY = 255
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?")
_PATH = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")


@dataclass(frozen=True)
class Reference:
    """읽은 이름입니다. 빠진 것은 채워져 있고, 태그와 다이제스트는 없으면 빈 문자열입니다."""

    host: str
    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        """빠짐없이 적은 이름입니다."""
        return f"{self.host}/{self.repository}{self._rest}"

    @property
    def short(self) -> str:
        """사람이 적는 짧은 이름입니다. Docker Hub의 것은 호스트와 ``library/``를 뺍니다."""
        path = self.repository.removeprefix("library/")
        path = self.repository if "/" in path else path
        # A repository whose first word looks like a host needs the real one before it.
        return f"{path}{self._rest}" if _split(path) == (self.host, self.repository) else str(self)

    @property
    def wanted(self) -> str:
        """레지스트리에 물을 때 쓰는 것입니다. 다이제스트가 있으면 다이제스트, 없으면 태그입니다."""
        return self.digest or self.tag

    @property
    def _rest(self) -> str:
        return (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def parse(text: str) -> Reference:
    """이름을 읽고 빠진 것을 채웁니다.

    호스트는 ``docker.io``, 한 단어 저장소의 앞은 ``library/``, 태그는 ``latest``로 채웁니다.
    다이제스트를 적었으면 태그를 채우지 않습니다.

    Raises:
        InvalidReference: 문법에 맞지 않을 때. 어디가 왜 틀렸는지 말합니다.
    """
    if not isinstance(text, str) or not text:
        raise _invalid(text, "이름이 비어 있습니다.", "예: busybox:1.37")
    if "://" in text:
        raise _invalid(text, "이미지 이름에는 https:// 같은 주소를 붙이지 않습니다.", "그 부분을 빼십시오.")
    named, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise _invalid(
            text,
            f"다이제스트가 아닙니다: {digest!r}",
            "sha256: 뒤에 16진수(소문자) 64자가 와야 합니다.",
        )
    # A colon after the last slash begins a tag; one before it is the port of the host.
    slash = named.rfind("/")
    colon = named.find(":", slash + 1)
    named, tag = (named[:colon], named[colon + 1 :]) if colon >= 0 else (named, "")
    if colon >= 0 and not _TAG.fullmatch(tag):
        raise _invalid(
            text,
            f"태그로 쓸 수 없습니다: {tag!r}",
            "영문자, 숫자, '_'로 시작하는 128자까지이고 '.'과 '-'도 됩니다.",
        )
    host, repository = _split(named)
    _check(text, host, repository)
    return Reference(host, repository, tag or ("" if digest else "latest"), digest)


def _split(named: str) -> tuple[str, str]:
    first, slash, rest = named.partition("/")
    # What looks like a host is one: a dot, a port, "localhost", or capitals (no repository has any).
    if slash and (re.search(r"[.:]", first) or first == "localhost" or first != first.lower()):
        host, repository = first, rest
    else:
        host, repository = DOCKER_HUB, named
    if host == f"index.{DOCKER_HUB}":
        host = DOCKER_HUB
    if host == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    return host, repository


def _check(text: str, host: str, repository: str) -> None:
    if not _HOST.fullmatch(host):
        raise _invalid(
            text, f"레지스트리의 주소가 아닙니다: {host!r}", "예: localhost:5000, registry.example.com"
        )
    if not _PATH.fullmatch(repository):
        if _PATH.fullmatch(repository.lower()):
            raise _invalid(
                text, "저장소 이름에 대문자가 있습니다.", f"소문자로 적으십시오: {repository.lower()}"
            )
        raise _invalid(
            text,
            f"저장소 이름으로 쓸 수 없습니다: {repository.removeprefix('library/')!r}",
            "소문자와 숫자를 쓰고, 사이에 '.', '_', '__', '-', '/'를 넣을 수 있습니다.",
        )
    if len(repository) > _LONGEST_REPOSITORY:
        raise _invalid(
            text, f"저장소 이름이 {len(repository)}자입니다.", f"{_LONGEST_REPOSITORY}자까지 쓸 수 있습니다."
        )
    if host == DOCKER_HUB and re.fullmatch(r"library/[0-9a-f]{64}", repository):
        raise _invalid(text, "64자의 16진수는 이미지 id로 읽힙니다.", "다른 이름을 쓰십시오.")


def _invalid(text: object, seen: str, todo: str) -> InvalidReference:
    return InvalidReference(f"이미지 이름이 문법에 맞지 않습니다: {text!r}", seen=seen, todo=todo)
