"""푼 패키지를 dpkg가 알아보게 적습니다. 그래서 이미지 안에서 dpkg와 apt가 맞는 답을 합니다."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dockerlab.packages import Index, Package

# Fields of the archive's list that say where the file is, not what the package is (deb822, dpkg(1)).
_OF_THE_ARCHIVE = re.compile(
    r"^(?:Filename|Size|MD5sum|SHA256|Description-md5|Tag):.*\n(?:[ \t].*\n)*", re.MULTILINE
)


def record(root: Path, index: Index, packages: Sequence[Package], files: dict[str, list[str]]) -> None:
    """``var/lib/dpkg``의 status와 info/*를 씁니다. ``files``는 패키지마다 푼 경로입니다."""
    home = root / "var/lib/dpkg"
    info = home / "info"
    for folder in (info, home / "updates", home / "triggers", home / "alternatives"):
        folder.mkdir(parents=True, exist_ok=True)
    stanzas = []
    for package in packages:
        stanza = _OF_THE_ARCHIVE.sub("", index.stanza(package.name).rstrip("\n") + "\n")
        name, _, rest = stanza.partition("\n")
        stanzas.append(f"{name}\nStatus: install ok installed\n{rest}")
        same = re.search(r"^Multi-Arch: same$", stanza, re.MULTILINE)
        listed = f"{package.name}:{package.architecture}" if same else package.name
        paths = sorted({"/.", *(f"/{path}" for path in files[package.name])})
        (info / f"{listed}.list").write_text("\n".join(paths) + "\n")
        (info / f"{listed}.md5sums").write_text(_sums(root, files[package.name]))
    (home / "status").write_text("\n".join(stanzas))
    (home / "available").write_text("")
    (info / "format").write_text("1\n")


def _sums(root: Path, paths: Sequence[str]) -> str:
    """What ``dpkg --verify`` compares; the format wants MD5."""
    lines = []
    for path in sorted(paths):
        spot = root / path
        if spot.is_file() and not spot.is_symlink() and not path.startswith("etc/"):
            digest = hashlib.md5(spot.read_bytes(), usedforsecurity=False).hexdigest()
            lines.append(f"{digest}  {path}\n")
    return "".join(lines)
