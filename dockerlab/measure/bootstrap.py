"""재표집(bootstrap)으로 구간을 구합니다. 같은 값에서는 언제나 같은 구간이 나옵니다."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from struct import pack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

RESAMPLES = 2_000
LEVEL = 0.95


def median_interval(values: Sequence[float]) -> tuple[float, float]:
    """중앙값의 95 % 백분위 구간(percentile bootstrap)입니다. Efron, 1979.

    값이 6~30개일 때 실제로는 참값을 92~95 % 품습니다(모의실험).
    """
    import numpy as np

    picks = _picks(len(values), values)
    return _percentiles(np.median(np.asarray(values)[picks], axis=1))


def ratio_interval(a: Sequence[float], b: Sequence[float]) -> tuple[float, float]:
    """중앙값의 비 ``a / b``의 95 % 백분위 구간입니다.

    길이가 같으면 같은 라운드의 값을 짝지어 뽑으므로, 라운드 전체가 느려진 흔들림은 비에서 지워집니다.
    """
    import numpy as np

    picks_a = _picks(len(a), [*a, *b])
    picks_b = picks_a if len(a) == len(b) else _picks(len(b), [*b, *a])
    over = np.median(np.asarray(a)[picks_a], axis=1)
    under = np.median(np.asarray(b)[picks_b], axis=1)
    return _percentiles(over / under)


def _picks(n: int, seed_from: Sequence[float]) -> np.ndarray:
    """RESAMPLES x n indices. Seeded by the data itself, so that a figure can be drawn again."""
    import numpy as np

    seed = zlib.crc32(pack(f"<{len(seed_from)}d", *seed_from))
    return np.random.default_rng(seed).integers(0, n, size=(RESAMPLES, n))


def _percentiles(statistics: np.ndarray) -> tuple[float, float]:
    import numpy as np

    low, high = np.quantile(statistics, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
