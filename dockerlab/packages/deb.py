"""Debian 패키지 파일(.deb)을 dpkg도 root 권한도 없이 안전하게 풉니다.

형식: deb(5). ar 묶음 안의 ``data.tar.*``가 파일들입니다.
"""

from __future__ import annotations

import io
import lzma
import os
import shutil
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from dockerlab.errors import PackageBroken
from dockerlab.places import disk_errors

_MERGED = ("bin", "sbin", "lib", "lib64")  # Debian's usr-merge: /bin is a link to usr/bin, …
_LINK_LIMIT = 40  # as the kernel's
# Debian's own archive takes no zstd packages (only Ubuntu's does), so no library is needed for it.
_COMPRESSIONS = {"data.tar.xz": "r|xz", "data.tar.gz": "r|gz", "data.tar": "r|"}

_UNREADABLE = (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, ValueError, OverflowError)


def unpack(deb: Path, root: Path, keep: Callable[[str], bool] = lambda path: True) -> list[str]:
    """``deb``의 파일들을 ``root`` 아래에 풀고, 푼 경로들(``usr/bin/env`` 꼴)을 돌려줍니다.

    ``keep(경로)``가 거짓인 것은 풀지 않습니다. ``/bin`` 등은 ``usr/bin``으로 모으고 링크를 둡니다.
    ``root`` 밖으로 나가는 경로가 있으면 ``PackageBroken``을 냅니다. 장치 파일은 만들지 않고,
    setuid와 남의 쓰기 권한은 떼며, 모든 파일은 지금 사용자의 것이 됩니다. ``DiskFull``도 냅니다.
    """
    root = Path(root)
    written: list[str] = []
    with disk_errors(root / deb.name):
        _merge_usr(root)
        with open(deb, "rb") as file:
            try:
                section, mode = _data_section(file)
                with tarfile.open(fileobj=section, mode=mode, tarinfo=_Member) as archive:
                    for member in archive:
                        if member.size < 0:  # not every version of tarfile refuses it
                            raise _Refused(f"크기가 음수입니다: {member.name!r}")
                        path = _clean(member.name, merge=not member.issym())
                        if path and keep(path) and _extract(archive, member, root, path, keep):
                            written.append(path)
            except _Refused as error:
                raise _broken(deb, str(error)) from error
            except _UNREADABLE as error:
                raise _broken(deb, f"읽을 수 없습니다: {error}") from error
    return written


class _Refused(Exception):
    """A member that must not be unpacked."""


def _broken(deb: Path, seen: str) -> PackageBroken:
    return PackageBroken(
        f"패키지를 풀지 않았습니다: {deb.name}",
        seen=seen,
        todo="미러가 잘못된 파일을 주었을 수 있습니다. DOCKERLAB_DEBIAN_MIRROR로 다른 미러를 정하십시오.",
    )


def _merge_usr(root: Path) -> None:
    for name in _MERGED:
        if not os.path.lexists(root / name):
            (root / "usr" / name).mkdir(parents=True, exist_ok=True)
            (root / name).symlink_to(f"usr/{name}")


def _data_section(file: BinaryIO) -> tuple[io.BufferedReader, str]:
    if file.read(8) != b"!<arch>\n":
        raise _Refused("deb 파일이 아닙니다.")
    while len(header := file.read(60)) == 60:
        name = header[:16].decode("ascii", "replace").strip().rstrip("/")
        size = int(header[48:58])
        if name in _COMPRESSIONS:
            return io.BufferedReader(_Section(file, size)), _COMPRESSIONS[name]
        if name.startswith("data.tar"):
            raise _Refused(f"이 과정이 풀지 않는 압축 방식입니다: {name}")
        file.seek(size + size % 2, os.SEEK_CUR)
    raise _Refused("data.tar가 없습니다.")


class _Member(tarfile.TarInfo):
    """A member; tarfile takes a broken header between two members for the end of the archive."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> tarfile.TarInfo:
        try:
            return super().fromtarfile(archive)
        except (tarfile.EmptyHeaderError, tarfile.EOFHeaderError):
            raise
        except tarfile.HeaderError as error:
            raise _Refused(f"헤더가 잘못되었습니다: {error}") from error


class _Section(io.RawIOBase):
    """The next ``size`` bytes of a file as a file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        data = self._file.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)


def _clean(name: str, merge: bool = True) -> str:
    """A member's path without leading "./", under usr/ where the usr-merge puts it."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts:
        raise _Refused(f"풀 폴더 밖을 가리키는 경로입니다: {name!r}")
    if parts and parts[0] in _MERGED and (merge or len(parts) > 1):
        parts.insert(0, "usr")
    return "/".join(parts)


def _extract(
    archive: tarfile.TarFile,
    member: tarfile.TarInfo,
    root: Path,
    path: str,
    keep: Callable[[str], bool],
) -> bool:
    if member.isdir():
        folder = _folder(root, path)
        folder.chmod(0o700 | member.mode & 0o755)
        return True
    parent, _, name = path.rpartition("/")
    spot = _folder(root, parent) / name
    if spot.is_dir() and not spot.is_symlink():
        if member.issym():
            return False  # as dpkg: a link never replaces a folder
        raise _Refused(f"폴더 자리에 파일이 있습니다: {path!r}")
    if member.islnk():
        return _hard_link(root, _clean(member.linkname), spot, keep)
    # Away with what is there first: writing must never go through a link or into a shared hard link.
    if member.issym():
        spot.unlink(missing_ok=True)
        spot.symlink_to(member.linkname)
    elif member.isreg() and not member.issparse():
        spot.unlink(missing_ok=True)
        with open(spot, "xb") as target, archive.extractfile(member) as source:
            shutil.copyfileobj(source, target)
        spot.chmod(0o600 | member.mode & 0o755)
        os.utime(spot, (member.mtime, member.mtime))
    else:
        return False  # devices, pipes
    return True


def _hard_link(root: Path, source: str, spot: Path, keep: Callable[[str], bool]) -> bool:
    if not keep(source):
        return False  # left out together with its original
    parent, _, name = source.rpartition("/")
    original = _folder(root, parent) / name
    if original.is_symlink() or not original.is_file():
        raise _Refused(f"하드 링크의 원본이 없습니다: {source!r}")
    if original != spot:
        spot.unlink(missing_ok=True)
        os.link(original, spot)
    return True


def _folder(root: Path, path: str) -> Path:
    """Make the folder ``path`` as seen with ``root`` as /, and give its place without any link in it."""
    here: list[str] = []
    waiting = path.split("/")[::-1]
    links = 0
    while waiting:
        part = waiting.pop()
        if part in ("", "."):
            continue
        if part == "..":
            del here[-1:]  # as in a chroot: above / is /
            continue
        spot = root.joinpath(*here, part)
        if spot.is_symlink():
            links += 1
            if links > _LINK_LIMIT:
                raise _Refused(f"심볼릭 링크가 끝없이 되돌아옵니다: {path!r}")
            target = os.readlink(spot)
            here = [] if target.startswith("/") else here
            waiting += target.split("/")[::-1]
            continue
        if not spot.is_dir():
            if spot.exists():
                raise _Refused(f"파일 자리에 폴더가 있습니다: {path!r}")
            spot.mkdir(mode=0o755)
        here.append(part)
    return root.joinpath(*here)
