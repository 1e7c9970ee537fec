"""Fuzz the reader of images: whatever the bytes, an image or one of our errors, and soon.

    python tests/fuzz/fuzz_layers.py [--inputs 1000000] [--seed 1] [--keep FOLDER]

Every input is a small image, good or hostile, with bytes changed, cut, repeated or exchanged; a checksum
is often put right again, so that what lies behind it is reached. Whatever escapes is written to FOLDER,
and the exit code is 1. The same seed makes the same inputs.
"""

from __future__ import annotations

import argparse
import gzip
import random
import signal
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "layers"))
from backports import zstd
from crafted import BLOCK, entry, files, layer, long_name, oci_members, pax, record, saved
from hostile import CASES

from dockerlab.errors import DockerlabError
from dockerlab.layering import archive, stored
from dockerlab.layering.budget import Budget
from dockerlab.layering.compression import packed, unpacked
from dockerlab.layering.contents import scan
from dockerlab.layering.cursor import Cursor

SMALL = 200_000
HANG = 10  # seconds for one input


def seeds():
    """Small images to begin with."""
    rich = layer(
        entry(b"d/", kind=b"5"), entry(b"d/a", b"x" * 700), entry(b"l", kind=b"2", link=b"d/a"),
        entry(b"h", kind=b"1", link=b"d/a"), pax(record(b"path", "가나".encode()), record(b"mtime", b"1.5")),
        entry(b"x", b"y"), long_name(b"n" * 150), entry(b"n", b"z"), entry(b"d/.wh.b"),
        entry(b"d/.wh..wh..opq"),
    )  # fmt: skip
    history = [{"created_by": "RUN x"}]
    found = [rich, saved([rich], history=history), saved([rich, layer(entry(b".wh.d"))])]
    found += [files(*oci_members([rich], blobs=blobs).items()) for blobs in ([rich], [gzip.compress(rich)])]
    found.append(files(*oci_members([rich], blobs=[zstd.compress(rich)]).items()))
    for make, _ in CASES.values():
        if "half_a_million" in make.__name__ or "bomb" in make.__name__ or "for_ever" in make.__name__:
            continue
        data = make()
        if len(data) <= SMALL:
            found.append(data)
    return found


def mutated(data, chance, others):
    """A changed copy of an input."""
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        how = chance.randrange(7)
        at = chance.randrange(len(made) + 1)
        length = chance.choice((1, 2, 4, 12, 100, BLOCK))
        if how == 0 and made:
            made[at % len(made)] ^= 1 << chance.randrange(8)
        elif how == 1:
            made[at : at + length] = chance.randbytes(length)
        elif how == 2:
            del made[at:]
        elif how == 3:
            block = at // BLOCK * BLOCK
            made[block:block] = made[block : block + BLOCK]
        elif how == 4:
            del made[at : at + length]
        elif how == 5:
            other = chance.choice(others)
            start = chance.randrange(len(other) + 1) // BLOCK * BLOCK
            block = at // BLOCK * BLOCK
            made[block : block + BLOCK] = other[start : start + BLOCK]
        else:
            field = chance.choice(((124, 12), (156, 1), (100, 8), (257, 8), (345, 4), (482, 13)))
            start = at // BLOCK * BLOCK + field[0]
            made[start : start + field[1]] = chance.choice(
                (
                    b"\xff" * field[1],
                    b"\x80" + bytes(field[1] - 1),
                    b"7" * field[1],
                    bytes(field[1]),
                    b"x",
                    b"S",
                    b"L",
                )
            )
        if chance.random() < 0.7:
            mend(made, at // BLOCK * BLOCK)
    return bytes(made)


def mend(data, at):
    """Put the checksum of a header right."""
    if at + BLOCK <= len(data):
        data[at + 148 : at + 156] = b" " * 8
        data[at + 148 : at + 156] = b"%06o\0 " % sum(data[at : at + BLOCK])


def attempt(data):
    """Read an input as an image and as a layer."""
    budget = Budget(entries=20_000, unpacked=2**28)
    for read in (
        lambda: archive.read_stream(
            unpacked([data], budget) if packed(data[:4]) else [data], "", budget, "fuzz"
        ).image.as_dict(),
        lambda: scan(Cursor(unpacked([data], budget)), budget),
    ):
        try:
            read()
        except DockerlabError as error:
            assert error.what and error.seen and error.todo
            assert str(error).replace("\n", "").isprintable(), repr(str(error))


def hung(*_):
    raise RuntimeError(f"no end after {HANG} s")


def fuzz(inputs, seed, keep=None):
    """Try inputs; tell what escaped."""
    stored.keep = lambda *_: None  # nothing is remembered, nothing is written
    chance, corpus, escaped = random.Random(seed), seeds(), []
    signal.signal(signal.SIGALRM, hung)
    for number in range(inputs):
        data = mutated(chance.choice(corpus), chance, corpus)
        signal.alarm(HANG)
        try:
            attempt(data)
        except Exception:
            escaped.append((number, traceback.format_exc()))
            if keep is not None:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{seed}-{number}.bin").write_bytes(data)
        finally:
            signal.alarm(0)
    return escaped


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--inputs", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--keep", type=Path, default=Path("build/fuzz"))
    options = options.parse_args()
    began = time.monotonic()
    escaped = fuzz(options.inputs, options.seed, options.keep)
    for number, trace in escaped[:10]:
        print(f"--- input {number}\n{trace}")
    print(
        f"{options.inputs} inputs, seed {options.seed}: {len(escaped)} escaped; "
        f"{time.monotonic() - began:.0f} s"
    )
    return 1 if escaped else 0


if __name__ == "__main__":
    sys.exit(main())
