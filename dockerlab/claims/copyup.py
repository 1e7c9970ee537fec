"""카피업(copy-up): 아래 레이어의 파일을 처음 고칠 때와 다시 고칠 때의 시간, 그때 저장되는 바이트를 잽니다.

한 글자만 덧붙여도 파일 전체가 읽기·쓰기 레이어로 복사됩니다. 한 컨테이너에서 파일 하나의 카피업은 한 번뿐이라
라운드마다 새 컨테이너를 씁니다. 시간은 컨테이너 안에서 파일을 열어 한 바이트를 쓰고 닫을 때까지입니다.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dockerlab import containers, images
from dockerlab.claims import conditions
from dockerlab.images.building import build
from dockerlab.measure import Timing, machine
from dockerlab.progress import Report, silent

SIZES = (1_000_000, 16_000_000, 64_000_000)
TAG = "dockerlab/copyup:1"

# Writes one byte at the end of each file, twice, and tells the seconds.
_PROBE = """
import json, sys, time
def append(path):
    began = time.perf_counter()
    with open(path, "ab") as file:
        file.write(b"x")
    return time.perf_counter() - began
print(json.dumps({path: [append(path), append(path)] for path in sys.argv[1:]}))
"""


@dataclass(frozen=True)
class CopyUp:
    """파일의 크기(바이트)마다 처음 고칠 때(``first``)와 다시 고칠 때(``again``)의 시간입니다.

    ``stored``는 한 바이트를 덧붙였을 때 읽기·쓰기 레이어가 늘어난 바이트입니다.
    """

    first: Mapping[int, Timing]
    again: Mapping[int, Timing]
    stored: Mapping[int, int]
    notes: tuple[str, ...] = ()


def measure(sizes: Sequence[int] = SIZES, n: int = 10, report: Report = silent) -> CopyUp:
    """크기마다 파일 하나씩을 담은 이미지로 ``n``번 잽니다. 이미지는 여기서 만듭니다."""
    images.ensure("python", report)
    paths = {size: f"/srv/{size}" for size in sizes}
    writes = "; ".join(f"open('{path}', 'wb').write(bytes({size}))" for size, path in paths.items())
    build(
        f'FROM dockerlab/python\nRUN mkdir -p /srv\nRUN ["python3", "-c", "{writes}"]\n', TAG, report=report
    )
    stored = _stored(paths)
    taken: dict[str, list[tuple[float, float]]] = {path: [] for path in paths.values()}
    for number in range(n + 1):  # the first is a warm-up
        report("카피업 재기", number, n + 1)
        with containers.start(TAG, ["sleep", "3600"]) as container:
            order = random.sample(sorted(taken), len(taken))
            told = json.loads(container.exec(["python3", "-c", _PROBE, *order]).stdout)
        for path, seconds in told.items():
            taken[path].append(tuple(seconds))
    report("카피업 재기", n + 1, n + 1)
    metadata = {**machine(), "engine": conditions.label(conditions.of_engine())}

    def timings(which: int, what: str) -> dict[int, Timing]:
        found = {}
        for size, path in paths.items():
            warmup, *values = (seconds[which] for seconds in taken[path])
            found[size] = Timing(
                f"{size / 1e6:g} MB, {what}", tuple(values), warmups=(warmup,), metadata=metadata
            )
        return found

    first, again = timings(0, "처음"), timings(1, "다시")
    return CopyUp(first, again, stored, conditions.timing_notes([*first.values(), *again.values()]))


def _stored(paths: Mapping[int, str]) -> dict[int, int]:
    """How many bytes one byte costs, asked of the engine."""
    found = {}
    with containers.start(TAG, ["sleep", "3600"]) as container:
        before = container.layer().size
        for size, path in paths.items():
            container.exec(["sh", "-c", f"printf x >> {path}"])
            after = container.layer().size
            found[size] = after - before
            before = after
    return found
