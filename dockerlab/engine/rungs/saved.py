"""잠든 게스트의 메모리를 담은 파일입니다.

Memory and disk belong together: what is saved is found only while nothing else has written to the disk, by
the same QEMU for the same machine, and is removed before the machine runs on.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path


class Saved:
    """잠든 게스트의 메모리를 담은 파일입니다. 같은 QEMU, 같은 기계, 같은 디스크에서만 깨어납니다."""

    def __init__(self, data: Path, disk: Path, machine: bytes) -> None:
        self.data = data
        self.disk = disk
        self.machine = hashlib.sha256(machine).hexdigest()[:16]

    def name(self) -> Path:
        # Whole seconds: an image of this file system (Binder's) may keep no more of them.
        return self.data / f"asleep-{self.machine}-{int(self.disk.stat().st_mtime)}"

    def found(self) -> Path | None:
        """깨울 수 있는 것입니다. 깨울 수 없는 것은 지웁니다."""
        wanted = self.name()
        for other in self.data.glob("asleep-*"):
            if other != wanted:
                other.unlink()
        # Empty after a machine that lost its power; QEMU would wait for more.
        return wanted if wanted.exists() and wanted.stat().st_size else None

    def forget(self) -> None:
        """저장해 둔 것을 지웁니다."""
        for each in self.data.glob("asleep-*"):
            each.unlink()

    @contextlib.contextmanager
    def writing(self) -> Iterator[Path]:
        """저장할 파일입니다. 다 쓰인 다음에야 제 이름을 얻습니다."""
        new = self.data / "asleep-new"
        try:
            yield new
            new.rename(self.name())
        finally:
            new.unlink(missing_ok=True)
