"""채점받는 빌드의 컨텍스트를 살핍니다. 엔진이 바깥에서 무엇을 받아 오게 하는 Dockerfile은 거절합니다.

Commands of a build have no network, but the engine itself has one: it pulls the image of a FROM or a
``COPY --from`` that it does not have, and fetches the address of an ADD.
"""

from __future__ import annotations

import json
import posixpath
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from dockerlab.grading.policy import Refused

_LONGEST = 256 * 1024
_ESCAPE = re.compile(r"#\s*escape\s*=\s*([\\`])\s*", re.IGNORECASE)
_DIRECTIVE = re.compile(r"#\s*\w+\s*=")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
_NAME = re.compile(r"[\w./:@-]+", re.ASCII)


def inspect(context: IO[bytes], query: Mapping[str, Any], base: Callable[[str], None]) -> None:
    """컨텍스트(tar)의 Dockerfile을 읽어, 바탕으로 쓰는 이미지의 이름마다 ``base``를 부릅니다."""
    told = query.get("buildargs")
    given = json.loads(told) if told else {}
    _inspect(_dockerfile(context, str(query.get("dockerfile") or "Dockerfile")), given, base)


def _dockerfile(context: IO[bytes], name: str) -> str:
    wanted, members = _plain(name), {}
    try:
        with tarfile.open(fileobj=context, mode="r:") as tar:
            for member in tar:
                members[_plain(member.name)] = member  # as when unpacking, the last of a name counts
            found = members.get(wanted) or members.get(wanted.lower())
            if found is None or not found.isreg() or found.size > _LONGEST:
                raise Refused(f"컨텍스트에 {name[:80]}이라는 보통 파일이 없습니다.", 400)
            content = tar.extractfile(found)
            assert content is not None
            return content.read().decode("utf-8-sig")
    except (tarfile.TarError, UnicodeDecodeError) as error:
        raise Refused("채점에서는 압축하지 않은 tar로 된 컨텍스트만 받습니다.", 400) from error


def _plain(name: str) -> str:
    return posixpath.normpath("/" + name).lstrip("/")


def _inspect(text: str, given: Mapping[str, Any], base: Callable[[str], None]) -> None:
    arguments: dict[str, str] = {}
    stages: list[str] = []
    for instruction, rest in _instructions(text):
        if instruction == "ARG" and not stages:
            name, _, default = rest.partition("=")
            arguments[name.strip()] = str(given.get(name.strip()) or default.strip().strip("\"'"))
        elif instruction == "FROM":
            words = [word for word in rest.split() if not word.startswith("--")]
            wanted = words[0] if words else ""
            _base(_VARIABLE.sub(lambda it: arguments.get(it[1] or it[2], ""), wanted), stages, base)
            stages.append(words[2].lower() if len(words) == 3 else "")
        elif instruction == "COPY":
            for flag in re.findall(r"--from=(\S*)", rest):
                _base(flag, [*stages, *map(str, range(len(stages)))], base)
        elif instruction == "ADD" and re.search(r"://|[\\$]", rest):
            raise Refused("채점에서는 ADD로 바깥의 파일을 받을 수 없습니다. COPY를 쓰십시오.")


def _base(name: str, stages: list[str], base: Callable[[str], None]) -> None:
    if not _NAME.fullmatch(name):
        raise Refused(f"바탕 이미지의 이름을 알 수 없습니다: {name[:80]!r}")
    if name.lower() not in (*filter(None, stages), "scratch"):
        base(name)


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction in capitals and what follows it, with continued lines put together."""
    escape, whole = "\\", ""
    lines = text.splitlines()
    for line in lines:
        if not _DIRECTIVE.match(line):
            break
        if found := _ESCAPE.fullmatch(line):
            escape = found[1]
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line.rstrip().endswith(escape):
            whole += line.rstrip()[:-1]
            continue
        yield from _split(whole + line)
        whole = ""
    yield from _split(whole)


def _split(line: str) -> Iterator[tuple[str, str]]:
    words = line.split(None, 1)
    if words and words[0].upper() == "ONBUILD":
        yield from _split(words[1] if len(words) == 2 else "")
    elif words:
        yield words[0].upper(), words[1] if len(words) == 2 else ""
