"""Images as different tools write them, byte by byte, against what is known to be inside."""

from __future__ import annotations

import gzip
import hashlib
import json
import platform

import pytest
from backports import zstd
from crafted import config, digest, entry, files, layer, oci_members, saved

from dockerlab import layering
from dockerlab.errors import ImageUnclear

BASE = layer(entry(b"etc/", kind=b"5"), entry(b"etc/conf", b"1" * 100), entry(b"big", b"b" * 5000))
TOP = layer(entry(b"etc/conf", b"2" * 70), entry(b"etc/new", b"n" * 10), entry(b".wh.big"))
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Write a tar, or a folder of members, and read it; nothing is remembered."""
    count = iter(range(100))

    def reading(given, name=""):
        spot = tmp_path / str(next(count))
        if isinstance(given, bytes):
            spot.write_bytes(given)
        else:
            for path, data in given.items():
                (spot / path).parent.mkdir(parents=True, exist_ok=True)
                (spot / path).write_bytes(data)
        memory = tmp_path / f"memory-{spot.name}"
        memory.mkdir()
        monkeypatch.setattr("dockerlab.layering.stored.cache_dir", lambda *parts: memory)
        return layering.layers(f"{spot}{name}")

    return reading


def expected(image):
    """What BASE and TOP are, however they were packed."""
    below, above = image.changes
    assert below.added == ("/big", "/etc", "/etc/conf")
    assert (above.added, above.changed, above.deleted) == (("/etc/new",), ("/etc/conf",), ("/big",))
    assert [(waste.path, waste.size, waste.stored, waste.hidden) for waste in image.wasted] == [
        ("/big", 5000, 0, 1), ("/etc/conf", 100, 0, 1),
    ]  # fmt: skip
    assert (image.wasted_bytes, image.files) == (5100, 2)
    assert image.efficiency == pytest.approx(80 / 5180)
    assert all(each.checked for each in image.layers)


def blob(data):
    return {f"blobs/sha256/{digest(data)[7:]}": data}


def manifest(settings, blobs):
    told = {
        "schemaVersion": 2,
        "config": {"digest": digest(settings), "size": len(settings)},
        "layers": [{"digest": digest(each), "size": len(each)} for each in blobs],
    }
    return json.dumps(told).encode()


def index(*described):
    return json.dumps({"schemaVersion": 2, "manifests": list(described)}).encode()


def described(data, machine="", **annotations):
    told = {"digest": digest(data), "size": len(data), "annotations": annotations}
    if machine:
        told["platform"] = {"os": "linux" if machine != "unknown" else "unknown", "architecture": machine}
    return told


def test_kaniko_writes_a_snapshot_with_the_whole_path_and_whiteouts_last(read):
    # Every parent again, absolute-looking folder names, gzip, blobs named after their digest at the top.
    snapshot = layer(
        entry(b"/", kind=b"5", mode=0o755), entry(b"etc/", kind=b"5"), entry(b"etc/conf", b"2" * 70),
        entry(b"etc/new", b"n" * 10), entry(b".wh.big"),
    )  # fmt: skip
    layers = [BASE, snapshot]
    packed = [gzip.compress(each) for each in layers]
    settings = config(layers, [{"created_by": "base"}, {"created_by": "RUN change", "author": "kaniko"}])
    names = [f"{hashlib.sha256(each).hexdigest()}.tar.gz" for each in packed]
    told = [{"Config": digest(settings), "RepoTags": ["made:1"], "Layers": names}]
    members = [(digest(settings), settings), *zip(names, packed, strict=True)]
    image = read(files(*members, ("manifest.json", json.dumps(told).encode())))
    expected(image)
    assert [each.instruction for each in image.layers] == ["base", "RUN change"]
    assert [each.digest for each in image.layers] == [*map(digest, packed)]


def test_kaniko_with_one_snapshot_has_one_layer(read):
    whole = layer(entry(b"app/", kind=b"5"), entry(b"app/a", b"a" * 9), entry(b"app/b", b"b"))
    packed = gzip.compress(whole)
    name = f"{hashlib.sha256(packed).hexdigest()}.tar.gz"
    settings = config([whole], [{"created_by": "RUN a"}, {"created_by": "COPY b"}, {"created_by": "RUN c"}])
    told = [{"Config": digest(settings), "RepoTags": None, "Layers": [name]}]
    image = read(
        files((digest(settings), settings), (name, packed), ("manifest.json", json.dumps(told).encode()))
    )
    assert image.changes[0].added == ("/app", "/app/a", "/app/b")
    assert image.layers[0].instruction == ""  # three steps, one layer: none of them is to be named
    assert image.wasted_bytes == 0


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress, bytes])
@pytest.mark.parametrize("whole", [True, False])
def test_buildkit_writes_an_index_of_platforms_with_attestations(read, pack, whole):
    blobs = [pack(BASE), pack(TOP)]
    history = [
        {"created_by": "COPY base / # buildkit"},
        {"created_by": "ENV A=1", "empty_layer": True},
        {"created_by": "RUN /bin/sh -c change # buildkit"},
    ]
    settings = config([BASE, TOP], history)
    ours = manifest(settings, blobs)
    other = manifest(config([TOP]), [TOP])
    statement = b'{"_type": "https://in-toto.io/Statement/v0.1"}'
    told = {"config": {"digest": digest(b"{}")}, "layers": [{"digest": digest(statement), "size": 45}]}
    proof = json.dumps(told).encode()
    marks = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest(ours)}
    platforms = index(
        described(other, "riscv64"), described(ours, ARCHITECTURE), described(proof, "unknown", **marks)
    )
    members = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}
    members["index.json"] = index(described(platforms, **{"io.containerd.image.name": "docker.io/me/app:1"}))
    for data in (*blobs, TOP, settings, ours, other, statement, proof, platforms, config([TOP]), b"{}"):
        members |= blob(data)
    given = files(*members.items()) if whole else members
    image = read(given)
    expected(image)
    assert [each.instruction for each in image.layers] == ["COPY base /", "RUN change"]
    expected(read(given, "#me/app:1"))


def test_an_index_within_an_index_within_an_index(read):
    members = oci_members([BASE, TOP])
    for _ in range(2):
        inner = members["index.json"]
        members |= blob(inner) | {"index.json": index(described(inner))}
    expected(read(members))


def test_one_image_with_two_names_needs_no_choice(read):
    members = oci_members([BASE, TOP], name="made:1")
    told = json.loads(members["index.json"])
    again = json.loads(json.dumps(told["manifests"][0]))
    again["annotations"] = {"org.opencontainers.image.ref.name": "made:latest"}
    expected(read(members | {"index.json": index(told["manifests"][0], again)}))


@pytest.mark.parametrize("history", [None, [], [{"created_by": "CMD x", "empty_layer": True}]])
def test_from_scratch_without_a_layer(read, history):
    image = read(saved([], history=history))
    assert (image.layers, image.files, image.wasted_bytes, image.efficiency) == ((), 0, 0, 1.0)
    assert json.dumps(image.as_dict())


def test_from_scratch_with_an_empty_layer_and_no_history(read):
    image = read(files(*oci_members([layer(), layer(entry(b"only", b"1"))], history=[]).items()))
    assert image.changes[0].added == ()
    assert image.changes[1].added == ("/only",)
    assert [each.instruction for each in image.layers] == ["", ""]


def test_two_images_saved_into_one_tar_share_their_base(read):
    first, second = config([BASE, TOP]), config([BASE])
    told = [
        {"Config": "one.json", "RepoTags": ["one:1", "one:latest"], "Layers": ["a/layer.tar", "b/layer.tar"]},
        {"Config": "two.json", "RepoTags": ["two:latest"], "Layers": ["a/layer.tar"]},
    ]
    tar = files(
        ("a/layer.tar", BASE), ("b/layer.tar", TOP), ("one.json", first), ("two.json", second),
        ("manifest.json", json.dumps(told).encode()), ("repositories", b"{}"),
    )  # fmt: skip
    expected(read(tar, "#one:1"))
    expected(read(tar, "#one"))
    expected(read(gzip.compress(tar), "#one:1"))
    images = [read(tar, "#one"), read(tar, "#two:latest")]
    assert layering.shared_layers(images) == images[1].layers
    assert layering.unique_size(images) == images[0].size_unpacked
    with pytest.raises(ImageUnclear) as refused:
        read(tar)
    assert "one:1" in refused.value.seen and "two:latest" in refused.value.seen


def test_the_same_layer_twice_as_docker_links_it(read):
    import tarfile

    again = [BASE, TOP, TOP]
    told = [{"Config": "c.json", "RepoTags": [], "Layers": ["0/layer.tar", "1/layer.tar", "2/layer.tar"]}]
    image = read(
        files(
            ("0/layer.tar", BASE), ("1/layer.tar", TOP), ("2/layer.tar", tarfile.SYMTYPE, "../1/layer.tar"),
            ("c.json", config(again)), ("manifest.json", json.dumps(told).encode()),
        )
    )  # fmt: skip
    assert [each.diff_id for each in image.layers] == [*map(digest, again)]
    assert image.changes[2].changed == ("/etc/conf", "/etc/new")
    assert image.wasted_bytes == 5100 + 80


def test_podman_and_skopeo_name_blobs_after_their_digest(read):
    layers = [BASE, TOP]
    settings = config(layers)
    names = [f"{hashlib.sha256(each).hexdigest()}.tar" for each in layers]
    where = f"{hashlib.sha256(settings).hexdigest()}.json"
    told = [{"Config": where, "RepoTags": ["localhost/made:1"], "Layers": names}]
    members = [*zip(names, layers, strict=True), (where, settings)]
    expected(read(files(*members, ("manifest.json", json.dumps(told).encode())), "#localhost/made:1"))
