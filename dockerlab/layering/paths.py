"""tar의 이름을 이미지 안의 경로로 고칩니다."""

from __future__ import annotations

from dockerlab.layering.budget import DEPTH
from dockerlab.layering.cursor import unreadable


def clean(name: str) -> str:
    """tar의 이름을 ``/``로 시작하는 경로로 고칩니다. 이미지 밖으로 나가는 이름은 거절합니다."""
    if name[:2] == "./":
        name = name[2:]
    plain = name.rstrip("/") if name[-1:] == "/" else name
    if not plain:
        return "/"
    if "//" in plain or "/." in plain or plain[0] in "./":
        parts: list[str] = []
        for part in plain.split("/"):
            if part == "..":
                if not parts:
                    raise unreadable(f"이미지 밖을 가리키는 이름이 있습니다: {name!a}")
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        plain = "/".join(parts)
    if len(plain) > DEPTH and plain.count("/") >= DEPTH:
        raise unreadable(f"폴더가 너무 깊습니다({plain.count('/') + 1}단계): {name[:80]!a}…")
    return "/" + plain
