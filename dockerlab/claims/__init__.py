"""비교표의 여섯 줄을 이 컴퓨터에서 재는 방입니다. 한 줄에 한 모듈이고, 모듈마다 ``measure``가 있습니다."""

from dockerlab.claims.book import BOOK
from dockerlab.claims.claim import Claim, ComparisonTable
from dockerlab.claims.sources import SOURCES, Source
from dockerlab.claims.start import Race, race

__all__ = ["BOOK", "SOURCES", "Claim", "ComparisonTable", "Race", "Source", "race"]
