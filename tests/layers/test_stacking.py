"""The algebra of layers, on images whose contents are known."""

from __future__ import annotations

import gzip
import io
import json
import tarfile

import pytest
from backports import zstd
from crafted import END, digest, entry, files, layer, oci_members, saved
from hypothesis import given
from hypothesis import strategies as st

from dockerlab import cli, layering
from dockerlab.errors import ImageUnclear, ImageUnreadable
from dockerlab.layering.documents import instruction
from dockerlab.layering.model import File, Image, Layer


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKERLAB_HOME", str(tmp_path / "home"))


def read(tmp_path, *layers, **options):
    path = tmp_path / "image.tar"
    path.write_bytes(saved(layers, **options))
    return layering.layers(str(path))


def changes(image, at=-1):
    told = image.changes[at]
    return list(told.added), list(told.changed), list(told.deleted)


def test_added_changed_and_deleted(tmp_path):
    image = read(
        tmp_path,
        files("app", ("app/a", b"1" * 100), ("app/b", b"2" * 50)),
        files("app", ("app/a", b"3" * 150), ("app/.wh.b", b""), ("app/c", b"4")),
    )
    assert changes(image, 0) == (["/app", "/app/a", "/app/b"], [], [])
    assert changes(image, 1) == (["/app/c"], ["/app/a"], ["/app/b"])
    assert image.files == 2
    assert [layer.size_unpacked for layer in image.layers] == [150, 151]
    assert {(waste.path, waste.size, waste.stored, waste.hidden) for waste in image.wasted} == {
        ("/app/a", 100, 0, 1),
        ("/app/b", 50, 0, 1),
    }
    assert image.wasted_bytes == 150
    assert image.efficiency == pytest.approx(151 / 301)


@pytest.mark.parametrize("first", [True, False])
def test_an_opaque_folder_hides_only_what_is_below_wherever_it_stands(tmp_path, first):
    opaque, new = ("d/.wh..wh..opq", b""), ("d/new", b"n")
    image = read(
        tmp_path,
        files("d", ("d/old", b"o" * 9), "d/sub", ("d/sub/x", b"x")),
        files("d", *((opaque, new) if first else (new, opaque))),
    )
    assert changes(image) == (["/d/new"], [], ["/d/old", "/d/sub"])
    assert set(image.tree()) == {"/d", "/d/new"}
    assert image.wasted_bytes == 10


@pytest.mark.parametrize("first", [True, False])
def test_deleted_and_made_again_in_one_layer_is_changed(tmp_path, first):
    gone, again = ("d/.wh.x", b""), ("d/x", b"new")
    image = read(
        tmp_path,
        files("d", "d/x", ("d/x/y", b"12345")),
        files("d", *((gone, again) if first else (again, gone))),
    )
    assert changes(image) == ([], ["/d/x"], [])
    assert image.tree()["/d/x"][0].kind == "file"
    assert image.wasted_bytes == 5


def test_a_folder_deleted_is_one_path(tmp_path):
    image = read(tmp_path, files("d", ("d/a", b"1"), ("d/e/f", b"22")), files((".wh.d", b"")))
    assert changes(image) == ([], [], ["/d"])
    assert image.files == 0
    assert image.wasted_bytes == 3
    assert image.efficiency == 0


def test_a_file_over_a_folder_and_a_folder_over_a_file(tmp_path):
    image = read(tmp_path, files("d", ("d/a", b"1"), ("f", b"22")), files(("d", b"333"), "f", ("f/x", b"4")))
    assert changes(image) == (["/f/x"], ["/d", "/f"], [])
    assert set(image.tree()) == {"/d", "/f", "/f/x"}


def test_hard_links_store_their_bytes_once(tmp_path):
    linked = files(("a", b"x" * 1000), ("b", tarfile.LNKTYPE, "a"), ("c", tarfile.LNKTYPE, "a"))
    image = read(tmp_path, linked, files((".wh.a", b"")), files((".wh.b", b""), (".wh.c", b"")))
    assert image.size_unpacked == 1000
    assert image.tree(0)["/c"][0].size == 1000
    assert image.tree(1)["/b"][0].size == 1000  # still seen under its other names
    assert [(waste.path, waste.size, waste.hidden) for waste in image.wasted] == [("/a", 1000, 2)]


