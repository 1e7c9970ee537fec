"""The ways of reading an image's layers, each run in a process of its own, which tells what it cost.

Seconds are those of the work, without starting Python; CPU and memory are those of the whole process.
Nothing of ours is imported before it is needed, so that what starts a peer is small.
"""

from __future__ import annotations

import io
import json
import os
import resource
import subprocess
import sys
import tarfile
import time

CHUNK = 2**20


def drain(source):
    from layer_images import patient

    for _ in patient().get_image(source, CHUNK):
        pass


def stream(source):
    from dockerlab.layering import tarsplit

    tarsplit.config = lambda *_: None
    return lists(source)


def lists(source):
    from dockerlab.layering import stored

    stored.kept = stored.kept_packing = lambda *_: None
    return memory(source)


def decoded(source):
    """The engine's lists, unpacked, and their JSON and base64 read: what any reader has to do."""
    from dockerlab.layering import contents, stored, tarsplit

    def drained(cursor, _):
        cursor.drain()
        return contents.Contents((), (), (), cursor.position)

    tarsplit.scan = drained
    stored.keep = stored.keep_packing = lambda *_: None
    lists(source)


def memory(source):
    return summary(source)


def checked(source):
    from dockerlab.layering import stored

    stored.kept = stored.kept_packing = lambda *_: None
    return summary(source, verify=True)


def summary(source, **options):
    from dockerlab import layering

    image = layering.layers(source, **options)
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


def by_tarfile(source):
    from layer_images import patient

    return tarfile_entries(Stream(patient().get_image(source, CHUNK)))


def file_by_tarfile(source):
    with open(source, "rb") as file:
        return tarfile_entries(file)


OWN = {
    "drain": drain, "stream": stream, "tarfile": by_tarfile, "lists": lists, "decoded": decoded,
    "memory": memory, "file": lists, "file-cold": lists, "file-checked": checked, "file-memory": memory,
    "file-tarfile": file_by_tarfile,
}  # fmt: skip


def own(way, source):
    if not way.startswith("file"):
        from dockerlab import engine

        engine.connect()
    begin = time.perf_counter()
    told = OWN[way](source)
    seconds = time.perf_counter() - begin
    used = resource.getrusage(resource.RUSAGE_SELF)
    # Not ru_maxrss: it remembers how large the process was that started this one.
    with open("/proc/self/status") as status:
        peak = int(status.read().split("VmHWM:")[1].split()[0]) * 1024
    return {"s": seconds, "cpu": used.ru_utime + used.ru_stime, "memory": peak, "told": told}


def peer(command):
    """A program of others. Its memory is at least this process's own, about 15 MB."""
    begin = time.perf_counter()
    running = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    said = running.stderr.read().decode(errors="replace")
    _, status, used = os.wait4(running.pid, 0)
    seconds = time.perf_counter() - begin
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise SystemExit(f"{command} failed: {said[-2000:]}")
    memory = used.ru_maxrss * 1024
    return {"s": seconds, "cpu": used.ru_utime + used.ru_stime, "memory": memory, "told": None}


if __name__ == "__main__":
    way, *rest = sys.argv[1:]
    print(json.dumps(peer(rest) if way == "peer" else own(way, *rest)))
