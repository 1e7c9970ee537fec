"""tar의 512바이트 헤더를 읽습니다. 아무것도 디스크에 풀지 않습니다.

The standard library's tarfile loops for ever on a negative size and takes a broken header for the end;
both hide files. This reader refuses what Go's archive/tar, and so Docker, refuses. Formats: POSIX ustar and
pax, GNU long names and sparse files, V7.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import lru_cache

from dockerlab.layering.budget import NAME_BYTES, RECORD_BYTES, Budget
from dockerlab.layering.cursor import Cursor, Leaper, truncated, unreadable
from dockerlab.layering.model import DEVICE, FILE, FOLDER, PIPE, SYMLINK, File
from dockerlab.layering.paths import clean

BLOCK = 512
HARD_LINK = "hard link"
_ZERO = bytes(BLOCK)
# Whatever is not here is a file, as POSIX wants it for letters it does not know.
_KINDS = {
    b"1": HARD_LINK, b"2": SYMLINK, b"3": DEVICE, b"4": DEVICE, b"5": FOLDER, b"6": PIPE
}  # fmt: skip
_sum = zlib.adler32
_LARGEST = 2**63 - 1


def entries(cursor: Cursor | Leaper, budget: Budget) -> Iterator[tuple[File, int]]:
    """항목을 차례로 줍니다: 파일과, 뒤에 담긴 내용의 바이트. 다음 항목을 청하기 전에는 내용을 읽어도 됩니다.

    구멍(sparse)이 있는 파일은 담긴 바이트가 파일의 크기와 다릅니다. 하드 링크의 ``kind``는 ``HARD_LINK``이고
    ``link``가 그 첫 파일의 이름입니다.
    """
    extra: dict[str, str] = {}
    while True:
        header = cursor.read(BLOCK)
        if len(header) < BLOCK or header == _ZERO:
            if extra:
                raise unreadable("tar가 확장 헤더 뒤에서 끝납니다.")
            if header and len(header) < BLOCK:
                raise truncated()
            if header and cursor.read(BLOCK).strip(b"\0"):
                raise unreadable("tar의 끝 표시 뒤에 숨은 내용이 있습니다.")
            return
        if not _sum_matches(header):
            raise unreadable("tar의 헤더가 손상되었습니다(체크섬이 다릅니다).")
        size, letter = _natural(header[124:136], "크기"), header[156:157]
        if letter in b"xgLK":
            _extend(extra, letter, cursor, size, budget)
            continue
        file, stored = _entry(header, letter, size, extra)
        if extra:
            extra = {}
        budget.entry(len(file.path) + len(file.link))
        if letter == b"S":
            _skip_sparse_map(header, cursor, budget)
        if letter == b"V":
            cursor.skip(size + -size % BLOCK)
            continue
        end = cursor.position + stored + -stored % BLOCK
        yield file, stored
        if end > cursor.position:
            cursor.skip(end - cursor.position)


def is_header(block: bytes) -> bool:
    """tar의 헤더이거나 빈 tar의 첫 블록인지 봅니다."""
    return len(block) == BLOCK and (block == _ZERO or _sum_matches(block))


def _sum_matches(header: bytes) -> bool:
    try:
        told = int(header[148:156].strip(b" \0") or b"0", 8)
    except ValueError:
        return False
    # Adler-32 has the sum of up to 256 bytes in its lower half, and sums in C.
    first, second, third = _sum(header[:148]), _sum(header[156:404]), _sum(header[404:])
    unsigned = (first & 0xFFFF) + (second & 0xFFFF) + (third & 0xFFFF) - 3 + 8 * ord(" ")
    if told == unsigned:
        return True
    # Some old programs summed signed bytes.
    high = sum(byte > 127 for byte in header[:148]) + sum(byte > 127 for byte in header[156:])
    return told == unsigned - 256 * high


def _number(field: bytes) -> int:
    """Octal text, or GNU's base 256."""
    if field[0] & 0x80:
        value = int.from_bytes(field, "big", signed=False)
        bits = 8 * len(field)
        return value - (1 << bits) if field[0] & 0x40 else value - (1 << (bits - 1))
    text = field.strip(b" \0")
    try:
        return int(text, 8) if text else 0
    except ValueError as error:
        raise unreadable(f"tar의 헤더에 수가 아닌 것이 있습니다: {text!r}") from error


# A layer says the same owners, modes and often times again and again; they are one number then.
_common = lru_cache(2**10)(_number)


