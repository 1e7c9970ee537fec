"""The ratios a benchmark has measured, kept for the report beside what it prints."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from dockerlab import measure

BUILD = Path(__file__).resolve().parent.parent / "build" / "bench"


@dataclass(frozen=True)
class Ratio:
    """How many times as much ``what`` takes as ``to`` in the same interleaved run, with its 95 % interval."""

    what: str
    to: str
    ratio: float
    low: float
    high: float
    n: int

    @classmethod
    def of(cls, what: measure.Timing, to: measure.Timing) -> Ratio:
        found = measure.compare(what, to)
        return cls(what.what, to.what, found.ratio, *found.interval, what.n)


def keep(ratios: Sequence[Ratio]) -> None:
    """Write the ratios of the running benchmark where the report looks for them."""
    BUILD.mkdir(parents=True, exist_ok=True)
    name = Path(sys.argv[0]).stem
    kept = {"machine": measure.machine(), "ratios": [asdict(ratio) for ratio in ratios]}
    (BUILD / f"{name}.json").write_text(json.dumps(kept, indent=1), "utf-8")
