from __future__ import annotations

import os
import shutil
import stat
import struct
import subprocess
import sys
import tarfile

import pytest
from debian_repository import ar, file_member, link_member, make_deb, make_tar, special_member

from dockerlab.errors import DiskFull, PackageBroken, PlaceNotWritable
from dockerlab.packages import unpack

CANARY = "untouched"


@pytest.fixture
def place(tmp_path):
    """A root to unpack into, beside a file that nothing may change."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/canary").write_text(CANARY)
    yield tmp_path
    assert (tmp_path / "outside/canary").read_text() == CANARY
    assert sorted(path.name for path in (tmp_path / "outside").iterdir()) == ["canary"]


def put(place, members, **options):
    deb = place / "some.deb"
    deb.write_bytes(members if isinstance(members, bytes) else make_deb(members))
    return unpack(deb, place / "root", **options)


@pytest.mark.parametrize("mode", ["w:xz", "w:gz", "w"])
def test_files_folders_links(place, mode):
    members = [
        special_member("./", tarfile.DIRTYPE, 0o755),
        special_member("./usr/share/x/", tarfile.DIRTYPE, 0o755),
        file_member("./usr/share/x/data", b"data" * 1000),
        file_member("./usr/bin/tool", b"#!/bin/sh\n", 0o755),
        link_member("./usr/bin/alias", "tool"),
        link_member("./usr/bin/twin", "./usr/bin/tool", tarfile.LNKTYPE),
    ]
    written = put(place, make_deb(members, mode))
    root = place / "root"
    assert written == ["usr/share/x", "usr/share/x/data", "usr/bin/tool", "usr/bin/alias", "usr/bin/twin"]
    assert (root / "usr/share/x/data").read_bytes() == b"data" * 1000
    assert (root / "usr/bin/tool").stat().st_mode & 0o777 == 0o755
    assert (root / "usr/bin/tool").stat().st_mtime == 1_700_000_000
    assert os.readlink(root / "usr/bin/alias") == "tool"
    assert (root / "usr/bin/twin").samefile(root / "usr/bin/tool")


def test_usr_merge(place):
    put(place, [file_member("./bin/sh", b"sh"), file_member("./lib/x.so", b"x"), file_member("./usr/bin/a")])
    root = place / "root"
    assert {name: os.readlink(root / name) for name in ("bin", "sbin", "lib", "lib64")} == {
        name: f"usr/{name}" for name in ("bin", "sbin", "lib", "lib64")
    }
    assert (root / "usr/bin/sh").read_bytes() == b"sh" and (root / "bin/a").exists()


def test_links_of_base_files_are_kept(place):
    put(place, [link_member("./bin", "usr/bin"), file_member("./bin/sh", b"sh")])
    assert (place / "root/usr/bin/sh").exists() and os.readlink(place / "root/bin") == "usr/bin"


def test_keep(place):
    members = [
        file_member("usr/share/doc/x", b"no"),
        file_member("usr/bin/a", b"a"),
        link_member("usr/bin/hard", "usr/share/doc/x", tarfile.LNKTYPE),
    ]
    assert put(place, members, keep=lambda path: "doc" not in path) == ["usr/bin/a"]
    assert not (place / "root/usr/share").exists()


def test_special_modes_and_devices(place):
    members = [
        file_member("usr/bin/su", b"su", 0o4755),
        file_member("usr/bin/wide", b"", 0o2777),
        file_member("usr/bin/none", b"", 0o000),
        special_member("usr/tmp", tarfile.DIRTYPE, 0o1777),
        special_member("dev/sda", tarfile.BLKTYPE),
        special_member("dev/null", tarfile.CHRTYPE),
        special_member("dev/pipe", tarfile.FIFOTYPE),
    ]
    put(place, members)
    root = place / "root"
    for name in ("usr/bin/su", "usr/bin/wide", "usr/tmp"):
        assert stat.S_IMODE((root / name).stat().st_mode) == 0o755
    assert (root / "usr/bin/none").read_bytes() == b""
    assert not (root / "dev").exists() or not list((root / "dev").iterdir())


@pytest.mark.parametrize(
    "members",
    [
        [file_member("../outside/canary", b"bad")],
        [file_member("usr/../../outside/canary", b"bad")],
        [special_member("../outside/new", tarfile.DIRTYPE)],
        [link_member("../outside/new", "canary")],
        [link_member("usr/x", "../outside/canary", tarfile.LNKTYPE)],
        [link_member("usr/x", "nowhere", tarfile.LNKTYPE)],
        [link_member("usr/loop", "loop"), file_member("usr/loop/x", b"bad")],
        [special_member("usr/x", tarfile.DIRTYPE), file_member("usr/x", b"file over folder")],
        [file_member("usr/x"), file_member("usr/x/y", b"below a file")],
    ],
    ids=lambda members: members[-1][0].name,
)
def test_refused(place, members):
    with pytest.raises(PackageBroken) as caught:
        put(place, members)
    assert caught.value.code == "E54"


def test_absolute_paths_are_refused(place):
    with pytest.raises(PackageBroken, match="풀지 않았습니다"):
        put(place, [file_member(str(place / "outside/canary"), b"bad")])
    with pytest.raises(PackageBroken):
        put(place, [link_member("usr/x", str(place / "outside/canary"), tarfile.LNKTYPE)])


@pytest.mark.parametrize("depth", ["../../../../../../..", "..", "/"])
def test_writing_through_a_link_stays_inside(place, depth):
    """As in a chroot: a link to /…/outside leads to root/…/outside."""
    outside = (place / "outside").as_posix()
    members = [
        link_member("usr/out", f"{depth}{outside}"),
        file_member("usr/out/canary", b"bad"),
        special_member("usr/out/new/", tarfile.DIRTYPE),
        link_member("usr/out/link", "x"),
    ]
    put(place, members)
    assert (place / "root" / outside.lstrip("/") / "canary").read_bytes() == b"bad"


def test_a_link_in_a_files_place_is_replaced_not_followed(place):
    outside = place / "outside/canary"
    put(place, [link_member("usr/x", str(outside)), file_member("usr/x", b"mine", 0o777)])
    assert not (place / "root/usr/x").is_symlink() and (place / "root/usr/x").read_bytes() == b"mine"


def test_hard_link_to_a_link_is_refused(place):
    outside = place / "outside/canary"
    with pytest.raises(PackageBroken):
        put(place, [link_member("usr/x", str(outside)), link_member("usr/y", "usr/x", tarfile.LNKTYPE)])


def test_a_file_does_not_write_into_a_hard_link_of_another(place):
    linked = [file_member("a", b"first"), link_member("b", "a", tarfile.LNKTYPE)]
    put(place, [*linked, file_member("b", b"second")])
    assert (place / "root/a").read_bytes() == b"first" and (place / "root/b").read_bytes() == b"second"


def test_folder_is_kept_where_a_later_package_has_a_link(place):
    members = [file_member("usr/lib/x/file", b"1"), link_member("usr/lib/x", "/somewhere")]
    put(place, members)
    assert (place / "root/usr/lib/x/file").read_bytes() == b"1"


def negative_size_tar():
    """2nd header with the base-256 size -512: reading it makes some versions of tarfile loop for ever."""
    tar = bytearray(make_tar([file_member("a"), file_member("b")], "w"))
    header = tar[512:1024]
    header[124:136] = b"\xff" + struct.pack(">q", -512).rjust(11, b"\xff")
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    tar[512:1024] = header
    return bytes(tar)


def rubbish_between_members():
    tar = bytearray(make_tar([file_member("a"), file_member("b")], "w"))
    tar[512:1024] = b"rubbish " * 64
    return bytes(tar)


def sparse_member():
    info, _ = file_member("usr/sparse")
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(1 << 50)}
    info.size = 512
    return info, b"0\n".ljust(512, b"\0")


BROKEN = {
    "empty": b"",
    "text": b"not a deb at all",
    "no members": b"!<arch>\n",
    "no data": ar({"debian-binary": b"2.0\n"}),
    "bad xz": ar({"data.tar.xz": b"rubbish"}),
    "bad gz": ar({"data.tar.gz": b"\x1f\x8brubbish"}),
    "zstd": ar({"data.tar.zst": b"\x28\xb5\x2f\xfd"}),
    "bad tar": ar({"data.tar": b"x" * 1024}),
    "negative size": ar({"data.tar": negative_size_tar()}),
    "rubbish between members": ar({"data.tar": rubbish_between_members()}),
    "truncated": make_deb([file_member("a", os.urandom(100_000))])[:-60_000],
    "size is no number": ar({"data.tar.xz": b""}).replace(b"0         `", b"many      `"),
}


@pytest.mark.parametrize("deb", BROKEN.values(), ids=BROKEN)
@pytest.mark.timeout(20)
def test_broken_files(place, deb):
    with pytest.raises(PackageBroken):
        put(place, deb)


def test_sparse_file_of_a_petabyte_is_not_written(place):
    put(place, make_deb([sparse_member()], "w"))
    assert not (place / "root/usr/sparse").exists()


def test_korean_and_odd_names(place):
    names = ["usr/share/한글", "usr/share/with space\nand newline", "usr/share/\udcb0\udca1"]
    assert put(place, [file_member(name, b"x") for name in names]) == names
    assert len(list((place / "root/usr/share").iterdir())) == 3


def test_missing_file_and_unwritable_root(place):
    with pytest.raises(PlaceNotWritable):
        unpack(place / "none.deb", place / "root")
    (place / "file").write_text("")
    with pytest.raises(PlaceNotWritable):
        put(place, [file_member("a")]) and unpack(place / "some.deb", place / "file")


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="compares with dpkg-deb, which is not here")
def test_real_dpkg_packages_unpack_the_same(place):
    """A package made by dpkg-deb itself gives the tree that dpkg-deb extracts."""
    source = place / "source"
    (source / "DEBIAN").mkdir(parents=True)
    (source / "DEBIAN/control").write_text(
        "Package: sample\nVersion: 1\nArchitecture: all\nMaintainer: t <t@example.org>\nDescription: t\n"
    )
    (source / "usr/bin").mkdir(parents=True)
    (source / "usr/bin/a").write_bytes(os.urandom(50_000))
    (source / "usr/bin/a").chmod(0o755)
    os.link(source / "usr/bin/a", source / "usr/bin/b")
    (source / "usr/bin/c").symlink_to("a")
    (source / "usr/share" / ("long" * 40)).mkdir(parents=True)
    (source / "usr/share" / ("long" * 40) / "x").write_text("x")
    deb = place / "sample.deb"
    build = ["dpkg-deb", "--root-owner-group", "-Zxz", "-b", source, deb]
    subprocess.run(build, check=True, capture_output=True)
    subprocess.run(["dpkg-deb", "-x", deb, place / "theirs"], check=True)
    unpack(deb, place / "ours")

    def tree(top):
        return {
            str(path.relative_to(top)): os.readlink(path)
            if path.is_symlink()
            else (stat.S_IMODE(path.stat().st_mode), path.read_bytes() if path.is_file() else None)
            for path in (top / "usr").rglob("*")
            if path.relative_to(top).parts[1] not in ("sbin", "lib", "lib64")
        }

    assert tree(place / "ours") == tree(place / "theirs")


def test_full_disk(place):
    script = (
        "import sys; from pathlib import Path; from dockerlab.errors import DiskFull\n"
        "from dockerlab.packages import unpack\n"
        "try: unpack(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "except DiskFull as error: print(error.code)\n"
    )
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    deb = place / "big.deb"
    deb.write_bytes(make_deb([file_member("usr/big", bytes(4 << 20))]))
    small = place / "small"
    small.mkdir()
    line = 'mount -t tmpfs -o size=1m tmpfs "$1" && exec "$2" -c "$3" "$4" "$1/root"'
    ran = subprocess.run(
        ["unshare", "-m", "sh", "-c", line, "sh", small, sys.executable, script, deb],
        capture_output=True,
        text=True,
    )
    assert ran.stdout == f"{DiskFull.code}\n", ran.stderr
