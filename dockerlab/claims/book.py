"""책의 비교표입니다. 여섯 줄의 주장을 책에 적힌 그대로 한곳에 둡니다."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """비교표의 한 줄입니다. ``title``은 줄의 이름, ``vm``과 ``container``는 책에 적힌 값입니다."""

    claim: str
    title: str
    vm: str
    container: str


BOOK = (
    Row("start", "시작 시간", vm="분 단위", container="초 단위"),
    Row("size", "크기", vm="수 GB", container="수십~수백 MB"),
    Row("isolation", "격리 수준", vm="하드웨어 수준의 완전 격리", container="프로세스 수준"),
    Row("performance", "성능", vm="오버헤드 있음", container="네이티브에 가까움"),
    Row("portability", "이식성", vm="하이퍼바이저 의존", container="어디서든 동일"),
    Row("resources", "리소스 사용", vm="고정 할당", container="필요한 만큼"),
)
CLAIMS = tuple(row.claim for row in BOOK)


def row(claim: str) -> Row:
    """그 주장의 줄을 돌려줍니다."""
    return next(each for each in BOOK if each.claim == claim)
