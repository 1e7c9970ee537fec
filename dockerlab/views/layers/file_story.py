"""파일 하나의 내력입니다: 어느 레이어가 담고, 바꾸고, 지우고, 가렸는가."""

from __future__ import annotations

import stat
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from dockerlab.layering import File, Image, shown
from dockerlab.layering.model import DEVICE, FILE, FOLDER, PIPE, SYMLINK
from dockerlab.views.layers.stack import Level
from dockerlab.views.units import size

KINDS = {FILE: "파일", FOLDER: "폴더", SYMLINK: "심볼릭 링크", DEVICE: "장치", PIPE: "파이프"}
_BITS = {
    FILE: stat.S_IFREG,
    FOLDER: stat.S_IFDIR,
    SYMLINK: stat.S_IFLNK,
    PIPE: stat.S_IFIFO,
    DEVICE: stat.S_IFCHR,
}


class Event(NamedTuple):
    """레이어 하나가 그 파일에 한 일입니다."""

    layer: int
    sentence: str


def file_facts(file: File) -> list[tuple[str, str]]:
    """파일 하나의 이름과 값들입니다."""
    told = [("종류", KINDS.get(file.kind, file.kind))]
    if file.kind == FILE:
        told.append(("크기", size(file.size)))
    if file.mode < 0:
        return [*told, ("적힌 곳", "어느 레이어에도 따로 적히지 않은 중간 폴더입니다.")]
    told.append(("권한", f"{stat.filemode(_BITS.get(file.kind, 0) | file.mode)} ({file.mode:04o})"))
    told.append(("소유자", f"uid {file.uid}, gid {file.gid}"))
    told.append(("수정한 때", _date(file.mtime)))
    if file.link:
        told.append(("가리키는 곳", shown(file.link)))
    if file.twin:
        told.append(("하드 링크", f"{shown(file.twin)}과(와) 내용을 나누어 씁니다."))
    return told


def story(image: Image, levels: Sequence[Level], path: str) -> list[Event]:
    """``path``에 일어난 일을 아래 레이어부터 적습니다."""
    wastes = [waste for waste in image.wasted if waste.path == path]
    told, there = [], False
    for level, changes in zip(levels, image.changes, strict=True):
        if _has(changes.added, path):
            done, there = "더했습니다", True
        elif _has(changes.changed, path):
            done, there = "바꿨습니다", True
        elif there and any(_has(changes.deleted, each) for each in _upward(path)):
            done, there = "지웠습니다", False
        else:
            done = ""
        left = [
            f"{levels[waste.stored].name}에 담긴 {size(waste.size)}는 보이지 않지만 남아 있습니다(낭비)."
            for waste in wastes
            if waste.hidden == level.number
        ]
        if done or left:
            sentences = [f"{level.name}가 {done or '가렸습니다'}.", *left]
            told.append(Event(level.number, " ".join(sentences)))
    return told


def _upward(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]


def _has(paths: Sequence[str], path: str) -> bool:
    """Whether a sorted list has it."""
    at = bisect_left(paths, path)
    return at < len(paths) and paths[at] == path


def _date(seconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return f"유닉스 시각 {seconds}"
