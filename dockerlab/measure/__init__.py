"""시간을 정직하게 잽니다: 섞인 라운드, 날것의 값, 중앙값과 구간, 주의할 점."""

from dockerlab.measure.caveats import caveats
from dockerlab.measure.comparison import Comparison, compare
from dockerlab.measure.machine import machine
from dockerlab.measure.phases import Phases
from dockerlab.measure.rounds import rounds
from dockerlab.measure.timing import Timing

__all__ = ["Comparison", "Phases", "Timing", "caveats", "compare", "machine", "rounds"]
