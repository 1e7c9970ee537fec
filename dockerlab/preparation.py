"""수업에 필요한 것을 한 번에 갖춥니다(``make setup``): QEMU, 엔진, 과정 이미지, 게스트.

What cannot be had is told and skipped: JupyterLab opens with what is there, and ``dockerlab doctor`` repeats
what is missing.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from dockerlab.errors import DockerlabError, QemuMissing, ToolMissing
from dockerlab.progress import Report

BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def prepare(say: Callable[[str], None], report: Report, *, for_tests: bool = False) -> list[DockerlabError]:
    """차례로 갖추고, 갖추지 못한 까닭들을 돌려줍니다. 이미 있는 것은 확인만 합니다.

    배포판의 패키지는 root일 때만, 무엇을 왜 설치하는지 ``say``로 말한 다음에 설치합니다. 환경 변수
    ``DOCKERLAB_INSTALL=0``이면 설치하지 않고 명령만 알려 줍니다.
    """
    missing: dict[str, DockerlabError] = {}  # without an engine every image fails for the same reason
    for step in _steps(for_tests):
        try:
            step(say, report)
        except DockerlabError as error:
            missing[str(error)] = error
    return list(missing.values())


Step = Callable[[Callable[[str], None], Report], None]


def _steps(for_tests: bool) -> Iterator[Step]:
    from dockerlab.images.names import COURSE
    from dockerlab.vm import NAMES

    yield _qemu
    yield _engine
    yield from (_image_step(name) for name in COURSE)
    yield from (_guest_step(name) for name in NAMES)
    yield _accelerator
    if for_tests:
        yield _browser
        yield _uidmap


def _qemu(say: Callable[[str], None], report: Report) -> None:
    from dockerlab.vm import qemu

    try:
        qemu.find()
    except QemuMissing as error:
        install([qemu.debian_package()], "가상 머신(VM)을 부팅하는 QEMU", say, report, otherwise=error)
        qemu.find()


def _engine(say: Callable[[str], None], report: Report) -> None:
    from dockerlab import engine

    try:
        engine.connect(report)
    except ToolMissing as error:
        # The smallest installations lack even mount(8).
        install(["util-linux", "mount"], "내장 엔진이 쓰는 도구", say, report, otherwise=error)
        engine.connect(report)


def _image_step(name: str) -> Step:
    def ensure(say: Callable[[str], None], report: Report) -> None:
        from dockerlab import images

        images.ensure(name, report)

    return ensure


def _guest_step(name: str) -> Step:
    def ensure(say: Callable[[str], None], report: Report) -> None:
        from dockerlab import vm

        if name != "uml" or (sys.platform == "linux" and platform.machine() == "x86_64"):
            vm.guest(name, report)

    return ensure


def _accelerator(say: Callable[[str], None], report: Report) -> None:
    from dockerlab import vm

    vm.accelerators()  # boots a probe once; the answer is kept


def _browser(say: Callable[[str], None], report: Report) -> None:
    packages = [] if _has_browser() else ["chromium", "fonts-nanum"]
    if _distribution() == "ubuntu" and packages:
        # Ubuntu's chromium is a stub for snap, which does not run in containers.
        packages = ["fonts-nanum"]
    if not _playwright_runs():
        packages.append("libatomic1")  # its Node.js needs it, and the smallest installations lack it
    if packages:
        command = f"sudo apt-get install -y --no-install-recommends {' '.join(packages)}"
        missing = ToolMissing("화면 검사에 쓸 Chromium이나 그 도구가 없습니다.", todo=command)
        install(packages, "화면 검사에 쓸 브라우저와 그 도구", say, report, otherwise=missing)
    if not _has_browser():
        command = [sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"]
        _run(command, ToolMissing("Chromium을 내려받지 못했습니다.", todo=f"sudo {' '.join(command)}"))


def _uidmap(say: Callable[[str], None], report: Report) -> None:
    if sys.platform == "linux" and not shutil.which("newuidmap"):
        todo = "sudo apt-get install -y uidmap"
        missing = ToolMissing("rootless 엔진의 검사에 쓸 newuidmap이 없습니다.", todo=todo)
        install(["uidmap"], "rootless 엔진의 검사", say, report, otherwise=missing)


def _has_browser() -> bool:
    # Where `playwright install` puts its own, which only happens where no distribution has one.
    own = Path.home() / ".cache" / "ms-playwright"
    named = os.environ.get("DOCKERLAB_CHROMIUM")
    return bool(named or any(map(shutil.which, BROWSERS)) or any(own.glob("chromium-*")))


def _playwright_runs() -> bool:
    command = [sys.executable, "-m", "playwright", "--version"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def install(
    packages: Sequence[str],
    purpose: str,
    say: Callable[[str], None],
    report: Report,
    *,
    otherwise: DockerlabError,
) -> None:
    """배포판의 패키지를 설치합니다. 설치하지 않기로 했거나 할 수 없으면 ``otherwise``를 던집니다."""
    forbidden = os.environ.get("DOCKERLAB_INSTALL") == "0"
    if forbidden or sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("apt-get"):
        raise otherwise
    say(f"배포판의 패키지를 설치합니다: {' '.join(packages)} ({purpose})")
    _apt_get(["update"], "패키지 목록 새로 고침", report)
    _apt_get(["install", "-y", "--no-install-recommends", *packages], f"{packages[0]} 설치", report)


def _apt_get(arguments: Sequence[str], what: str, report: Report) -> None:
    reader, writer = os.pipe()
    with tempfile.TemporaryFile() as told, os.fdopen(reader, encoding="utf-8", errors="replace") as status:
        # Status-Fd is apt's own progress for programs: "dlstatus:1:12.5:..." and "pmstatus:name:37.5:...".
        options = ("-q", "-o", f"APT::Status-Fd={writer}", "-o", "DPkg::Lock::Timeout=120")
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        try:
            process = subprocess.Popen(
                ["apt-get", *options, *arguments],
                stdin=subprocess.DEVNULL, stdout=told, stderr=subprocess.STDOUT,
                pass_fds=(writer,), env=environment,
            )  # fmt: skip
        finally:
            os.close(writer)
        for line in status:
            kind, _, rest = line.partition(":")
            if kind in ("dlstatus", "pmstatus"):
                # Downloading is shown as the first half, unpacking as the second.
                percent = float(rest.split(":")[1])
                report(what, round(percent / 2 + (50 if kind == "pmstatus" else 0)), 100)
        if process.wait() != 0:
            told.seek(0)
            raise ToolMissing(
                f"배포판의 패키지를 설치하지 못했습니다: apt-get {' '.join(arguments)}",
                seen=" ".join(told.read().decode("utf-8", "replace").split()[-40:]),
                todo="네트워크와 /etc/apt의 설정을 확인한 뒤 다시 실행하십시오.",
            )
    report(what, 100, 100)


def _run(command: Sequence[str], otherwise: DockerlabError) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        otherwise.seen = " ".join((done.stdout + done.stderr).split()[-40:])
        raise otherwise


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("ID", "")
    except OSError:
        return ""
