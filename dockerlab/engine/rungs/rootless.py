"""root가 아닌 사용자의 엔진입니다: 사용자 네임스페이스 안에서 root인 dockerd.

The same engine as root's, one namespace further in. What the kernel keeps from such a root is missing:
without a delegated cgroup v2 there are no limits.
"""

from __future__ import annotations

import os
import platform
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Any

from dockerlab.engine.rungs import root
from dockerlab.engine.rungs.root import Keeper, prepared
from dockerlab.progress import Report

__all__ = ["TITLE", "Keeper", "impossible", "prepared", "settings"]

TITLE = "사용자 네임스페이스 안의 Docker"
# Root inside is the user outside; the other users inside are those of /etc/subuid and /etc/subgid.
NAMESPACES = ("--user", "--map-root-user", "--map-auto", *root.NAMESPACES)


def impossible() -> str:
    """이 컴퓨터에서 쓸 수 없는 까닭입니다. 쓸 수 있으면 빈 글입니다."""
    if platform.system() != "Linux":
        return f"Linux에서만 동작합니다(이 컴퓨터: {platform.system()})."
    if os.geteuid() == 0:
        return "root가 아닌 사용자에게만 뜻이 있습니다."
    for tool in ("newuidmap", "newgidmap", "unshare"):
        if shutil.which(tool) is None:
            return f"{tool} 명령이 없습니다(Debian과 Ubuntu에서는 uidmap 패키지)."
    for table in ("/etc/subuid", "/etc/subgid"):
        if not _listed(table):
            return f"{table}에 이 사용자의 줄이 없습니다."
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "/dev/net/tun을 열 수 없습니다."
    # Namespaces may be allowed and yet give no power inside: what counts is whether mounting works.
    tried = subprocess.run(
        ["unshare", *NAMESPACES, "mount", "-t", "tmpfs", "none", "/mnt"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if tried.returncode:
        return f"사용자 네임스페이스를 쓸 수 없습니다({tried.stderr.strip().splitlines()[-1]})."
    return ""


def settings(run: Path, report: Report) -> dict[str, Any]:
    """묶음을 갖추고 그 자리를 돌려줍니다."""
    # runc may not touch a cgroup that is not the user's; with --rootless it does not try.
    return root.places_of(report) | {"namespaces": NAMESPACES, "options": ["--rootless"], "cgroup": ""}


def _listed(table: str) -> bool:
    try:
        names = {pwd.getpwuid(os.getuid()).pw_name, str(os.getuid())}
    except KeyError:
        names = {str(os.getuid())}
    try:
        lines = Path(table).read_text().splitlines()
    except OSError:
        return False
    return any(line.partition(":")[0] in names for line in lines)
