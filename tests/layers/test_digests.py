"""What is checked against its digest, what is only glanced at, and what is remembered of a file."""

from __future__ import annotations

import gzip

import pytest
from crafted import config, entry, files, layer, oci_members, saved

from dockerlab import layering
from dockerlab.errors import ImageDamaged
from dockerlab.layering import blobs, stored

HONEST = layer(entry(b"a", b"x" * 3000))
EVIL = layer(entry(b"evil", b"y" * 3000))


@pytest.fixture
def image(tmp_path, monkeypatch):
    """Write an image and get its path. Nothing is remembered from before, and files count as settled."""
    memory = tmp_path / "memory"
    memory.mkdir()
    monkeypatch.setattr(stored, "cache_dir", lambda *parts: memory)
    monkeypatch.setattr(stored, "_SETTLED", 0)
    count = iter(range(100))

    def write(data, name=""):
        path = tmp_path / (name or f"{next(count)}.tar")
        path.write_bytes(data)
        return str(path)

    return write


@pytest.fixture
def large(monkeypatch):
    """What is a large file here."""
    monkeypatch.setattr(blobs, "UNASKED", 1000)


def forged():
    """An image whose layer is not the one of its diff id."""
    return saved([EVIL], settings=config([HONEST]))


def told(path, **options):
    said = []
    image = layering.layers(path, lambda what, done, total: said.append(what), **options)
    return image, said


def test_a_small_file_is_always_checked(image):
    with pytest.raises(ImageDamaged):
        layering.layers(image(forged()))
    assert all(each.checked for each in layering.layers(image(saved([HONEST]))).layers)


def test_a_large_file_is_glanced_at_and_says_so(image, large):
    made = layering.layers(image(saved([HONEST])))
    assert [each.checked for each in made.layers] == [False]
    assert [each["checked"] for each in made.as_dict()["layers"]] == [False]
    assert made == layering.layers(image(saved([HONEST])), verify=True)


def test_a_wrong_digest_in_a_large_file_is_found_when_asked(image, large):
    path = image(forged())
    assert not layering.layers(path).layers[0].checked
    with pytest.raises(ImageDamaged):
        layering.layers(path, verify=True)


def test_no_content_is_shown_without_a_check(image, large):
    with pytest.raises(ImageDamaged):
        layering.read_file(image(forged()), "/evil")
    assert layering.read_file(image(saved([HONEST])), "/a").data == b"x" * 3000


def test_what_was_glanced_at_is_not_taken_for_the_layer_elsewhere(image, large):
    assert [file.path for file in layering.layers(image(forged())).layers[0].files] == ["/evil"]
    assert [file.path for file in layering.layers(image(saved([HONEST]))).layers[0].files] == ["/a"]


def test_a_compressed_layer_is_always_checked(image, large):
    wrong = oci_members([HONEST], blobs=[gzip.compress(EVIL)])
    with pytest.raises(ImageDamaged):
        layering.layers(image(files(*wrong.items())))
    right = oci_members([HONEST], blobs=[gzip.compress(HONEST)])
    assert layering.layers(image(files(*right.items()))).layers[0].checked


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_the_second_look_at_a_file_does_not_read_it(image, large, pack):
    path = image(pack(saved([HONEST, EVIL])))
    first, read = told(path)
    again, nothing = told(path)
    assert read and nothing == []
    assert again.as_dict() == first.as_dict()


def test_a_glance_is_no_answer_to_who_wants_a_check(image, large):
    path = image(saved([HONEST]))
    told(path)
    checked, read = told(path, verify=True)
    assert read and checked.layers[0].checked
    assert told(path)[0].layers[0].checked


def test_who_wants_a_check_gets_one_though_the_layer_is_known(image):
    layering.layers(image(saved([HONEST])))
    with pytest.raises(ImageDamaged):
        layering.layers(image(forged()), verify=True)


def test_a_file_that_has_changed_is_read_anew(image):
    path = image(gzip.compress(saved([HONEST])), "one.tar.gz")
    assert "/a" in layering.layers(path).tree()
    image(gzip.compress(saved([EVIL])), "one.tar.gz")
    assert "/evil" in layering.layers(path).tree()


def test_a_file_that_has_just_changed_is_not_remembered(image, monkeypatch):
    monkeypatch.setattr(stored, "_SETTLED", 10**18)
    path = image(gzip.compress(saved([HONEST])))
    told(path)
    assert told(path)[1] != []


def test_the_name_within_a_file_is_part_of_what_is_remembered(image):
    members = dict(oci_members([HONEST], name="one:1"))
    path = image(files(*members.items()))
    assert told(f"{path}#one:1")[0].name == "one:1"
    assert told(path)[0].name != "one:1"
