"""Where the time of a start goes: a container against virtual machines, beside what others have published.

    python bench/bench_start.py [--rounds 10] [--full 4]

The race of lesson 03, with the phases apart: from the request to the first byte of user space (of the whole
distribution: to its login prompt), everything downloaded and used once before (warm). The published figures
are of other machines and other ways to measure: each says how, and none enters a ratio. Prints Markdown.
"""

from __future__ import annotations

import argparse

from ratios import Ratio, keep, phases, table

from dockerlab import claims

PUBLISHED = ("lightvm", "firecracker", "firecracker-specification", "felter", "slacker", "gvisor")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=10)
    options.add_argument("--full", type=int, default=4, help="rounds with the whole distribution; 0: none")
    options = options.parse_args()
    races = {"micro": claims.race(options.rounds, ("micro",))}
    if options.full:
        races["full"] = claims.race(options.full, ("full",))
    first = races["micro"]
    version = first.engine.get("version", "")
    print(f"Start-up, {first.engine['kind']} engine {version}, VM accelerator {first.accelerator}, warm,")
    print(f"{first.machine['cpu']}, load {first.machine['load']}, {first.date}\n")
    ratios = []
    for guest, race in races.items():
        container, vm = race.timings[claims.start.CONTAINER], race.timings[guest]
        print(table({"container": container, guest: vm}, "container") + "\n")
        print(f"- container, ms: {phases(container)}")
        print(f"- {guest} VM ({race.accelerator}), ms: {phases(vm)}\n")
        ratios.append(Ratio.of(vm, container))
    print("| published | what was measured, and how |\n|---|---|")
    for source in claims.SOURCES:
        if source.key in PUBLISHED:
            print(f"| {source.title}, {source.venue} {source.year} | {source.measured} |")
    keep(ratios)


if __name__ == "__main__":
    main()
