"""결과를 믿기 전에 알아야 할 점입니다. 경고마다 할 일을 함께 적습니다.

기준은 hyperfine(느린 첫 실행, 벗어난 값)과 pyperf(흔들림, 짧은 값, 적은 횟수)에서 가져왔습니다.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from dockerlab.measure.timing import Timing

FEW = 10
FAR = 14.826  # hyperfine: modified Z-score |x - median| / MAD beyond ten standard deviations
FAR_AND_BIG = 5.19  # Iglewicz and Hoaglin: 0.6745 * |x - median| / MAD > 3.5 ...
BIG = 0.25  # ... counted only when it would change what a learner reads off the figure
SHORT = 1e-3
STEAL = 0.02


def caveats(*timings: Timing) -> list[str]:
    """결과들을 읽을 때 주의할 점을 한국어 문장으로 돌려줍니다. 없으면 빈 목록입니다."""
    found: list[str] = []
    for timing in timings:
        found += [f"{timing.what}: {sentence}" for sentence in _of_values(timing)]
    found += _of_machine(timings)
    return list(dict.fromkeys(found))


def outliers(values: Sequence[float]) -> tuple[int, ...]:
    """벗어난 값의 자리(0부터)를 줍니다. 수정 Z 점수 ``|x - 중앙값| / MAD``로 가립니다."""
    if len(values) < 3:
        return ()
    median = statistics.median(values)
    # Equal values have a MAD of 0; a thousandth of the median stands for the clock's grain.
    mad = max(statistics.median(abs(value - median) for value in values), median / 1000, 1e-12)
    return tuple(
        at
        for at, value in enumerate(values)
        if abs(value - median) > FAR * mad
        or (abs(value - median) > FAR_AND_BIG * mad and abs(value - median) >= BIG * median)
    )


def _of_values(timing: Timing) -> list[str]:
    values, found = timing.values, []
    far = outliers(values)
    if far and far[0] == 0 and values[0] > timing.median:
        found.append(
            "첫 실행이 다른 실행보다 눈에 띄게 느립니다. 캐시가 비어 있던(cold) 값이 섞였으니 "
            "예열(warmup)을 늘리거나 첫 실행만 따로 보십시오."
        )
        far = far[1:]
    if far:
        found.append(
            f"다른 값에서 크게 벗어난 값이 {len(far)}개 있습니다. 다른 프로그램이 끼어들었을 수 있으니 "
            "컴퓨터가 조용할 때 다시 재십시오. 값은 버리지 않고 모두 그림에 남겼습니다."
        )
    if _shaky(values):
        found.append("값이 크게 흔들립니다. 횟수(n)를 늘리고, 중앙값과 함께 구간을 보십시오.")
    if timing.n < FEW:
        found.append(f"{timing.n}번만 쟀습니다. {FEW}번 이상 재야 구간을 믿을 수 있습니다.")
    if timing.unit == "s" and timing.median < SHORT:
        found.append(
            "1 ms보다 짧아 시계와 호출의 흔들림이 섞입니다. 한 번에 같은 일을 여러 번 되풀이하게 하십시오."
        )
    return found


def _shaky(values: Sequence[float]) -> bool:
    """pyperf: standard deviation at least 10 % of the mean, or an extreme at least 50 % away."""
    mean = statistics.fmean(values)
    if len(values) < 2 or mean == 0:
        return False
    return (
        statistics.stdev(values) >= 0.10 * mean
        or min(values) <= 0.5 * mean
        or max(values) >= 1.5 * mean
    )


def _of_machine(timings: Sequence[Timing]) -> list[str]:
    found = []
    for metadata in (timing.metadata for timing in timings):
        cores, load = metadata.get("cores"), metadata.get("load")
        # Only the load before the first round: afterwards it is our own work that shows.
        if cores and load is not None and load >= 0.75 * cores:
            found.append(
                f"재기 전부터 컴퓨터가 바빴습니다(코어 {cores}개에 평균 부하 {load}). "
                "다른 프로그램을 닫고 다시 재십시오."
            )
        steal = metadata.get("steal") or 0.0
        if steal >= STEAL:
            found.append(
                f"재는 동안 CPU 시간의 {100 * steal:.0f} %를 이웃한 가상 머신에 빼앗겼습니다(steal). "
                "비율은 참고로만 보고 조용할 때 다시 재십시오."
            )
    return found
