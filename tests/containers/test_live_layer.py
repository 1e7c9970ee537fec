"""The read/write layer of a living container: it fills, stays while stopped, goes with it, can be kept."""

from __future__ import annotations

import pytest

from dockerlab import containers, layering
from dockerlab.engine import objects
from dockerlab.errors import ImageError
from dockerlab.images.building import build
from dockerlab.views.formatters import show

pytestmark = pytest.mark.engine

TAG = "dockerlab-test/live:1"
BIG = 3_000_000
CHANGES = (
    "mkdir -p /made/deep; echo new > /made/deep/a; ln -s a /made/link; "
    "echo x >> /srv/big; rm /srv/gone; chmod 700 /srv/kept"
)


@pytest.fixture(scope="module")
def image(tiny, no_new_images):
    text = f"RUN mkdir -p /srv/kept && head -c {BIG} /dev/zero > /srv/big && echo 1 > /srv/gone\n"
    with no_new_images():
        build("FROM dockerlab/tiny\n" + text, TAG)
        yield TAG


def in_blocks(engine):
    """Whether the engine counts what files take on the disk, as containerd's store does."""
    return engine.info["Driver"] == "overlayfs"


@pytest.fixture
def box(image):
    with containers.start(image, "sleep 300") as container:
        yield container


def paths(files):
    return {file.path for file in files}


def test_the_layer_fills_while_the_container_runs(engine, box):
    empty = box.layer()
    assert (empty.added, empty.changed, empty.deleted) == ((), (), ())
    assert empty.size == (4096 if in_blocks(engine) else 0)  # the folder itself
    box.exec(["sh", "-c", CHANGES])
    layer = box.layer()
    assert paths(layer.added) == {"/made", "/made/deep", "/made/deep/a", "/made/link"}
    assert paths(layer.changed) == {"/srv/big", "/srv/kept"}
    assert layer.deleted == ("/srv/gone",)
    # One byte more, and the whole file lies in the layer.
    sizes = {file.path: file.size for file in (*layer.added, *layer.changed) if file.kind == "file"}
    assert sizes == {"/srv/big": BIG + 2, "/made/deep/a": 4}
    assert BIG + 2 + 4 <= layer.size < BIG + (50_000 if in_blocks(engine) else 10_000)
    said = show(layer)
    assert "더함 4, 바꿈 2, 지움 1" in said
    assert "/srv/gone" in said


def test_it_agrees_with_the_container_read_as_layers(box):
    box.exec(["sh", "-c", CHANGES])
    changes, layer = layering.layers(f"container://{box.id}").changes[-1], box.layer()
    assert set(changes.added) == paths(layer.added)
    assert set(changes.changed) == paths(layer.changed)
    assert changes.deleted == layer.deleted


def test_each_container_writes_on_its_own(image, box):
    with containers.start(image, "sleep 300") as other:
        box.exec(["sh", "-c", "echo one > /srv/name"])
        other.exec(["sh", "-c", "echo two > /srv/name"])
        assert [each.exec("cat /srv/name").stdout for each in (box, other)] == ["one\n", "two\n"]
        assert paths(box.layer().added) == {"/srv/name"}


def test_stopping_keeps_and_removing_loses(engine, image, box):
    box.exec(["sh", "-c", "echo kept > /srv/note"])
    box.stop(grace=1)
    assert not box.running
    assert paths(box.layer().added) == {"/srv/note"}
    box.start()
    box.start()  # it runs already: nothing happens
    assert box.running
    assert box.exec("cat /srv/note").stdout == "kept\n"
    box.close()
    assert not engine.client.api.containers(all=True, filters={"id": box.id})
    with containers.start(image, "sleep 300") as again:
        assert again.exec(["sh", "-c", "test -e /srv/note"]).exit_code == 1


def test_output_is_followed_again_after_a_restart(image):
    with containers.start(image, ["sh", "-c", "echo begun; sleep 300"]) as container:
        container.wait_output("begun")
        container.stop(grace=1)
        container.start()
        container.wait_output("begun")


def test_a_commit_makes_a_layer_of_it(engine, image, box):
    box.exec(["sh", "-c", CHANGES])
    made = box.commit("dockerlab-test/live:committed")
    below, frozen = layering.layers(image), layering.layers(made.tag)
    assert frozen.layers[:-1] == below.layers
    assert paths(box.layer().added) <= set(frozen.changes[-1].added)
    assert frozen.changes[-1].deleted == ("/srv/gone",)
    # The engine counts the name that a link holds, too; containerd's store the blocks of the disk.
    blocks = 32_768 if in_blocks(engine) else 0
    unpacked = frozen.layers[-1].size_unpacked
    assert unpacked > BIG and 0 <= made.size - len("a") - unpacked <= blocks
    mine = objects.listed(engine.endpoint, "image", objects.SESSION)
    assert made.id in {each.id for each in mine}  # and so it is swept
    assert "새 레이어" in show(made)
    with pytest.raises(ImageError):
        box.commit("dockerlab/tiny:latest")
