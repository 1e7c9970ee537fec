"""비교표의 여섯 줄을 모두 잽니다."""

from __future__ import annotations

from dockerlab.claims import (
    book,
    isolation,
    performance,
    portability,
    resources,
    size,
    start,
)
from dockerlab.claims.claim import Claim, ComparisonTable
from dockerlab.measure import machine
from dockerlab.progress import Report, silent

FULL_ROUNDS = 6
"""배포판 VM의 시작과 성능은 이보다 많이 재지 않습니다. 차이를 말하는 데 필요한 가장 적은 횟수입니다."""


def compare(n: int = 10, *, guest: str = "micro", report: Report = silent) -> ComparisonTable:
    """책의 비교표 여섯 줄을 이 컴퓨터에서 재어 :class:`ComparisonTable`로 돌려줍니다.

    ``n``은 ``guest``의 시작 시간을 재는 횟수이고, 더 오래 걸리는 것은 여섯 번까지만 잽니다. 줄마다의 횟수는
    그 줄의 ``n``과 ``raw``에 있습니다. 에뮬레이션에서는 몇 분 걸립니다.
    """
    few = min(n, FULL_ROUNDS)
    experiments = {
        "start": lambda: start.measure(n, guest=guest, also_n=few, report=report),
        "size": lambda: size.measure(report=report),
        "isolation": lambda: isolation.measure(min(n, 2), guest=guest, report=report),
        "performance": lambda: performance.measure(few, guest=guest, report=report),
        "portability": lambda: portability.measure(report=report),
        "resources": lambda: resources.measure(resources.COUNTS, guest=guest, report=report),
    }
    rows = []
    for claim in book.CLAIMS:
        report("비교표", len(rows), len(experiments))
        rows.append(experiments[claim]())
    report("비교표", len(rows), len(experiments))
    return gather(*rows)


def gather(*rows: Claim) -> ComparisonTable:
    """따로따로 잰 줄들을 책의 순서대로 한 표에 모읍니다. 조건과 날짜는 먼저 잰 줄의 것입니다."""
    first = min(rows, key=lambda row: row.metadata["date"]).metadata
    ordered = sorted(rows, key=lambda row: book.CLAIMS.index(row.claim))
    return ComparisonTable(tuple(ordered), first["engine"], first["vm"], machine(), first["date"])