def test_a_hard_link_into_a_layer_below(tmp_path):
    image = read(tmp_path, files(("a", b"x" * 7)), files(("b", tarfile.LNKTYPE, "a")), files((".wh.a", b"")))
    assert image.tree()["/b"][0].size == 7
    assert image.wasted_bytes == 0
    assert image.size_unpacked == 7


def test_of_entries_with_one_name_the_last_wins(tmp_path):
    image = read(tmp_path, layer(entry(b"a", b"1" * 100), entry(b"b"), entry(b"./a", b"22")))
    assert image.tree()["/a"][0].size == 2
    assert image.layers[0].size_unpacked == 2


def test_a_replaced_original_leaves_its_links_their_content(tmp_path):
    image = read(
        tmp_path, layer(entry(b"a", b"1" * 100), entry(b"b", kind=b"1", link=b"a"), entry(b"a", b"22"))
    )
    assert {path: file.size for path, (file, _) in image.tree().items()} == {"/b": 100, "/a": 2}
    assert image.layers[0].size_unpacked == 102


def test_a_folder_written_again_is_no_change_unless_its_mode_is(tmp_path):
    image = read(
        tmp_path,
        layer(entry(b"d/", kind=b"5", mode=0o755), entry(b"e/", kind=b"5", mode=0o755)),
        layer(entry(b"d/", kind=b"5", mode=0o755), entry(b"e/", kind=b"5", mode=0o700)),
    )
    assert changes(image) == ([], ["/e"], [])


def test_history_without_empty_layers_names_each_layer(tmp_path):
    history = [
        {"created_by": "/bin/sh -c #(nop) ADD file:1 in / "},
        {"created_by": "ENV A=1", "empty_layer": True},
        {"created_by": "RUN /bin/sh -c apt-get update # buildkit"},
    ]
    image = read(tmp_path, files(("a", b"1")), files(("b", b"2")), history=history)
    assert [layer.instruction for layer in image.layers] == ["ADD file:1 in /", "RUN apt-get update"]


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        (None, ["", ""]),
        ([], ["", ""]),
        ([{"created_by": "COPY b"}], ["", "COPY b"]),
        ([{"created_by": "A"}, {"created_by": "B"}, {"created_by": "ENV C"}], ["", ""]),
    ],
)
def test_a_missing_short_or_long_history_blames_no_wrong_layer(tmp_path, history, expected):
    image = read(tmp_path, files(("a", b"1")), files(("b", b"2")), history=history)
    assert [layer.instruction for layer in image.layers] == expected


@pytest.mark.parametrize(
    ("created_by", "expected"),
    [
        ("|1 A=b /bin/sh -c make", "RUN make"),
        ("RUN |1 A=b /bin/sh -c make # buildkit", "RUN make"),
        ("COPY --from=0 /x / # buildkit", "COPY --from=0 /x /"),
        ('/bin/sh -c #(nop)  CMD ["sh"]', 'CMD ["sh"]'),
        ("crane flatten sha256:1", "crane flatten sha256:1"),
        (f"/bin/sh -c #(nop) COPY file:{'ab' * 32} in /app ", "COPY file:abababababab in /app"),
    ],
)
def test_instructions_read_like_a_dockerfile(created_by, expected):
    assert instruction(created_by) == expected


def test_every_way_of_storing_gives_the_same_model(tmp_path):
    layers = [files("d", ("d/a", b"1" * 3000), ("가", b"2")), files(("d/.wh.a", b""), ("b", b"3"))]
    history = [{"created_by": "COPY a"}, {"created_by": "RUN b"}]
    gzipped, frames = [gzip.compress(each) for each in layers], [zstd.compress(each) for each in layers]
    folder = tmp_path / "layout"
    for path, data in oci_members(layers, history=history, blobs=gzipped).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    plain = saved(layers, history=history)
    ways = {
        "classic.tar": plain,
        "manifest-first.tar": saved(layers, history=history, order=(3, 2, 1, 0)),
        "gzipped-layers.tar": saved(layers, history=history, blobs=gzipped),
        "oci-zstd.tar": files(*oci_members(layers, history=history, blobs=frames).items()),
        "classic.tar.gz": gzip.compress(plain),
        "oci.tar.zst": zstd.compress(files(*oci_members(layers, history=history, blobs=gzipped).items())),
    }
    images = {"layout": layering.layers(str(folder))}
    for name, data in ways.items():
        (tmp_path / name).write_bytes(data)
        with pytest.MonkeyPatch.context() as patch:
            # A home of its own, with nothing remembered from the other ways; the second look remembers.
            patch.setenv("DOCKERLAB_HOME", str(tmp_path / f"home-{name}"))
            images[name] = layering.layers(str(tmp_path / name))
            assert (
                layering.layers(str(tmp_path / name)).as_dict() == images[name].as_dict()
            )  # and from memory
    assert [name for name, image in images.items() if image != images["layout"]] == []
    assert [layer.digest for layer in images["layout"].layers] == [*map(digest, gzipped)]
    assert [layer.size_compressed for layer in images["oci-zstd.tar"].layers] == [*map(len, frames)]
    assert [layer.size_compressed for layer in images["classic.tar"].layers] == [*map(len, layers)]
    assert [layer.diff_id for layer in images["layout"].layers] == [*map(digest, layers)]


