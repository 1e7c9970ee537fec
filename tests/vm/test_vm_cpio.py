"""The initramfs archive, read back by an independent reader of the newc format."""

import stat

from hypothesis import given
from hypothesis import strategies as st

from dockerlab.vm import cpio, userland


def read(data: bytes) -> list[dict]:
    """Entries of one or several archives laid end to end, as the kernel reads them."""
    entries, at = [], 0
    while at < len(data):
        if data[at : at + 1] == b"\0":
            at += 4
            continue
        assert at % 4 == 0
        assert data[at : at + 6] == b"070701"
        field = [int(data[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        size, name_size = field[6], field[11]
        name_end = at + 110 + name_size
        start = -(-name_end // 4) * 4
        assert data[name_end - 1] == 0
        name = data[at + 110 : name_end - 1].decode()
        if name != "TRAILER!!!":
            body = data[start : start + size]
            entries.append({"name": name, "inode": field[0], "mode": field[1], "device": tuple(field[9:11]),
                            "data": body})  # fmt: skip
        at = -(-(start + size) // 4) * 4
    return entries


def test_every_kind_of_entry_is_read_back():
    packed = cpio.archive(
        [
            cpio.directory("proc"),
            cpio.file("/bin/tool", b"#!x", executable=True),
            cpio.file("etc/motd", "안녕".encode()),
            cpio.character_device("dev/console", 5, 1),
        ]
    )
    found = {entry["name"]: entry for entry in read(packed)}
    assert list(found) == ["proc", "bin", "bin/tool", "etc", "etc/motd", "dev", "dev/console"]
    assert found["bin/tool"]["mode"] == stat.S_IFREG | 0o755
    assert found["etc/motd"]["mode"] == stat.S_IFREG | 0o644
    assert found["etc/motd"]["data"].decode() == "안녕"
    assert found["bin"]["mode"] == stat.S_IFDIR | 0o755
    assert found["dev/console"]["mode"] == stat.S_IFCHR | 0o600
    assert found["dev/console"]["device"] == (5, 1)
    assert len({entry["inode"] for entry in found.values()}) == len(found)


@given(st.lists(st.binary(max_size=70), max_size=6))
def test_any_content_keeps_the_archive_aligned(contents):
    packed = cpio.archive(cpio.file(f"d/{number}", data) for number, data in enumerate(contents))
    assert len(packed) % 512 == 0
    assert [entry["data"] for entry in read(packed) if entry["name"].startswith("d/")] == contents


def test_the_same_input_gives_the_same_bytes():
    assert cpio.archive([cpio.file("a", b"1")]) == cpio.archive([cpio.file("a", b"1")])


def test_an_archive_can_follow_another_of_any_length(tmp_path):
    tool = tmp_path / "tool"
    tool.write_bytes(b"later")
    first = cpio.archive([cpio.file("bin/tool", b"earlier")]) + bytes(3)  # compressed ones have any length
    assert len(first) % 4
    both = userland.with_files(first, {"/bin/tool": tool})
    assert [entry["data"] for entry in read(both) if entry["name"] == "bin/tool"] == [b"earlier", b"later"]
