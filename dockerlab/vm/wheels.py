"""설치된 Python 휠에 든 파일을, 휠에 적힌 SHA-256과 견주어 확인하고 내어 줍니다."""

from __future__ import annotations

import base64
import importlib.metadata
from pathlib import Path

from dockerlab.errors import ChecksumMismatch, GuestMissing
from dockerlab.vm.kept import digest


def checked_file(distribution: str, ending: str) -> Path:
    """휠 ``distribution``에서 이름이 ``ending``으로 끝나는 파일의 경로를 돌려줍니다.

    휠의 RECORD에 적힌 SHA-256과 다르면 ``ChecksumMismatch``, 휠이나 파일이 없으면 ``GuestMissing``입니다.
    """
    try:
        wheel = importlib.metadata.distribution(distribution)
    except importlib.metadata.PackageNotFoundError as error:
        raise _missing(distribution, "휠이 설치되어 있지 않음") from error
    for entry in wheel.files or ():
        if not entry.name.endswith(ending):
            continue
        path = Path(str(wheel.locate_file(entry)))
        if not path.is_file():
            raise _missing(distribution, f"{entry.name} 없음")
        recorded = entry.hash.value if entry.hash and entry.hash.mode == "sha256" else ""
        if digest(path) != base64.urlsafe_b64decode(recorded + "=" * (-len(recorded) % 4)).hex():
            raise ChecksumMismatch(
                f"게스트의 파일이 손상되었습니다: {entry.name}",
                seen=f"SHA-256이 {distribution} {wheel.version}의 기록과 다름",
                todo=f"다시 설치하십시오: pip install --force-reinstall {distribution}",
            )
        return path
    raise _missing(distribution, f"이름의 끝이 {ending}인 파일이 없음")


def _missing(distribution: str, seen: str) -> GuestMissing:
    return GuestMissing(
        "게스트의 커널과 디스크가 없습니다.",
        seen=f"{distribution}: {seen}",
        todo=f"설치하십시오: pip install {distribution}",
    )
