"""비교표의 여섯 줄을 이 컴퓨터에서 잽니다.

한 줄에 한 모듈(start, size, isolation, performance, portability, resources)이고, 모듈마다 :class:`Claim`을
돌려주는 ``measure``가 있습니다. ``race``는 시작 시간만, ``compare``는 여섯 줄을 모두 잽니다.
"""

from dockerlab.claims import (
    copyup,
    isolation,
    performance,
    portability,
    rebuild,
    resources,
    size,
    start,
)
from dockerlab.claims.book import BOOK
from dockerlab.claims.claim import Claim, ComparisonTable
from dockerlab.claims.conditions import noted
from dockerlab.claims.sources import SOURCES, Source
from dockerlab.claims.start import Race, race
from dockerlab.claims.table import compare, gather
from dockerlab.claims.whereabouts import Whereabouts

__all__ = [
    "BOOK",
    "SOURCES",
    "Claim",
    "ComparisonTable",
    "Race",
    "Source",
    "Whereabouts",
    "compare",
    "copyup",
    "gather",
    "isolation",
    "noted",
    "performance",
    "portability",
    "race",
    "rebuild",
    "resources",
    "size",
    "start",
]
