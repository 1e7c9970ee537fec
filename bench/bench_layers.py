"""What reading the layers of an image costs, next to the limit (the drained stream) and to others.

    python bench/bench_layers.py [--rounds 5] [--files 50000] [--bytes 1500000000] [--dive PATH]

A made image of nine layers is loaded into the engine, saved to a file, and read in turns by: a drained
``docker save`` stream, our reader on that stream, a reader built on the standard library's tarfile, dive
if it is there, our reader of the engine's own lists and of what it remembers; and from the file by cat,
ours and tarfile. Each runs in a process of its own. Seconds are those of the work, without starting
Python; CPU and memory are those of the whole process. Prints Markdown; exits 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from dockerlab import engine, measure

TAG = "dockerlab-bench/layers:1"
LAYERS = 9
CHUNK = 2**20
WAYS = ("drain", "stream", "tarfile", "dive", "lists", "memory", "cat", "file", "file-tarfile")
NAMES = {
    "drain": "save stream, drained",
    "stream": "**ours**, save stream",
    "tarfile": "tarfile, save stream",
    "dive": "dive, save stream",
    "lists": "**ours**, the engine's lists",
    "memory": "**ours**, second look",
    "cat": "cat of the saved file",
    "file": "**ours**, saved file (SHA-256 checked)",
    "file-tarfile": "tarfile, saved file",
}


# --- one way, in a process of its own -----------------------------------------------------------
def drain(saved):
    for _ in engine.connect().client.api.get_image(TAG, CHUNK):
        pass


def stream(saved):
    from dockerlab import layering
    from dockerlab.layering import stored, tarsplit

    tarsplit.config = lambda *_: None
    stored.kept = stored.kept_packing = lambda *_: None
    return summary(layering.layers(TAG))


def lists(saved):
    from dockerlab import layering
    from dockerlab.layering import stored

    stored.kept = stored.kept_packing = lambda *_: None
    return summary(layering.layers(TAG))


def memory(saved):
    from dockerlab import layering

    return summary(layering.layers(TAG))


def file(saved):
    from dockerlab import layering
    from dockerlab.layering import stored

    stored.kept = lambda *_: None
    return summary(layering.layers(saved))


def summary(image):
    return {"entries": sum(len(layer.files) for layer in image.layers), "wasted": image.wasted_bytes}


class Stream(io.RawIOBase):
    """Chunks as a file, for tarfile."""

    def __init__(self, chunks):
        self.chunks, self.left = iter(chunks), b""

    def readable(self):
        return True

    def read(self, size=-1):
        while len(self.left) < size and (chunk := next(self.chunks, b"")):
            self.left += chunk
        data, self.left = self.left[:size], self.left[size:]
        return data


def tarfile_entries(source):
    """As simple and quick as the standard library allows: nothing is kept but the names."""
    entries = 0
    with tarfile.open(fileobj=source, mode="r|", bufsize=CHUNK) as outer:
        for member in outer:
            outer.members = []
            if member.isreg() and member.size > 10_000:
                with tarfile.open(fileobj=outer.extractfile(member), mode="r|", bufsize=CHUNK) as inner:
                    for _ in inner:
                        entries += 1
                        inner.members = []
    return {"entries": entries}


def by_tarfile(saved):
    return tarfile_entries(Stream(engine.connect().client.api.get_image(TAG, CHUNK)))


def file_by_tarfile(saved):
    with open(saved, "rb") as source:
        return tarfile_entries(source)


OWN = {
    "drain": drain, "stream": stream, "tarfile": by_tarfile, "lists": lists, "memory": memory, "file": file,
    "file-tarfile": file_by_tarfile,
}  # fmt: skip


def child(way, saved):
    if not way.startswith("file"):
        engine.connect()
    begin = time.perf_counter()
    told = OWN[way](saved)
    seconds = time.perf_counter() - begin
    status = Path("/proc/self/status").read_text()
    used = resource.getrusage(resource.RUSAGE_SELF)
    peak = int(status.split("VmHWM:")[1].split()[0]) * 1024
    print(json.dumps({"s": seconds, "cpu": used.ru_utime + used.ru_stime, "memory": peak, "told": told}))


# --- all of them --------------------------------------------------------------------------------
def once(way, saved, dive):
    if way in OWN:
        command = [sys.executable, __file__, "--child", way, "--saved", saved]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        return json.loads(done.stdout)
    command = ["cat", saved] if way == "cat" else [dive, TAG, "--json", os.devnull]
    begin = time.perf_counter()
    environment = os.environ | {"DOCKER_HOST": engine.connect().endpoint.url}
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    _, status, used = os.wait4(running.pid, 0)
    seconds = time.perf_counter() - begin
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise SystemExit(f"{command} failed: {running.returncode}")
    return {"s": seconds, "cpu": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss * 1024}


def make(files, size):
    """Load an image of nine layers; every layer but the first stores some files again and deletes some."""
    chance, noise = random.Random(1), random.Random(2).randbytes(2**22)
    folder = tempfile.TemporaryDirectory(prefix="bench-layers-")
    layers, each = [], files // LAYERS
    for number in range(LAYERS):
        path = Path(folder.name, f"{number}.tar")
        with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
            for at in range(each):
                owner = number if number == 0 or at % 20 else number - 1
                name = f"usr/lib/python3/dist-packages/package{at % 300}/part{owner}/module_{at}.py"
                info = tarfile.TarInfo(
                    name if at % 97 or not number else f"{Path(name).parent}/.wh.module_{at}.py"
                )
                info.size = 0 if ".wh." in info.name else min(2**22, int(chance.expovariate(files / size)))
                tar.addfile(info, io.BytesIO(noise[: info.size]))
        layers.append(path)
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in layers]
    settings = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
            "history": [{"created_by": f"RUN step {number}"} for number in range(LAYERS)],
        }
    ).encode()
    name = f"{hashlib.sha256(settings).hexdigest()}.json"
    manifest = [{"Config": name, "RepoTags": [TAG], "Layers": [f"{digest}/layer.tar" for digest in digests]}]
    whole = Path(folder.name, "image.tar")
    with tarfile.open(whole, "w") as tar:
        for digest, path in zip(digests, layers, strict=True):
            tar.add(path, f"{digest}/layer.tar")
            path.unlink()
        for told, data in ((name, settings), ("manifest.json", json.dumps(manifest).encode())):
            info = tarfile.TarInfo(told)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    with open(whole, "rb") as image:
        for event in engine.connect().client.api.load_image(image):
            if "error" in event:
                raise SystemExit(event["error"])
    folder.cleanup()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--files", type=int, default=50_000)
    options.add_argument("--bytes", type=int, default=1_500_000_000)
    options.add_argument("--dive", default=shutil.which("dive"))
    options.add_argument("--child", choices=OWN)
    options.add_argument("--saved", default="")
    options = options.parse_args()
    if options.child:
        child(options.child, options.saved)
        return 0
    api = engine.connect().client.api
    make(options.files, options.bytes)
    try:
        with tempfile.NamedTemporaryFile(prefix="bench-layers-", suffix=".tar") as saved:
            saved.writelines(api.get_image(TAG, CHUNK))
            saved.flush()
            return compare(options, saved.name)
    finally:
        api.remove_image(TAG)


def compare(options, saved) -> int:
    ways = [way for way in WAYS if way != "dive" or options.dive]
    taken = {way: [] for way in ways}
    once("lists", saved, options.dive)  # fills the memory; and a warm-up
    for _ in range(options.rounds):
        for way in random.sample(ways, len(ways)):
            taken[way].append(once(way, saved, options.dive))
    connected, machine = engine.connect(), measure.machine()
    size = os.path.getsize(saved)
    print(
        f"Layers: {options.files:,} files, {size / 1e9:.2f} GB saved; "
        f"{connected.kind} engine {connected.version};"
    )
    print(
        f"{options.rounds} interleaved rounds, {machine.get('cpu')}, "
        f"load {os.getloadavg()[0]:.1f}, {machine.get('date')}\n"
    )
    print("| what | median, s | min to max | to the limit | CPU, s | memory, MiB | entries |")
    print("|---|---|---|---|---|---|---|")
    medians = {}
    for way in ways:
        runs = taken[way]
        limit = "cat" if way in ("cat", "file", "file-tarfile") else "drain"
        ratio = statistics.median(a["s"] / b["s"] for a, b in zip(runs, taken[limit], strict=True))
        cpu, peak = (statistics.median(run[key] for run in runs) for key in ("cpu", "memory"))
        wall = [run["s"] for run in runs]
        medians[way] = (statistics.median(wall), ratio, cpu, peak)
        entries = (runs[0].get("told") or {}).get("entries", "")
        print(
            f"| {NAMES[way]} | {statistics.median(wall):.2f} | {min(wall):.2f} to {max(wall):.2f} "
            f"| {ratio:.2f} | {cpu:.2f} | {peak / 2**20:.0f} | {entries} |"
        )
    told = {json.dumps(run["told"]) for way in ("stream", "lists", "memory", "file") for run in taken[way]}
    goals = {
        "the stream within 1.05 of the drained one": medians["stream"][1] <= 1.05,
        "at most 1.5 s of CPU": medians["stream"][2] <= 1.5,
        "at most 60 MiB": medians["stream"][3] <= 60 * 2**20,
        "the saved file within 2 of cat": medians["file"][1] <= 2,
        "the second look under 0.2 s": medians["memory"][0] < 0.2,
        "one answer by all four of our ways": len(told) == 1,
    }
    print()
    for goal, met in goals.items():
        print(f"- {goal}: {'met' if met else 'MISSED'}")
    return 0 if all(goals.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
