"""An archive that moved on after its list was kept: whoever fetches from it asks for the list anew."""

import pytest
from debian_repository import file_member

from dockerlab.images import rootfs
from dockerlab.packages import open_index
from dockerlab.vm import catalog


@pytest.fixture
def moved(repository):
    """The kept list names a version that is gone; the archive has the next one."""
    old = repository.add("busybox-static", [file_member("usr/bin/busybox", b"old")], version="1")
    repository.publish()
    open_index("trixie")
    del repository.files[old]
    repository.stanzas.clear()
    repository.add("busybox-static", [file_member("usr/bin/busybox", b"new")], version="2")
    repository.publish()


def test_a_guest_is_made_from_the_new_list(moved):
    assert catalog.busybox().read_bytes() == b"new"


def test_an_image_is_made_from_the_new_list(moved, monkeypatch):
    monkeypatch.setattr(
        rootfs.recipes, "ingredients", lambda name, index: [index.package("busybox-static")]
    )
    monkeypatch.setattr(rootfs.recipes, "furnish", lambda *_: None)
    assert rootfs.make("tiny", "amd64").packages == ("busybox-static=2",)
