"""과정이 파일을 두는 곳입니다. 다른 방은 경로를 스스로 정하지 않고 여기에 묻습니다.

``DOCKERLAB_HOME``을 정하면 모든 것이 그 폴더 아래에 놓입니다(시험과 여러 벌 설치에 씁니다).
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from dockerlab.errors import PlaceNotWritable


def data_dir(*parts: str) -> Path:
    """오래 두는 자료(엔진 묶음, 이미지, 게스트)의 폴더를 만들어 돌려줍니다."""
    home = os.environ.get("DOCKERLAB_HOME")
    base = Path(home) if home else platformdirs.user_data_path("dockerlab")
    return _made(base.joinpath(*parts))


def runtime_dir(*parts: str) -> Path:
    """소켓과 잠금 파일의 폴더를 만들어 돌려줍니다. 다른 사용자는 읽지 못합니다(0700)."""
    session = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.environ.get("DOCKERLAB_HOME") or not os.access(session, os.W_OK):
        base = data_dir("run")  # a login without a session (sudo, cron, a pod) has no /run/user/UID
    else:
        base = _made(Path(session, "dockerlab"))
    base.chmod(0o700)
    return _made(base.joinpath(*parts))


def cache_dir(*parts: str) -> Path:
    """지워도 다시 만들 수 있는 파일의 폴더를 만들어 돌려줍니다."""
    home = os.environ.get("DOCKERLAB_HOME")
    base = Path(home, "cache") if home else platformdirs.user_cache_path("dockerlab")
    return _made(base.joinpath(*parts))


def _made(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PlaceNotWritable(
            f"과정의 자료 폴더를 만들 수 없습니다: {path}",
            seen=f"{error.strerror} (errno {error.errno})",
            todo="쓸 수 있는 폴더를 정해 다시 실행하십시오. 예: DOCKERLAB_HOME=/tmp/dockerlab",
        ) from error
    return path
