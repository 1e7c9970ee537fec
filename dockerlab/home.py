"""JupyterLab을 한국어 화면으로 과정의 첫 쪽에서 엽니다."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlencode

from dockerlab import courseware
from dockerlab.course import homepage, standing
from dockerlab.errors import CourseMissing, ToolMissing
from dockerlab.exercises import standing as practice

FIRST_PAGE = "README.md"
LESSONS = "notebooks"
DEFAULT_PORT = 8888

_CONFIG = Path(__file__).parent / "lab"


def course_folder(start: Path | None = None) -> Path:
    """노트북이 있는 과정 폴더를 찾습니다. 지금 폴더와 그 위, 그다음은 이 패키지가 놓인 곳입니다."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents, Path(__file__).resolve().parent.parent):
        if courseware.is_course(folder):
            return folder
        if (folder / LESSONS).is_dir() and (folder / "dockerlab" / "__init__.py").is_file():
            return folder
    if courseware.MATERIAL.is_dir():
        return Path.home() / "dockerlab-course"
    raise CourseMissing(
        "과정의 노트북을 찾지 못했습니다.",
        seen=f"{here} 폴더와 그 위의 폴더들에 {LESSONS} 폴더가 없습니다.",
        todo="과정 저장소를 내려받은 폴더에서 다시 실행하거나 dockerlab lab 폴더경로를 적으십시오.",
    )


def furnish(folder: Path, version: str) -> courseware.Placed | None:
    """휠로 설치했으면 과정을 ``folder``에 놓습니다. 저장소의 폴더이거나 놓을 것이 없으면 ``None``입니다."""
    repository = (folder / "dockerlab" / "__init__.py").is_file()
    if repository or not courseware.MATERIAL.is_dir():
        return None
    return courseware.place(folder, version)


def has_display() -> bool:
    """브라우저 창을 띄울 화면이 있는지 알려 줍니다."""
    return sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def open_lab(
    folder: Path, *, port: int = DEFAULT_PORT, browser: bool = True, announce: Callable[[str], None]
) -> None:
    """JupyterLab을 시작하고, 주소를 ``announce``로 알린 뒤, 끝날 때까지 기다립니다.

    이 컴퓨터 안에서만 열리고(127.0.0.1) 주소에 든 암호(token)를 알아야 들어갈 수 있습니다. ``port``가
    쓰이고 있으면 그다음 번호를 씁니다. Ctrl-C 한 번으로 노트북 커널까지 모두 끝납니다.
    """
    try:
        from jupyterlab.labapp import LabApp
    except ImportError as error:
        raise ToolMissing(
            "JupyterLab이 설치되어 있지 않습니다.", seen=str(error), todo="make setup을 실행하십시오."
        ) from error

    token = os.environ.get("JUPYTER_TOKEN") or secrets.token_urlsafe(24)
    first = _first_page(folder)
    page = f"/lab/tree/{quote(first)}" if first else "/lab"
    _prepare_environment()
    server = LabApp.initialize_server(argv=_options(folder, port, token, page, browser))
    announce(f"http://127.0.0.1:{server.port}{page}?{urlencode({'token': token})}")
    server.start()


def _first_page(folder: Path) -> str:
    """The learner's own page with what is done and next; the README where the folder cannot be written."""
    if (folder / LESSONS).is_dir():
        try:
            page = homepage.homepage(standing.lessons(), practice.standings())
            (folder / homepage.FILE).write_text(page, encoding="utf-8")
            return homepage.FILE
        except OSError:
            pass  # read-only: the course is still there to read
    return FIRST_PAGE if (folder / FIRST_PAGE).exists() else ""


def _prepare_environment() -> None:
    """Kernels and terminals inherit this: the Korean settings and the programs of this environment."""
    for name, first in (("JUPYTER_CONFIG_PATH", str(_CONFIG)), ("PATH", str(Path(sys.prefix, "bin")))):
        rest = os.environ.get(name)
        if first not in (rest or "").split(os.pathsep):
            os.environ[name] = os.pathsep.join(filter(None, (first, rest)))


def _options(folder: Path, port: int, token: str, page: str, browser: bool) -> list[str]:
    return [
        f"--ServerApp.root_dir={folder}",
        f"--LabApp.default_url={page}",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=50",
        f"--ServerApp.open_browser={browser and has_display()}",
        f"--ServerApp.allow_root={hasattr(os, 'geteuid') and os.geteuid() == 0}",
        # One Ctrl-C is enough; the question would be in English.
        "--ServerApp.answer_yes=True",
        # Given here, so that Jupyter does not print the address a second time in English.
        f"--IdentityProvider.token={token}",
        "--Application.log_level=ERROR",
    ]
