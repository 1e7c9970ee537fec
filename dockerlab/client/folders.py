"""docker 명령이 닿아도 되는 이 컴퓨터의 폴더입니다: 노트북이 있는 폴더와 임시 폴더."""

from __future__ import annotations

import tempfile
from pathlib import Path


def why_outside(path: str) -> str:
    """그 경로가 과정의 폴더 밖이면 그 까닭입니다. 링크를 따라간 곳을 봅니다."""
    try:
        real = Path(path).resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, a NUL
        return f"읽을 수 없는 경로입니다: {path!r}"
    if path.startswith("~") or not any(real.is_relative_to(folder) for folder in allowed()):
        return f"과정의 폴더 밖에 있는 파일입니다: {real}"
    return ""


def allowed() -> tuple[Path, ...]:
    """닿아도 되는 폴더입니다. 노트북이 홈 폴더나 그 위에 있으면 거기는 빼놓습니다."""
    here, home = Path.cwd().resolve(), Path.home().resolve()
    too_much = home.is_relative_to(here)
    temporary = Path(tempfile.gettempdir()).resolve()
    return (temporary,) if too_much else (here, temporary)
