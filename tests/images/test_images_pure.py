"""Making a root file system and judging a saved image, without any engine."""

import gzip
import hashlib
import io
import json
import os
import tarfile

import pytest

from dockerlab.errors import ImageError
from dockerlab.images import archive, names, official, recipes, rootfs, savefile

TINY = names.reference("tiny")


def test_short_names_are_course_images_only():
    assert TINY == "dockerlab/tiny:latest"
    assert names.reference("busybox:1") == "busybox:1"


def test_origin_is_told_in_words():
    assert "이 컴퓨터에서 Debian 패키지로 만든 이미지" in names.origin_text("built:debian-trixie 4 packages")
    assert "busybox@sha256:1" in names.origin_text("registry:docker.io/library/busybox@sha256:1")
    assert names.origin_text("") == ""


def test_official_images_are_pinned():
    assert set(official.OFFICIAL) == set(names.ALL) == set(recipes.RECIPES)
    for image in official.OFFICIAL.values():
        kind, _, value = image.digest.partition(":")
        assert kind == "sha256" and len(value) == 64 and int(value, 16)


def sample(root):
    (root / "usr/bin").mkdir(parents=True)
    (root / "tmp").mkdir()
    (root / "usr/bin/program").write_text("#!/bin/sh\n")
    (root / "usr/bin/program").chmod(0o755)
    (root / "usr/bin/link").symlink_to("program")
    os.link(root / "usr/bin/program", root / "usr/bin/same")


def test_packing_twice_gives_the_same_bytes(tmp_path):
    packed = []
    for name in ("a", "b"):
        root = tmp_path / name
        root.mkdir()
        sample(root)
        archive.pack(root, tmp_path / f"{name}.tar.gz", made_after=0)
        packed.append((tmp_path / f"{name}.tar.gz").read_bytes())
    assert packed[0] == packed[1]
    with tarfile.open(fileobj=io.BytesIO(packed[0])) as tar:
        members = {member.name: member for member in tar}
    assert {member.uid for member in members.values()} == {0}
    assert members["tmp"].mode == 0o1777
    assert members["usr/bin/same"].islnk() and members["usr/bin/link"].issym()
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_applet_names_are_read_from_the_program(tmp_path):
    applets = [*sorted(recipes._WANTED_APPLETS), *(f"applet{n}" for n in range(60))]
    program = b"\x7fELF junk\0[\0[[\0" + b"\0".join(name.encode() for name in applets) + b"\0\0rest"
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/busybox").write_bytes(program)
    recipes._applets(tmp_path)
    assert os.readlink(tmp_path / "usr/bin/nslookup") == "busybox"
    assert {path.name for path in (tmp_path / "usr/bin").iterdir()} == {"busybox", "[", "[[", *applets}
    (tmp_path / "usr/bin/busybox").write_bytes(b"not busybox")
    with pytest.raises(ImageError):
        recipes._applets(tmp_path)


def test_a_spoilt_rootfs_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKERLAB_HOME", str(tmp_path))
    assert rootfs.kept("tiny", "amd64") is None
    data = b"tar"
    digest = hashlib.sha256(data).hexdigest()
    made = rootfs.Rootfs("tiny", "amd64", "trixie", recipes.VERSION, ("a=1",), digest)
    made.path.write_bytes(data)
    note = made.path.with_name("tiny-amd64.json")
    note.write_text(json.dumps(made.__dict__))
    assert rootfs.kept("tiny", "amd64") == made
    made.path.write_bytes(b"tax")
    assert rootfs.kept("tiny", "amd64") is None
    made.path.write_bytes(data)
    for spoilt in ("", "{", "[]", "null", '{"name": 1}', json.dumps({**made.__dict__, "recipe": 0})):
        note.write_text(spoilt)
        assert rootfs.kept("tiny", "amd64") is None


# --- judging what "docker save" wrote -------------------------------------------------------------
def saved(tags=(TINY,), label="tiny", index=(TINY,), extra=(), config="blobs/sha256/c"):
    """A saved image as engines write it, with one thing wrong at the caller's wish."""
    manifest = [{"Config": config, "RepoTags": list(tags), "Layers": ["blobs/sha256/l"]}]
    ref = {"org.opencontainers.image.ref.name": "latest"}
    described = [{"annotations": {"io.containerd.image.name": f"docker.io/{name}", **ref}} for name in index]
    files = {
        "blobs/sha256/c": json.dumps({"config": {"Labels": {names.IMAGE_LABEL: label}}}),
        "blobs/sha256/l": "layer",
        "index.json": json.dumps({"manifests": described}),
        "manifest.json": json.dumps(manifest),
    }
    return packed([*files.items(), *extra])


def packed(files):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(content.encode())
            tar.addfile(entry, io.BytesIO(content.encode()))
    return gzip.compress(made.getvalue())


def judged(data):
    pieces = [data[at : at + 1000] for at in range(0, len(data), 1000)]
    try:
        return savefile.problem(pieces, TINY, names.IMAGE_LABEL, "tiny")
    except savefile.Refused as refused:
        return str(refused) or "refused"


def test_a_course_image_is_accepted():
    assert judged(saved()) == ""
    assert judged(saved(index=())) == "", "the layout of older engines has no index"


@pytest.mark.parametrize(
    "wrong",
    [
        saved(tags=["python:latest"]),
        saved(tags=[TINY, "python:latest"]),
        saved(tags=[]),
        saved(index=[TINY, "learner/own:latest"]),
        saved(label="other"),
        saved(config="missing"),
        saved(extra=[("manifest.json", "[]")]),
        saved(extra=[("./manifest.json", "[]")]),
        saved(extra=[("x/../manifest.json", "[]")]),
        saved(extra=[("/manifest.json", "[]")]),
        saved(extra=[("repositories", json.dumps({"learner/own": {"latest": "1"}}))]),
        saved(extra=[("repositories", "not json")]),
        packed([]),
        packed([("manifest.json", "[" * 100_000)]),
        packed([("manifest.json", "null")]),
        gzip.compress(b"x" * 5000),
        gzip.compress(b""),
        b"not gzip",
        saved()[:-200],
        b"",
    ],
)
def test_anything_else_is_refused(wrong):
    assert judged(wrong)


def header(size_field, name=b"manifest.json", kind=b"0"):
    block = bytearray(512)
    block[: len(name)] = name
    block[124 : 124 + len(size_field)] = size_field
    block[156:157] = kind
    block[257:262] = b"ustar"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


HOSTILE = [b"\xff" * 12, b"\x80" + bytes(11), b"-0000000777\0", b"77777777777\0", b"zz"]


@pytest.mark.parametrize("size", HOSTILE)
def test_hostile_sizes_end(size):
    assert judged(gzip.compress(header(size) + bytes(1024)))


@pytest.mark.parametrize("kind", [b"L", b"K"])
def test_hidden_names_are_refused(kind):
    assert judged(gzip.compress(header(b"00000000010\0", b"x", kind) + bytes(2048)))
    pax = b"28 path=other/manifest.json\n"
    block = header(b"%011o\0" % len(pax), b"x", b"x") + pax.ljust(512, b"\0")
    assert judged(gzip.compress(block + bytes(1024)))
