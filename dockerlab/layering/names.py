"""이미지 안의 이름을 안전하게 보여 줍니다. 이름은 아무 바이트나 될 수 있습니다."""

from __future__ import annotations

import re
import unicodedata

# Line and paragraph separators end a line in some viewers.
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_PLAIN = re.compile(r"[ -~가-힣]*")


def shown(name: str) -> str:
    """이름을 보일 글로 바꿉니다. 글자가 아닌 바이트와 제어 문자, 방향을 바꾸는 문자는 ``\\x1b``처럼 적습니다.

    HTML로 적을 때는 여기에 더해 이스케이프해야 합니다.
    """
    if _PLAIN.fullmatch(name):
        return name
    return "".join(_escaped(one) if unicodedata.category(one) in _HIDDEN else one for one in name)


def _escaped(letter: str) -> str:
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode("ascii")
