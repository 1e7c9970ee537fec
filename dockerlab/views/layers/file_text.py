"""파일의 바이트를 화면에 안전하게 보일 글로 바꿉니다. 글이면 글로, 아니면 16진수로 보입니다."""

from __future__ import annotations

import codecs
from typing import NamedTuple

from dockerlab.layering import shown

_DUMPED = 512
_LINE = 16
# Of a text, at most this part is control characters; what has more is no text in any encoding.
_MOST_CONTROLS = 0.05
_ENCODINGS = (("utf-8", "UTF-8"), ("cp949", "EUC-KR(CP949)"))


class FileText(NamedTuple):
    """보일 글과 그것을 읽은 방법(``UTF-8``, ``EUC-KR(CP949)``, ``이진``)입니다."""

    text: str
    read_as: str


def readable(data: bytes, cut: bool = False) -> FileText:
    """바이트를 글로 읽어 봅니다. ``cut``은 뒤가 잘렸는지입니다. 제어 문자는 ``\\x1b``처럼 보이게 적습니다."""
    for codec, name in () if b"\0" in data else _ENCODINGS:
        try:
            text = codecs.getincrementaldecoder(codec)().decode(data, final=not cut)
        except UnicodeDecodeError:
            continue
        text = text.replace("\r\n", "\n")
        controls = sum(letter < " " and letter not in "\n\t\r\x1b\f" for letter in text)
        if controls <= len(text) * _MOST_CONTROLS:
            return FileText(_harmless(text), name)
    return FileText(_dump(data[:_DUMPED]), "이진")


def _harmless(text: str) -> str:
    return "\n".join("\t".join(map(shown, line.split("\t"))) for line in text.split("\n"))


def _dump(data: bytes) -> str:
    lines = []
    for at in range(0, len(data), _LINE):
        part = data[at : at + _LINE]
        letters = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in part)
        lines.append(f"{at:06x}  {part.hex(' '):<{3 * _LINE - 1}}  {letters}")
    return "\n".join(lines)
