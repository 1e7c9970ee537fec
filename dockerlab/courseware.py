"""휠에 담긴 과정을 학습자의 폴더에 놓습니다. 학습자가 고친 파일은 새 판이 나와도 덮어쓰지 않습니다."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from dockerlab.places import disk_errors

MATERIAL = Path(__file__).parent / "material"
"""휠에만 있습니다. 저장소에서는 저장소 자체가 과정 폴더입니다."""

LEDGER = ".dockerlab-course.json"
"""놓은 파일마다 그때의 SHA-256을 적어 둡니다. 지금의 것과 다르면 학습자가 고친 파일입니다."""


@dataclass(frozen=True)
class Placed:
    """과정을 놓은 결과입니다. ``beside``는 고친 파일을 두고, 곁의 폴더에 따로 놓은 새 판입니다."""

    folder: Path
    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"과정 폴더: {self.folder}"]
        if self.added or self.updated:
            lines.append(f"새로 놓은 파일 {len(self.added)}개, 새 판으로 바꾼 파일 {len(self.updated)}개")
        if self.beside:
            count = len(self.beside)
            lines.append(f"고친 파일 {count}개는 그대로 두고, 새 판은 곁의 new- 폴더에 놓았습니다.")
            lines += [f"  {name}" for name in self.beside]
        return "\n".join(lines)


def is_course(folder: Path) -> bool:
    """과정을 놓은 폴더인지 봅니다."""
    return (folder / LEDGER).is_file()


def place(folder: Path, version: str, material: Path = MATERIAL) -> Placed:
    """과정의 파일들을 ``folder``에 놓습니다. 고치지 않은 파일만 새 판으로 바꿉니다.

    고친 파일은 그대로 두고, 그 파일에 새 판이 있으면 ``new-버전`` 폴더의 같은 자리에 놓습니다.
    ``DiskFull``이나 ``PlaceNotWritable``을 냅니다.
    """
    done: dict[str, list[str]] = {"added": [], "updated": [], "kept": [], "beside": []}
    with disk_errors(folder / LEDGER):
        ledger = _ledger(folder)
        for source in sorted(path for path in material.rglob("*") if path.is_file()):
            name = source.relative_to(material).as_posix()
            if "/." in name:
                continue  # a checkpoint of JupyterLab that was there when the wheel was built
            new = source.read_bytes()
            what, target = _decided(folder, name, ledger.get(name, ""), new, version)
            if what:
                done[what].append(name)
            if target is not None:
                _write(target, new)
            ledger[name] = _digest(new)
        # Last: what a killed run had not noted looks like the learner's, and is kept.
        _write(folder / LEDGER, json.dumps(ledger, indent=1, sort_keys=True).encode())
    return Placed(folder, **{what: tuple(names) for what, names in done.items()})


def _decided(folder: Path, name: str, noted: str, new: bytes, version: str) -> tuple[str, Path | None]:
    """What happens to one file, and where its new edition is written."""
    target = folder / name
    if not target.exists():
        return "added", target
    here = _digest(target.read_bytes())
    if here == _digest(new):
        return "", None
    if here == noted:
        return "updated", target
    if noted == _digest(new):
        return "kept", None
    return "beside", folder / f"new-{version}" / name


def _ledger(folder: Path) -> dict[str, str]:
    try:
        noted = json.loads((folder / LEDGER).read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}  # without notes every file counts as the learner's
    return noted if isinstance(noted, dict) else {}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f".{target.name}.{os.getpid()}")
    new.write_bytes(content)
    new.replace(target)
