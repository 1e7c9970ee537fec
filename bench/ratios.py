"""What the benchmarks print alike, and the ratios they have measured, kept for the report beside it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from dockerlab import measure
from dockerlab.engine import Engine

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


def heading(what: str, timing: measure.Timing, connected: Engine | None = None) -> str:
    """What was timed, how often and where, with an empty line after it."""
    where = f"{connected.kind} engine {connected.version}, " if connected else ""
    told = timing.metadata
    return (
        f"{what},\n{where}{timing.n} interleaved rounds,\n"
        f"{told['cpu']}, load {told['load_after']}, {told['date']}\n"
    )


def table(taken: Mapping[str, measure.Timing], to: str) -> str:
    """What was timed, in Markdown, with its ratio to one of them."""
    rows = [f"| what | median, ms | 95 % interval, ms | ratio to {to} | 95 % interval |"]
    rows.append("|---|---|---|---|---|")
    for name, timing in taken.items():
        ratio = Ratio.of(timing, taken[to])
        low, high = (bound * 1e3 for bound in timing.interval)
        rows.append(
            f"| {name} | {timing.median * 1e3:.1f} | {low:.1f} to {high:.1f} "
            f"| {ratio.ratio:.3f} | {ratio.low:.3f} to {ratio.high:.3f} |"
        )
    return "\n".join(rows)


def phases(timing: measure.Timing) -> str:
    """The stretches between the marks of its runs, by their medians."""
    stretches = timing.phase_medians().durations()
    return ", ".join(f"{name} {seconds * 1e3:.1f}" for name, seconds in stretches)


def against(taken: Mapping[str, measure.Timing], to: str) -> list[Ratio]:
    """The ratios of the others to one of them."""
    return [Ratio.of(timing, taken[to]) for name, timing in taken.items() if name != to]


def show(
    what: str, taken: Mapping[str, measure.Timing], to: str, connected: Engine | None = None
) -> list[Ratio]:
    """Print the heading and the table, and keep the ratios, which are given back."""
    print(heading(what, taken[to], connected))
    print(table(taken, to))
    ratios = against(taken, to)
    keep(ratios)
    return ratios


def met(goal: float, measured: Ratio, again: Ratio) -> bool:
    """Say whether a ratio is below the goal; ``again``, the same held against itself, tells the noise."""
    below = measured.ratio < goal
    print(f"Goal: below {goal:.2f} in the median. {'Met' if below else 'Missed'}.")
    if abs(again.ratio - 1) > (goal - 1) / 2:
        print(f"The machine is too noisy for this goal: {again.to} differs from itself. Repeat when quiet.")
    return below


def keep(ratios: Sequence[Ratio]) -> None:
    """Write the ratios of the running benchmark where the report looks for them."""
    BUILD.mkdir(parents=True, exist_ok=True)
    name = Path(sys.argv[0]).stem
    kept = {"machine": measure.machine(), "ratios": [asdict(ratio) for ratio in ratios]}
    (BUILD / f"{name}.json").write_text(json.dumps(kept, indent=1), "utf-8")
