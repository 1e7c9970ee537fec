"""VM, 글꼴, 디스크, Python을 살펴봅니다."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sys
from pathlib import Path
from typing import Any

import dockerlab
from dockerlab import places
from dockerlab.diagnosis.findings import Findings
from dockerlab.errors import DockerlabError

LITTLE_SPACE = 3 * 2**30  # bytes: the course images, the guests and some containers
PYTHONS = ((3, 11), (3, 13))
DISTRIBUTION = "dockerlab-course"


def virtual_machines(found: Findings) -> dict[str, Any]:
    """QEMU, 가속기, 게스트를 살펴봅니다."""
    from dockerlab import vm
    from dockerlab.vm import qemu

    guests = [guest.name for guest in vm.guests()]
    wanted = [name for name in vm.NAMES if name != "uml" or _uml_possible()]
    missing = [name for name in wanted if name not in guests]
    if missing:
        told = f"있는 것: {', '.join(guests) or '없음'}"
        found.problem(
            "D03", f"준비되지 않은 VM 게스트가 있습니다: {', '.join(missing)}", told, "dockerlab setup"
        )
    try:
        program = qemu.find()
        known = vm.accelerators()
        best = vm.accelerator()
    except DockerlabError as error:
        found.problem(**error.as_dict())
        return {"accelerator": "none", "guests": guests}
    if best.emulated:
        reasons = [f"{one.name}: {one.why}" for one in known if not one.works]
        found.notes.append(
            "VM은 에뮬레이션(TCG)으로 돕니다. VM의 속도 수치는 KVM이나 HVF로 도는 VM의 것이 아닙니다."
            + (f" ({'; '.join(reasons)})" if reasons else "")
        )
    return {
        "accelerator": best.name,
        "emulated": best.emulated,
        "accelerators": [{"name": one.name, "works": one.works, "why": one.why} for one in known],
        "qemu": {"version": program.version, "origin": program.origin},
        "guests": guests,
    }


def _uml_possible() -> bool:
    return platform.system() == "Linux" and platform.machine() == "x86_64"


def fonts(found: Findings) -> dict[str, Any]:
    """그림에 쓸 한글 글꼴이 온전한지 봅니다."""
    folder = Path(dockerlab.__file__).parent / "views/fonts"
    # A TrueType file begins with its version; an emptied or half-written one does not.
    usable = [file.name for file in sorted(folder.glob("*.ttf")) if file.read_bytes()[:4] == b"\0\1\0\0"]
    if not usable:
        command = f"pip install --force-reinstall --no-deps {DISTRIBUTION}"
        found.problem("D04", "그림에 쓸 한글 글꼴이 없습니다.", str(folder), command)
    return {"korean": bool(usable), "files": usable}


def disk(found: Findings) -> dict[str, Any]:
    """자료 폴더의 디스크에 남은 바이트를 봅니다."""
    folder = places.data_dir()
    usage = shutil.disk_usage(folder)
    if usage.free < LITTLE_SPACE:
        what = "과정의 자료를 두는 디스크에 남은 공간이 적습니다."
        found.problem("D05", what, f"{folder}: {usage.free / 2**30:.1f} GiB 남음", "dockerlab clean --images")
    return {"path": str(folder), "free": usage.free, "total": usage.total}


def python(found: Findings) -> dict[str, Any]:
    """Python의 버전과, 이름이 같은 다른 패키지가 있는지를 봅니다."""
    version = platform.python_version()
    if not PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        what = "이 과정이 확인하지 않은 Python입니다. 3.11, 3.12, 3.13에서 동작을 확인했습니다."
        found.problem("D06", what, f"Python {version}", "make setup PYTHON=python3.13")
    clash = _name_clash()
    if clash:
        found.problem(
            "D07",
            "이름이 같은 다른 패키지가 이 Python에 설치되어 있어 이 과정의 파일을 덮어쓸 수 있습니다.",
            clash,
            "pip uninstall -y dockerlab && pip install --force-reinstall --no-deps dockerlab-course",
        )
    return {
        "version": version,
        "executable": sys.executable,
        "package": _version(DISTRIBUTION),
        "name_clash": clash,
    }


def _name_clash() -> str:
    """``dockerlab``이라는 이름을 함께 차지하는 다른 배포판입니다. 없으면 빈 문자열입니다."""
    for distribution in importlib.metadata.distributions(name="dockerlab"):
        files = distribution.files or []
        if not files or any(file.parts[:1] == ("dockerlab",) for file in files):
            return f"dockerlab {distribution.version} (이 과정의 배포판은 {DISTRIBUTION}입니다)"
    return ""


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""