@lru_cache(2**10)
def _ownership(fields: bytes) -> tuple[int, int, int]:
    """Mode, user and group."""
    return _number(fields[:8]) & 0o7777, _number(fields[8:16]), _number(fields[16:])


def _natural(field: bytes, what: str) -> int:
    value = _number(field)
    if not 0 <= value <= _LARGEST:
        raise unreadable(f"tar의 헤더에 있을 수 없는 {what}: {value}")
    return value


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _entry(header: bytes, letter: bytes, size: int, extra: dict[str, str]) -> tuple[File, int]:
    name = _text(header[:100])
    if header[345] and header[257:263] == b"ustar\0":
        name = f"{_text(header[345:500])}/{name}"
    kind = _KINDS.get(letter, FILE)
    link = _text(header[157:257]) if kind in (HARD_LINK, SYMLINK) else ""
    (mode, owner, group), seconds = _ownership(header[100:124]), _common(header[136:148])
    if extra:
        name = extra.get("GNU.sparse.name") or extra.get("path", name)
        size = _decimal(extra, "size", size)
        link = extra.get("linkpath", link) if kind in (HARD_LINK, SYMLINK) else ""
        owner, group = _decimal(extra, "uid", owner), _decimal(extra, "gid", group)
        seconds = _seconds(extra["mtime"]) if "mtime" in extra else seconds
    if letter in b"\x007" and name.endswith("/"):
        kind = FOLDER  # as old programs wrote folders
    stored = size if kind == FILE else 0
    whole = stored
    if letter == b"S":
        whole = _natural(header[483:495], "크기")
    if extra and kind == FILE:
        whole = _decimal(extra, "GNU.sparse.realsize", _decimal(extra, "GNU.sparse.size", whole))
    if len(name) > NAME_BYTES or len(link) > NAME_BYTES:
        raise unreadable(f"이름이 너무 깁니다({max(len(name), len(link)):,}글자).")
    return File(clean(name), kind, whole, mode, owner, group, seconds, link), stored


def _extend(extra: dict[str, str], letter: bytes, cursor: Cursor | Leaper, size: int, budget: Budget) -> None:
    """Read a header that speaks of the next entry."""
    if size > RECORD_BYTES:
        raise unreadable(f"tar의 확장 헤더가 너무 큽니다({size:,}바이트).")
    budget.entry(size)
    content = cursor.read(size)
    if len(content) < size:
        raise truncated()
    cursor.skip(-size % BLOCK)
    if letter == b"x":
        extra.update(_records(content))
    elif letter == b"L":
        extra["path"] = _text(content)
    elif letter == b"K":
        extra["linkpath"] = _text(content)
    # "g" speaks of the whole archive (git writes a comment there); Docker ignores it too.


def _records(content: bytes) -> Iterator[tuple[str, str]]:
    """Records of pax: "LENGTH KEY=VALUE\\n", LENGTH counting all of it."""
    at = 0
    while at < len(content):
        space = content.find(b" ", at, at + 20)
        try:
            length = int(content[at:space]) if space > 0 and content[at:space].isdigit() else 0
        except ValueError:
            length = 0
        record = content[space + 1 : at + length]
        key, equals, value = record.partition(b"=")
        if length < 5 or at + length > len(content) or not equals or not key or record[-1:] != b"\n":
            raise unreadable("tar의 확장 헤더(pax)가 손상되었습니다.")
        if b"\0" in key or (b"\0" in value and key in (b"path", b"linkpath", b"GNU.sparse.name")):
            raise unreadable("tar의 확장 헤더(pax)에 있을 수 없는 글자가 있습니다.")
        yield key.decode("utf-8", "surrogateescape"), value[:-1].decode("utf-8", "surrogateescape")
        at += length


def _decimal(extra: dict[str, str], key: str, otherwise: int) -> int:
    text = extra.get(key, "")
    if not text:
        return otherwise
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > _LARGEST:
        raise unreadable(f"tar의 확장 헤더(pax)에 있을 수 없는 수: {key}={text[:40]!r}")
    return int(text)


def _seconds(text: str) -> int:
    whole = text.partition(".")[0]
    digits = whole.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        raise unreadable(f"tar의 확장 헤더(pax)에 있을 수 없는 시각: {text[:40]!r}")
    return int(whole)


def _skip_sparse_map(header: bytes, cursor: Cursor | Leaper, budget: Budget) -> None:
    """The rest of an old GNU sparse file's map, in blocks of its own."""
    more = header[482]
    while more:
        budget.entry(BLOCK)
        block = cursor.read(BLOCK)
        if len(block) < BLOCK:
            raise truncated()
        more = block[504]
