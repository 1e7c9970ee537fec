"""이미지 하나를 읽는 데 쓸 수 있는 한도입니다. 악의로 만든 이미지도 컴퓨터를 멈추게 하지 못합니다."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from dockerlab.errors import ImageTooLarge

NAME_BYTES = 4096
"""이름 하나의 바이트입니다(Linux의 PATH_MAX)."""

DEPTH = 256
"""폴더의 깊이입니다."""

RECORD_BYTES = 2**20
"""tar의 확장 헤더 하나의 바이트입니다."""

JSON_BYTES = 4 * 2**20
"""매니페스트나 설정 하나의 바이트입니다(OCI 배포 규격이 레지스트리에 요구하는 크기)."""

LAYERS = 512
"""레이어의 수입니다. Docker의 한도는 약 127입니다."""

RATIO_FROM = 2**30
"""여기까지는 얼마나 압축되었든 풉니다. 0으로 채운 파일도 배울 거리입니다."""


@dataclass
class Budget:
    """남은 한도입니다. 넘으면 ``ImageTooLarge``를 냅니다."""

    entries: int = 400_000
    names: int = 96 * 2**20
    unpacked: int = 64 * 2**30
    json: int = 64 * 2**20
    ratio: int = 200
    seconds: float = 900.0
    packed_seen: int = 0
    unpacked_seen: int = 0
    began: float = field(default_factory=time.monotonic)

    def entry(self, name_bytes: int) -> None:
        """tar의 항목 하나를 셉니다."""
        self.entries -= 1
        self.names -= name_bytes
        if self.entries < 0:
            raise _too_large("파일이 너무 많습니다.")
        if self.names < 0:
            raise _too_large("파일의 이름이 모두 합쳐 너무 깁니다.")

    def document(self, size: int) -> None:
        """JSON 하나를 셉니다."""
        self.json -= size
        if size > JSON_BYTES or self.json < 0:
            raise _too_large(f"매니페스트나 설정(JSON)이 너무 큽니다({size:,}바이트).")

    def packed(self, size: int) -> None:
        """압축된 바이트를 읽은 만큼 셉니다."""
        self.packed_seen += size

    def bytes(self, size: int) -> None:
        """압축을 푼 바이트를 셉니다. 시간도 여기서 봅니다."""
        self.unpacked_seen += size
        if self.unpacked_seen > self.unpacked:
            raise _too_large(f"풀면 {self.unpacked:,}바이트가 넘습니다.")
        if time.monotonic() - self.began > self.seconds:
            raise _too_large(f"{self.seconds:g}초 안에 다 읽지 못했습니다.")

    def inflated(self, size: int) -> None:
        """압축에서 나온 바이트를 셉니다. 압축 폭탄을 여기서 알아챕니다."""
        self.bytes(size)
        if self.unpacked_seen > RATIO_FROM and self.unpacked_seen > self.ratio * self.packed_seen:
            raise _too_large(f"압축된 것보다 {self.ratio}배 넘게 커집니다(압축 폭탄).")


def _too_large(seen: str) -> ImageTooLarge:
    return ImageTooLarge(
        "이미지가 읽을 수 있는 한도를 넘어 읽기를 멈췄습니다.",
        seen=seen,
        todo="믿을 수 있는 곳에서 온 이미지인지 확인하십시오. 아무것도 풀거나 저장하지 않았습니다.",
    )
