"""Layers and images made byte by byte, so that they can be wrong in every way."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Sequence

BLOCK = 512
END = bytes(2 * BLOCK)


def header(
    name=b"file", size=0, kind=b"0", link=b"", *, mode=0o644, raw_size=None, magic=b"ustar\x0000", **at
):
    """One header. ``at`` puts bytes at an offset: ``at_482=b"1"``."""
    field = raw_size if raw_size is not None else b"%011o\0" % size
    block = bytearray(BLOCK)
    block[0 : len(name[:100])] = name[:100]
    block[100:108] = b"%07o\0" % mode
    block[108:124] = b"0000000\0" * 2
    block[124 : 124 + len(field)] = field
    block[136:148] = b"00000000000\0"
    block[156:157] = kind
    block[157 : 157 + len(link[:100])] = link[:100]
    block[257 : 257 + len(magic)] = magic
    for where, what in at.items():
        offset = int(where.removeprefix("at_"))
        block[offset : offset + len(what)] = what
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def entry(name=b"file", content=b"", **options):
    return header(name, len(content), **options) + padded(content)


def padded(content):
    return content + bytes(-len(content) % BLOCK)


def record(key, value):
    """A record of pax, whose length counts its own digits."""
    body = b" " + key + b"=" + value + b"\n"
    length = len(body)
    while len(b"%d" % length) + len(body) != length:
        length = len(b"%d" % length) + len(body)
    return b"%d" % length + body


def pax(*records):
    return entry(b"PaxHeaders/x", b"".join(records), kind=b"x")


def long_name(name, kind=b"L"):
    return entry(b"././@LongLink", name + b"\0", kind=kind)


def layer(*parts):
    """A whole tar out of ready parts."""
    return b"".join(parts) + END


def files(*members):
    """A tar by the standard library. A member is a name (a folder), (name, bytes) or (name, type, target)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for member in members:
            if isinstance(member, str):
                info = tarfile.TarInfo(member)
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(info)
            elif isinstance(member[1], bytes) and len(member) == 2:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                tar.addfile(info, io.BytesIO(member[1]))
            else:
                info = tarfile.TarInfo(member[0])
                info.type, info.linkname = member[1], member[2]
                tar.addfile(info)
    return buffer.getvalue()


def digest(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def config(layers: Sequence[bytes], history=None, **more):
    told = {
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [*map(digest, layers)]},
    }
    if history is not None:
        told["history"] = history
    return json.dumps(told | more).encode()


def saved(layers: Sequence[bytes], *, history=None, blobs=None, settings=None, tags=("made:1",), order=None):
    """The classic layout of docker save. ``blobs`` are the layers as they are stored."""
    blobs = layers if blobs is None else blobs
    settings = config(layers, history) if settings is None else settings
    name = f"{hashlib.sha256(settings).hexdigest()}.json"
    manifest = [
        {"Config": name, "RepoTags": list(tags), "Layers": [f"{at}/layer.tar" for at in range(len(blobs))]}
    ]
    members = [(f"{at}/layer.tar", blob) for at, blob in enumerate(blobs)]
    members += [(name, settings), ("manifest.json", json.dumps(manifest).encode())]
    return files(*(members if order is None else [members[at] for at in order]))


def oci_members(layers: Sequence[bytes], *, history=None, blobs=None, name="made:1"):
    """The files of an OCI layout, by path."""
    blobs = layers if blobs is None else blobs
    settings = config(layers, history)
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"digest": digest(settings), "size": len(settings)},
            "layers": [{"digest": digest(blob), "size": len(blob)} for blob in blobs],
        }
    ).encode()
    described = {"digest": digest(manifest), "size": len(manifest)}
    described["annotations"] = {"org.opencontainers.image.ref.name": name}
    found = {f"blobs/sha256/{digest(data)[7:]}": data for data in (*blobs, settings, manifest)}
    found["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [described]}).encode()
    found["oci-layout"] = b'{"imageLayoutVersion": "1.0.0"}'
    return found
