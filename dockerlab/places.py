"""과정이 파일을 두는 곳입니다. 다른 모듈은 경로를 스스로 정하지 않고 여기에 묻습니다.

``DOCKERLAB_HOME``을 정하면 모든 것이 그 폴더 아래에 놓입니다(시험과 여러 벌 설치에 씁니다).
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from dockerlab.errors import DiskFull, PlaceNotWritable


def data_dir(*parts: str) -> Path:
    """오래 두는 자료(엔진 묶음, 이미지, 게스트)의 폴더를 만들어 돌려줍니다."""
    base = _home() or platformdirs.user_data_path("dockerlab")
    return _made(base.joinpath(*parts))


def runtime_dir(*parts: str) -> Path:
    """소켓과 잠금 파일의 폴더를 만들어 돌려줍니다. 다른 사용자는 읽지 못합니다(0700)."""
    session = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.environ.get("DOCKERLAB_HOME") or not os.access(session, os.W_OK):
        base = data_dir("run")  # a login without a session (sudo, cron, a pod) has no /run/user/UID
    else:
        base = _made(Path(session, "dockerlab"))
    with disk_errors(base):
        base.chmod(0o700)
    return _made(base.joinpath(*parts))


def cache_dir(*parts: str) -> Path:
    """지워도 다시 만들 수 있는 파일의 폴더를 만들어 돌려줍니다."""
    home = _home()
    base = home / "cache" if home else platformdirs.user_cache_path("dockerlab")
    return _made(base.joinpath(*parts))


def record_dir() -> Path:
    """학습자의 기록을 두는 폴더를 만들어 돌려줍니다. 과정 폴더 밖이라 과정을 새로 받아도 남습니다."""
    chosen = os.environ.get("DOCKERLAB_RECORD")
    return _made(Path(chosen).expanduser().absolute()) if chosen else data_dir("record")


@contextmanager
def disk_errors(target: Path) -> Iterator[None]:
    """쓰다가 난 운영체제의 오류를 ``DiskFull``이나 ``PlaceNotWritable``로 바꿉니다."""
    try:
        yield
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(
                "디스크에 공간이 없어 쓰지 못했습니다.",
                seen=f"{target.parent}: {error.strerror}",
                todo="공간을 비우고 다시 실행하십시오. DOCKERLAB_HOME으로 다른 디스크를 쓸 수도 있습니다.",
            ) from error
        raise PlaceNotWritable(
            f"과정의 자료를 쓸 수 없습니다: {target}",
            seen=f"{error.strerror} (errno {error.errno})",
            todo="쓸 수 있는 폴더를 정해 다시 실행하십시오. 예: DOCKERLAB_HOME=/tmp/dockerlab",
        ) from error


def write_whole(path: Path, content: bytes) -> None:
    """파일을 통째로 바꾸어 씁니다. 자리가 모자라면 ``DiskFull``이고, 쓰다 만 것은 남지 않습니다."""
    # Renamed into place: who has the old file open keeps it, and nobody reads half of the new one.
    with disk_errors(path):
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(part, path)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise


def is_disk_full(error: OSError) -> bool:
    """자리가 없거나 할당량을 다 써서 난 오류인지 말합니다."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def _home() -> Path | None:
    home = os.environ.get("DOCKERLAB_HOME")
    # Absolute: the engine and the watcher work in other folders than the learner.
    return Path(home).expanduser().absolute() if home else None


def _made(path: Path) -> Path:
    with disk_errors(path):
        path.mkdir(parents=True, exist_ok=True)
    return path