@pytest.mark.parametrize("packed", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_reading_tells_how_far_it_is(tmp_path, packed):
    layers = [files((f"{at}", bytes(2_000_000))) for at in range(3)]
    path = tmp_path / "image.tar"
    path.write_bytes(saved(layers, blobs=[*map(packed, layers)]))
    told = []
    layering.layers(str(path), lambda *each: told.append(each))
    done, totals = [each[1] for each in told], {each[2] for each in told}
    assert done == sorted(done)
    assert len(totals) == 1
    assert done[-1] == totals.pop() == sum(len(packed(layer)) for layer in layers)


def test_one_of_several_images_is_named(tmp_path):
    one, two = files(("a", b"1")), files(("b", b"2"))
    members = {}
    manifest = []
    for tag, data in (("x:1", one), ("x:2", two)):
        with tarfile.open(fileobj=io.BytesIO(saved([data], tags=[tag]))) as tar:
            for member in tar:
                members[member.name.replace("0/", f"{tag[-1]}/")] = tar.extractfile(member).read()
        told = json.loads(members["manifest.json"])
        told[0]["Layers"] = [f"{tag[-1]}/layer.tar"]
        manifest += told
    members["manifest.json"] = json.dumps(manifest).encode()
    path = tmp_path / "two.tar"
    path.write_bytes(files(*members.items()))
    assert set(layering.layers(f"{path}#x:2").tree()) == {"/b"}
    with pytest.raises(ImageUnclear, match="여럿"):
        layering.layers(str(path))
    with pytest.raises(ImageUnclear, match="그런 이미지가 없습니다"):
        layering.layers(f"{path}#x:3")


def test_an_image_without_layers_and_one_with_an_empty_layer(tmp_path):
    empty = read(tmp_path)
    assert (empty.layers, empty.files, empty.wasted_bytes, empty.efficiency) == ((), 0, 0, 1.0)
    nothing = read(tmp_path, END)
    assert (len(nothing.layers), nothing.size_unpacked, nothing.efficiency) == (1, 0, 1.0)


def test_the_content_of_a_file_as_it_was_at_a_layer(tmp_path):
    path = tmp_path / "image.tar.gz"
    layers = [
        files(("a", b"old"), ("b", tarfile.LNKTYPE, "a")),
        files(("a", b"new content")),
        files((".wh.a", b"")),
    ]
    path.write_bytes(gzip.compress(saved(layers)))
    assert layering.read_file(str(path), "/a", layer=0).data == b"old"
    newer = layering.read_file(str(path), "/a", layer=1, limit=3)
    assert (newer.data, newer.size, newer.truncated, newer.layer) == (b"new", 11, True, 1)
    assert layering.read_file(str(path), "b").data == b"old"
    with pytest.raises(ImageUnclear, match="/a"):
        layering.read_file(str(path), "/a")


def test_a_layout_reads_nothing_outside_its_folder(tmp_path):
    secret = files(("secret", b"x"))
    (tmp_path / "outside.tar").write_bytes(secret)
    folder = tmp_path / "layout"
    for path, data in oci_members([secret]).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    blob = folder / "blobs/sha256" / digest(secret)[7:]
    blob.unlink()
    blob.symlink_to(tmp_path / "outside.tar")
    with pytest.raises(ImageUnreadable, match="파일이 없습니다"):
        layering.layers(str(folder))


def test_sizes_of_several_images_count_shared_layers_once():
    base = Layer("sha256:b", "", (File("/a", size=100),))
    one = Image("1", (base, Layer("sha256:1", "", (File("/x", size=5),))))
    two = Image("2", (base, Layer("sha256:2", "", (File("/y", size=7),))))
    assert layering.unique_size([one, two]) == 112
    assert layering.shared_layers([one, two]) == (base,)


names = st.sampled_from(["/a", "/a/b", "/a/b/c", "/d", "/d/e"])
made = st.builds(
    Layer,
    st.just("sha256:x"),
    st.just(""),
    st.lists(st.tuples(names, st.sampled_from(["file", "folder"]), st.integers(0, 99)), max_size=5).map(
        lambda found: tuple({told[0]: File(*told) for told in found}.values())
    ),
    st.lists(names, max_size=2).map(tuple),
    st.lists(names, max_size=2).map(tuple),
)


@given(st.lists(made, max_size=5))
def test_bytes_are_seen_or_wasted(layers):
    image = Image("x", tuple(layers))
    seen = sum(file.size for file, _ in image.tree().values() if file.kind == "file")
    stored = sum(file.size for layer in layers for file in layer.files if file.kind == "file")
    assert seen + image.wasted_bytes == stored
    for path in image.tree():
        parent = path.rpartition("/")[0]
        assert not parent or image.tree()[parent][0].kind == "folder"


def test_the_gate_passes_or_fails_and_says_why(tmp_path, capsys):
    path = tmp_path / "image.tar"
    path.write_bytes(saved([files(("a", b"x" * 900)), files((".wh.a", b""), ("b", b"y" * 100))]))
    assert cli.main(["layers", str(path), "--lowest-efficiency", "0.1", "--highest-wasted", "900B"]) == 0
    capsys.readouterr()
    assert cli.main(["layers", str(path), "--json", "--lowest-efficiency", "0.2"]) == 1
    told = capsys.readouterr()
    assert json.loads(told.out)["efficiency"] == pytest.approx(0.1)
    assert "효율 0.1000" in told.err
    assert cli.main(["layers", str(path), "--highest-wasted", "0.8kB"]) == 1
    told = capsys.readouterr()
    assert "낭비 900 B" in told.err and "/a" in told.out


@pytest.mark.parametrize("content", [None, b"", b"no tar at all", END])
def test_what_cannot_be_read_ends_with_one_and_says_so_in_json(tmp_path, capsys, content):
    path = tmp_path / "image.tar"
    if content is not None:
        path.write_bytes(content)
    assert cli.main(["layers", str(path), "--json", "--lowest-efficiency", "0.9"]) == 1
    told = capsys.readouterr()
    assert set(json.loads(told.out)["error"]) == {"code", "what", "seen", "todo"}
    assert told.err.startswith("[E9")


def test_the_json_of_layers_keeps_its_promise(tmp_path, capsys):
    path = tmp_path / "image.tar"
    path.write_bytes(saved([files("d", ("d/가", b"123"))], history=[{"created_by": "COPY d /"}]))
    assert cli.main(["layers", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    [only] = told["layers"]
    assert only["added"] == ["/d", "/d/가"]
    assert (only["changed"], only["deleted"], only["instruction"]) == ([], [], "COPY d /")
    assert only["size_unpacked"] == 3
    assert only["diff_id"] == only["digest"]
    assert (told["files"], told["wasted_bytes"], told["efficiency"]) == (1, 0, 1.0)


@pytest.mark.parametrize(
    ("sound", "damaged"),
    [
        ('"format": 2', '"format": 1'),
        ('"size_tar"', ""),
        ('"paths": [', '"paths": ["/b", '),
        ('"rest_of": [0', '"rest_of": [7'),
        ('"rest": [[', '"rest": [[['),
    ],
    ids=["format", "torn", "one-name-more", "no-such-rest", "no-json"],
)
def test_a_damaged_memory_is_read_again(tmp_path, sound, damaged):
    path = tmp_path / "image.tar"
    path.write_bytes(saved([files(("a", b"123"))]))
    image = layering.layers(str(path))
    [kept] = (tmp_path / "home").rglob("*.json")
    text = kept.read_text()
    kept.write_text(text.replace(sound, damaged) if damaged else text[: text.index(sound)])
    assert kept.read_text() != text
    assert layering.layers(str(path)) == image
    assert kept.read_text() == text
