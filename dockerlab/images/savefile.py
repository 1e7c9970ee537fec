"""``docker save``가 만든 tar를 풀지 않고 들여다봅니다: 어떤 이름의 이미지가 들어 있는가.

It has its own reader of tar headers (POSIX ustar): the standard library's can be made to loop for ever
by a negative size, and a second name hidden in an extension must not slip past the check.
"""

from __future__ import annotations

import json
import posixpath
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

_BLOCK = 512
_JSON_LIMIT = 4 * 1024 * 1024
_MEMBER_LIMIT = 20_000
_UNPACKED_LIMIT = 16 * 1024**3
# How the two layouts (docker's own, OCI's) name an image that is being loaded.
_NAMING = ("manifest.json", "index.json", "repositories")
_OCI_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


class Refused(OSError):
    """읽지 않는 tar입니다. 글은 학습자에게 보입니다."""


class Readable(Protocol):
    """읽을 수 있는 것입니다."""

    def read(self, size: int, /) -> bytes: ...


class Content:
    """항목 하나의 내용입니다. 제 크기까지만 읽힙니다."""

    def __init__(self, stream: Readable, size: int) -> None:
        self._stream = stream
        self._left = self.size = size

    def read(self, size: int) -> bytes:
        wanted = min(size, self._left)
        data = self._stream.read(wanted)
        if len(data) < wanted:
            raise Refused("파일이 도중에 끝납니다.")
        self._left -= len(data)
        return data

    def skip(self) -> None:
        while self._left:
            self.read(1024 * 1024)


def members(stream: Readable) -> Iterator[tuple[str, Content]]:
    """항목마다 이름과 내용을 줍니다. 내용은 읽어도 되고 읽지 않아도 됩니다."""
    for _ in range(_MEMBER_LIMIT):
        header = Content(stream, _BLOCK).read(_BLOCK)
        if not header.strip(b"\0"):
            return
        name, size, kind = _parsed(header)
        content = Content(stream, size)
        if kind in b"xg":
            extra = content.read(min(size, _JSON_LIMIT))
            if any(key in extra for key in (b" path=", b" linkpath=", b" size=")):
                raise Refused("이름이나 크기를 바꾸는 확장이 있습니다.")
        elif kind in b"LK":
            raise Refused("이름을 바꾸는 확장이 있습니다.")
        else:
            yield name, content
        content.skip()
        Content(stream, -size % _BLOCK).skip()
    raise Refused("항목이 너무 많습니다.")


def _parsed(header: bytes) -> tuple[str, int, bytes]:
    try:
        size = int(header[124:136].rstrip(b" \0") or b"0", 8)
        told = int(header[148:156].rstrip(b" \0").lstrip(b" "), 8)
        prefix = header[345:500].split(b"\0")[0] if header[257:262] == b"ustar" else b""
        name = header[:100].split(b"\0")[0].decode()
        if prefix:
            name = f"{prefix.decode()}/{name}"
    except ValueError as error:
        raise Refused("tar의 헤더를 읽을 수 없습니다.") from error
    if sum(header[:148]) + 8 * 32 + sum(header[156:]) != told or size < 0:
        raise Refused("tar의 헤더가 손상되었습니다.")
    return name.removeprefix("./").removesuffix("/"), size, header[156:157]


class _Unzipped:
    """A gzip stream, read piece by piece and only up to a limit."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._ready = b""
        self._given = 0

    def read(self, size: int) -> bytes:
        parts, missing = [], size
        while missing:
            if not self._ready and not self._more():
                break
            parts.append(self._ready[:missing])
            missing -= len(parts[-1])
            self._ready = self._ready[len(parts[-1]) :]
        self._given += size - missing
        if self._given > _UNPACKED_LIMIT:
            raise Refused("풀면 너무 큽니다.")
        return b"".join(parts)

    def _more(self) -> bool:
        tail = self._inflate.unconsumed_tail
        chunk = tail or next(self._chunks, b"")
        if not chunk:
            return False
        try:
            self._ready = self._inflate.decompress(chunk, 1024 * 1024)
        except zlib.error as error:
            raise Refused(f"gzip을 풀 수 없습니다: {error}") from error
        return True


def problem(chunks: Iterable[bytes], reference: str, label: str, value: str) -> str:
    """gzip으로 묶인 ``docker save`` 스트림이 ``reference`` 하나만 담고 그 라벨이 맞는지 봅니다.

    맞으면 빈 문자열을, 아니면 무엇이 다른지를 돌려줍니다. ``Refused``를 낼 수 있습니다.
    """
    said: dict[str, Any] = {}
    seen: set[str] = set()
    for name, content in members(_Unzipped(chunks)):
        if name in seen or name != posixpath.normpath(name) or name.startswith(("/", "..")):
            return f"이름이 올바르지 않습니다: {name!r}"
        seen.add(name)
        # Which of them is the configuration is known only from the manifest, which may come after it.
        if 0 < content.size <= _JSON_LIMIT:
            said[name] = _json(content)
        if name in _NAMING and said.get(name) is None:
            return f"{name} 파일을 읽을 수 없습니다."
    try:
        return _judged(said, reference, label, value)
    except (KeyError, TypeError, AttributeError, ValueError):
        return "이미지의 목록(manifest.json)을 읽을 수 없습니다."


def _json(content: Content) -> Any:
    start = content.read(1)
    if start not in (b"{", b"["):
        return None  # a layer, a version file, a link
    try:
        return json.loads(start + content.read(content.size))
    except (ValueError, RecursionError):
        return None


def _judged(said: dict[str, Any], reference: str, label: str, value: str) -> str:
    [image] = said["manifest.json"]
    found = set(image["RepoTags"] or ["<none>"])
    for repository, tags in (said.get("repositories") or {}).items():
        found |= {f"{repository}:{tag}" for tag in tags}
    for manifest in (said.get("index.json") or {}).get("manifests", ()):
        notes = manifest.get("annotations") or {}
        full = notes.get(_OCI_NAMES[0])
        if full is not None:
            found.add(full.removeprefix("docker.io/"))
        elif notes.get(_OCI_NAMES[1], "latest") != reference.partition(":")[2]:
            found.add(notes[_OCI_NAMES[1]])
    if found != {reference}:
        return f"과정의 것이 아닌 이름이 들어 있습니다: {', '.join(sorted(found - {reference})) or '없음'}"
    labels = (said[image["Config"]].get("config") or {}).get("Labels") or {}
    return "" if labels.get(label) == value else f"없는 라벨: {label}={value}"
