"""자기 커널을 가진 엔진의 게스트가 쓰는 파일입니다: 그 루트 폴더와, 엔진의 자료를 담는 디스크.

guest-init.sh is the guest's first process; what differs between the rungs is one script of each.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from dockerlab.engine.rungs import DIES_WITH_US, Say, StartFailed

_DISK_AT_MOST = 8 * 2**30  # the image is sparse: it takes what is used of it
_DISK_AT_LEAST = 512 * 2**20
_LEFT_TO_HOST = 0.1  # of the free space
# Folders of the host that are the guest's own; all others appear in it at their own paths.
_GUESTS_OWN = re.compile(r"bin|boot|dev|etc|lib.*|proc|run|sbin|sys|usr|lost\+found|dockerlab|.*[\s,].*")
_SCRIPTS = {
    "init": "guest-init.sh",
    "publish-port": "publish-port.sh",
    "runtime": "guest-runtime.sh",
    "setkey": "guest-setkey.sh",
}


def make_root(root: Path, bundle: Path, rung: str) -> Path:
    """게스트의 루트 폴더를 만듭니다: 마운트할 자리, ``/etc``, 게스트의 스크립트.

    ``rung``은 방법마다 다른 스크립트의 이름입니다.
    """
    scripts = Path(__file__).parent
    shared = [
        f"/{entry.name}"
        for entry in os.scandir("/")
        if entry.is_dir(follow_symlinks=False)
        and os.access(entry, os.R_OK | os.X_OK)
        and not _GUESTS_OWN.fullmatch(entry.name)
    ]
    for folder in ("usr", "proc", "sys", "dev", "run", "tmp", "root", "dockerlab", *shared):
        (root / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
    for link in ("bin", "sbin", "lib", "lib64"):
        if not (root / link).is_symlink():
            (root / link).symlink_to(f"usr/{link}")
    shutil.rmtree(root / "etc", ignore_errors=True)
    shutil.copytree(bundle / "etc", root / "etc", symlinks=True)
    for shown in ("ssl/certs/ca-certificates.crt", "hosts", "localtime"):
        if os.path.isfile(f"/etc/{shown}"):
            shutil.copyfile(f"/etc/{shown}", root / "etc" / shown)
    (root / "etc/resolv.conf").write_text("nameserver 192.168.127.1\n")
    for name, script in (_SCRIPTS | {"rung": rung}).items():
        shutil.copyfile(scripts / script, root / name)
        (root / name).chmod(0o755)
    shutil.copy2(bundle / "usr/bin/busybox", root / "busybox")
    told = {"bundle": str(bundle), "shares": " ".join(sorted(shared))}
    lines = [f"{name}={shlex.quote(value)}" for name, value in told.items()]
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        if value := os.environ.get(name) or os.environ.get(name.lower()):
            lines.append(f"export {name}={shlex.quote(value)}")
    (root / "guest.conf").write_text("\n".join(lines) + "\n")
    return root


async def make_disk(image: Path, mke2fs: Sequence[str], bundle: Path, say: Say) -> Path:
    """엔진의 자료를 담는 디스크 이미지입니다. 없으면 만듭니다."""
    if image.exists():
        return image
    room = int(shutil.disk_usage(image.parent).free * (1 - _LEFT_TO_HOST))
    if room < _DISK_AT_LEAST:
        raise StartFailed(f"{image.parent}: No space left on device ({room >> 20} MiB)")
    say("엔진의 디스크를 만듭니다")
    options = ("-J", "size=16", "-E", "lazy_itable_init=1")
    return await format_disk(image, min(_DISK_AT_MOST, room), mke2fs, bundle, *options)


async def format_disk(image: Path, size: int, mke2fs: Sequence[str], bundle: Path, *options: str) -> Path:
    """ext4 파일 시스템이 든 디스크 이미지를 만듭니다. 다 만들어야 제 이름을 얻습니다."""
    new = image.with_suffix(".new")
    new.unlink(missing_ok=True)
    with new.open("wb") as file:
        file.truncate(size)
    made = await asyncio.create_subprocess_exec(
        *(*DIES_WITH_US, *mke2fs, "-q", "-t", "ext4", "-m", "0", *options, str(new)),
        env={"MKE2FS_CONFIG": str(bundle / "etc/mke2fs.conf")},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await made.communicate()
    if made.returncode:
        new.unlink()
        raise StartFailed(said.decode(errors="replace"))
    new.rename(image)
    return image
