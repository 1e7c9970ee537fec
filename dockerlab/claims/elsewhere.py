"""같은 이미지를 다른 곳에서 실행해 봅니다: 설정이 다른 클라이언트, 그리고 새로 띄운 두 번째 엔진.

둘 다 따로 띄운 Python 프로세스가 합니다. 학습자의 프로세스는 환경 변수도 작업 폴더도 바뀌지 않습니다.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dockerlab import places
from dockerlab.errors import DockerlabError

# What a program sees of its surroundings: the clock's zone, the language, the folder, the root's content.
LOOK = (
    "date -d @0 '+%H:%M %Z' 2>/dev/null || date -r 0 '+%H:%M %Z'; "
    'echo "${LANG:-}"; pwd; ls / | wc -l'
)

# POSIX TZ strings: they mean the same without a time zone database.
SETTINGS: tuple[dict[str, str], ...] = (
    {"TZ": "UTC0", "LANG": "C", "folder": "/"},
    {"TZ": "KST-9", "LANG": "ko_KR.UTF-8", "folder": "/tmp"},
    {"TZ": "EST5", "LANG": "de_DE.UTF-8", "folder": "/usr"},
)
_PATIENCE = 120.0


@dataclass(frozen=True)
class Answer:
    """설정 하나에서 같은 명령이 호스트와 컨테이너에서 한 답입니다."""

    settings: Mapping[str, str]
    host: str
    container: str


@dataclass(frozen=True)
class SecondEngine:
    """두 번째 엔진으로 옮긴 결과입니다.

    ``tried``가 거짓이면 ``why``에 까닭이 있습니다. ``layers``는 그 엔진이 말하는 레이어들의 다이제스트이고,
    ``output``은 같은 명령의 답입니다.
    """

    tried: bool
    why: str = ""
    version: str = ""
    layers: tuple[str, ...] = field(default=(), repr=False)
    output: str = ""


def answer(image: str, settings: Mapping[str, str]) -> Answer:
    """설정을 바꾼 클라이언트 프로세스에서 호스트와 컨테이너의 답을 받아 옵니다."""
    environment = {**os.environ, "TZ": settings["TZ"], "LANG": settings["LANG"]}
    told = _told(["answer", image], environment, settings["folder"])
    return Answer(dict(settings), told["host"], told["container"])


def on_second_engine(image: str, archive: Path) -> SecondEngine:
    """따로 된 자료 폴더에 내장 엔진을 하나 더 띄워 그 이미지를 들이고 실행한 뒤, 흔적 없이 치웁니다.

    내장 엔진을 쓸 수 있고 그 프로그램이 이미 있을 때만 합니다. 아무것도 내려받지 않습니다.
    """
    from dockerlab.engine import embedded

    if reason := embedded.impossible():
        return SecondEngine(False, reason)
    if not embedded.prepared():
        return SecondEngine(False, "풀어 둔 엔진 묶음이 없습니다.")
    home = _home()
    try:
        (home / "bundle").symlink_to(places.data_dir("bundle"))
        environment = {**os.environ, "DOCKERLAB_HOME": str(home), "DOCKERLAB_ENGINE_IDLE": "0"}
        environment.pop("DOCKER_HOST", None)
        told = _told(["second", image, str(archive)], environment, "/")
        return SecondEngine(True, "", told["version"], tuple(told["layers"]), told["output"])
    except DockerlabError as error:
        return SecondEngine(False, error.what)
    finally:
        _until_stopped(home)
        shutil.rmtree(home, ignore_errors=True)


def _told(arguments: list[str], environment: Mapping[str, str], folder: str) -> dict[str, Any]:
    command = [sys.executable, "-P", "-m", "dockerlab.claims.elsewhere", *arguments]
    try:
        done = subprocess.run(
            command, env=dict(environment), cwd=folder, capture_output=True, text=True, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired as error:
        raise DockerlabError(
            "다른 설정에서 실행한 프로세스가 끝나지 않아 강제로 끝냈습니다.",
            seen=f"{_PATIENCE:g}초를 기다림",
            todo="dockerlab doctor로 엔진을 점검한 뒤 다시 재십시오.",
        ) from error
    try:
        told = json.loads(done.stdout)
    except ValueError as error:
        raise DockerlabError(
            "다른 설정에서 실행한 프로세스가 답하지 못했습니다.",
            seen=done.stderr.strip()[-300:],
            todo="dockerlab doctor로 엔진을 점검한 뒤 다시 재십시오.",
        ) from error
    if "error" in told:
        raise DockerlabError(told["error"]["what"], seen=told["error"]["seen"], todo=told["error"]["todo"])
    return told


def _home() -> Path:
    """A data folder for the second engine; what killed processes left in theirs is removed."""
    # Its sockets lie deep below it and their path may not be long, hence the short name.
    room = places.runtime_dir("second")
    for left in room.iterdir():
        if not Path("/proc", left.name).exists():
            _until_stopped(left)
            shutil.rmtree(left, ignore_errors=True)
    home = room / str(os.getpid())
    home.mkdir(mode=0o700)
    return home


def _until_stopped(home: Path) -> None:
    """The engine's supervisor holds its lock for as long as anything of the engine is alive."""
    end = time.monotonic() + 20
    for lock in home.glob("run/engine/*/lock"):
        with lock.open("w") as held:
            while time.monotonic() < end:
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    time.sleep(0.02)


def _answered(image: str) -> dict[str, Any]:
    from dockerlab import containers

    host = subprocess.run(["sh", "-c", LOOK], capture_output=True, text=True).stdout
    return {"host": host, "container": containers.run(image, ["sh", "-c", LOOK]).stdout}


def _moved(image: str, archive: str) -> dict[str, Any]:
    from dockerlab.engine import embedded

    os.environ["DOCKER_HOST"] = embedded.ensure()
    from dockerlab import containers, engine

    connected = engine.connect()
    with engine.errors_of_engine(), open(archive, "rb") as content:
        loaded = connected.client.images.load(content)[0]
    return {
        "version": connected.version,
        "layers": loaded.attrs["RootFS"]["Layers"],
        "output": containers.run(loaded.id, ["sh", "-c", LOOK]).stdout,
    }


def main() -> None:
    """다른 설정의 프로세스가 하는 일입니다. 답을 JSON 한 줄로 씁니다."""
    what, *arguments = sys.argv[1:]
    try:
        told = {"answer": _answered, "second": _moved}[what](*arguments)
    except DockerlabError as error:
        told = {"error": error.as_dict()}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
