"""Images made to harm: what each is, and what has to be said about it.

``CASES`` maps a name to (a function that makes the file, what is expected). Expected is an error's code, or
a path as it has to be shown when the image is odd but harmless.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib

from backports import zstd
from crafted import (
    BLOCK,
    END,
    config,
    digest,
    entry,
    files,
    header,
    layer,
    long_name,
    oci_members,
    padded,
    pax,
    record,
    saved,
)

UNREADABLE, TOO_LARGE, UNCLEAR, DAMAGED = "E95", "E96", "E97", "E27"
CASES = {}


def case(expected):
    def add(make):
        CASES[make.__name__] = (make, expected)
        return make

    return add


def one(*parts):
    """An image of one layer made of ready parts; its digests are right."""
    return saved([layer(*parts)])


def gzipped(*chunks):
    machine = zlib.compressobj(1, zlib.DEFLATED, 31)
    return b"".join([*map(machine.compress, chunks), machine.flush()])


def base256(value, width=12):
    return (value % (1 << 8 * width)).to_bytes(width, "big")


# --- sizes --------------------------------------------------------------------------------------
@case(UNREADABLE)
def tarfile_endless_loop():
    return one(entry(b"a"), header(b"b", raw_size=base256(-512)))


@case(UNREADABLE)
def outer_endless_loop():
    return entry(b"manifest.json", b"[]") + header(b"b", raw_size=base256(-512)) + END


@case(UNREADABLE)
def size_minus_one():
    return one(header(b"a", raw_size=base256(-1)))


@case(UNREADABLE)
def size_of_exabytes():
    return one(header(b"a", raw_size=b"\x80" + base256(2**62, 11)))


@case(UNREADABLE)
def size_over_every_number():
    return one(header(b"a", raw_size=b"\x80" + b"\xff" * 11))


@case(UNREADABLE)
def size_is_text():
    return one(header(b"a", raw_size=b"99999999zz\0\0"))


@case(UNREADABLE)
def size_longer_than_the_tar():
    return one(header(b"a", size=10_000))


@case(UNREADABLE)
def outer_member_longer_than_the_file():
    return header(b"0/layer.tar", size=2**40) + END


@case(UNREADABLE)
def pax_size_negative():
    return one(pax(record(b"size", b"-512")), entry(b"a"))


@case(UNREADABLE)
def pax_size_huge():
    return one(pax(record(b"size", b"9" * 30)), entry(b"a"))


@case(UNREADABLE)
def pax_size_hides_the_next_header():
    return one(pax(record(b"size", b"1000000")), entry(b"a"), entry(b"hidden"))


# --- headers ------------------------------------------------------------------------------------
@case(UNREADABLE)
def wrong_checksum():
    return one(entry(b"a"), header(b"b")[:148] + b"0000000\0" + header(b"b")[156:])


@case(UNREADABLE)
def garbage_between_headers():
    return one(entry(b"a"), b"\x01" * BLOCK, entry(b"hidden"))


@case(UNREADABLE)
def single_zero_block_hides_the_rest():
    return one(entry(b"a"), bytes(BLOCK), entry(b"hidden"))


@case(UNREADABLE)
def half_a_header():
    return saved([entry(b"a") + header(b"b")[:100]])


@case(UNREADABLE)
def truncated_content():
    return saved([header(b"a", size=5000) + b"x" * 700])


@case(UNREADABLE)
def truncated_outer():
    return one(entry(b"a", b"x" * 5000))[:3000]


@case(UNREADABLE)
def extension_before_the_end():
    return one(long_name(b"a" * 200))


@case(TOO_LARGE)
def extensions_for_ever():
    return gzipped(*[long_name(b"a") * 1000] * 450)


@case(UNREADABLE)
def long_name_of_a_terabyte():
    return one(header(b"././@LongLink", size=2**40, kind=b"L"))


@case(UNREADABLE)
def long_name_of_two_megabytes():
    return one(long_name(b"a" * 2_000_000), entry(b"a"))


@case(UNREADABLE)
def name_longer_than_a_path():
    return one(long_name(b"a/" * 3000), entry(b"a"))


@case(UNREADABLE)
def link_longer_than_a_path():
    return one(long_name(b"b" * 5000, b"K"), entry(b"a", kind=b"2"))


@case(UNREADABLE)
def pax_of_sixty_megabytes():
    return gzip.compress(one(pax(record(b"comment", b"x" * 60_000_000)), entry(b"a")))


@case(UNREADABLE)
def pax_length_zero():
    return one(entry(b"x", b"0 path=evil\n", kind=b"x"), entry(b"a"))


@case(UNREADABLE)
def pax_length_negative():
    return one(entry(b"x", b"-12 path=evil\n", kind=b"x"), entry(b"a"))


@case(UNREADABLE)
def pax_length_beyond():
    return one(entry(b"x", b"999 path=evil\n", kind=b"x"), entry(b"a"))


@case(UNREADABLE)
def pax_length_of_many_digits():
    return one(entry(b"x", b"1" * 5000 + b" path=evil\n", kind=b"x"), entry(b"a"))


@case(UNREADABLE)
def pax_without_equals():
    return one(entry(b"x", b"12 pathevil\n", kind=b"x"), entry(b"a"))


@case(UNREADABLE)
def pax_path_with_a_zero():
    return one(pax(record(b"path", b"good\0evil")), entry(b"a"))


@case(UNREADABLE)
def pax_time_is_text():
    return one(pax(record(b"mtime", b"1e999")), entry(b"a"))


@case(UNREADABLE)
def sparse_map_without_end():
    return saved([header(b"a", kind=b"S", magic=b"ustar  \0", at_482=b"\x01")])


@case(TOO_LARGE)
def sparse_map_for_ever():
    more = bytearray(BLOCK)
    more[504] = 1
    start = header(b"a", kind=b"S", magic=b"ustar  \0", at_482=b"\x01", at_483=b"00000000001\0")
    return gzipped(start, *[bytes(more) * 1000] * 500)


@case("/a")
def sparse_of_a_petabyte():
    sparse = header(b"a", kind=b"S", magic=b"ustar  \0", at_483=b"\x80" + base256(2**50, 11))
    return one(sparse)


# --- names --------------------------------------------------------------------------------------
@case(UNREADABLE)
def up_and_out():
    return one(entry(b"../../etc/passwd", b"x"))


@case(UNREADABLE)
def up_and_out_in_the_middle():
    return one(entry(b"a/../../b", b"x"))


@case(UNREADABLE)
def up_and_out_by_pax():
    return one(pax(record(b"path", b"../evil")), entry(b"a"))


@case(UNREADABLE)
def hard_link_up_and_out():
    return one(entry(b"a", kind=b"1", link=b"../../etc/shadow"))


@case("/etc/passwd")
def absolute_name():
    return one(entry(b"/etc/passwd", b"x"))


@case("/b")
def up_and_back():
    return one(entry(b"a/./../b//", b"x"))


@case("/\\xb0\\xa1.txt")
def euc_kr_name():
    return one(entry("가.txt".encode("euc-kr"), b"x"))


@case("/\\xff\\xfe")
def bytes_that_are_no_text():
    return one(pax(record(b"path", b"\xff\xfe")), entry(b"a"))


@case("/a\\nb")
def newline_in_a_name():
    return one(entry(b"a\nb", b"x"))


@case("/\\x1b[31mred\\x1b[2J")
def terminal_escape():
    return one(entry(b"\x1b[31mred\x1b[2J", b"x"))


@case("/\\u202egpj.exe")
def right_to_left_override():
    return one(entry("\u202egpj.exe".encode(), b"x"))


@case("/<script>alert(1)<\\script>")
def html_name():
    return one(entry(b"<script>alert(1)<\\script>", b"x"))


@case("/lone\\xed\\xa0\\x80")
def surrogate_in_utf8():
    return one(entry(b"lone\xed\xa0\x80", b"x"))


@case(UNREADABLE)
def four_thousand_folders_deep():
    return one(long_name(b"a/" * 2000 + b"f"), entry(b"f"))


@case(UNREADABLE)
def deeper_than_any_folder():
    return one(entry(b"/".join([b"d"] * 40), kind=b"5"), long_name(b"d/" * 300 + b"x"), entry(b"x"))


# --- whiteouts ----------------------------------------------------------------------------------
@case(UNREADABLE)
def whiteout_of_nothing():
    return one(entry(b".wh."))


@case(UNREADABLE)
def whiteout_of_dot():
    return one(entry(b"a/.wh.."))


@case(UNREADABLE)
def whiteout_of_dot_dot():
    return one(entry(b"a/.wh..."))


@case("/kept")
def whiteouts_of_aufs():
    return one(entry(b".wh..wh.plnk", kind=b"5"), entry(b".wh..wh.aufs"), entry(b"kept"))


@case("/kept")
def whiteout_of_what_never_was():
    return one(entry(b".wh.ghost"), entry(b"nowhere/.wh..wh..opq"), entry(b"kept"))


# --- links, kinds, order ------------------------------------------------------------------------
@case("/loop")
def symbolic_link_to_itself():
    return one(entry(b"loop", kind=b"2", link=b"loop"), entry(b".", kind=b"2", link=b"."))


@case("/nowhere")
def hard_link_to_nothing():
    return one(entry(b"nowhere", kind=b"1", link=b"gone"))


@case("/self")
def hard_link_to_itself():
    return one(entry(b"self", kind=b"1", link=b"self"))


@case("/b")
def hard_links_in_a_circle():
    return one(entry(b"a", kind=b"1", link=b"b"), entry(b"b", kind=b"1", link=b"a"))


@case("/null")
def device():
    return one(entry(b"null", kind=b"3"))


@case("/d/x")
def file_then_folder():
    return one(entry(b"d", b"file"), entry(b"d", kind=b"5"), entry(b"d/x"))


@case("/d/x")
def file_with_something_in_it():
    return one(entry(b"d", b"file"), entry(b"d/x"))


@case(UNREADABLE)
def folder_and_file_by_turns():
    turn = entry(b"d/x") + entry(b"d", b"")
    return one(turn * 5000)


@case("/a")
def same_file_thousands_of_times():
    return one(entry(b"a", b"x") * 20_000)


@case("/many/99999")
def hundred_thousand_files():
    return one(*(entry(b"many/%d" % number) for number in range(100_000)))


@case(TOO_LARGE)
def half_a_million_files():
    return gzip.compress(one(*(header(b"m/%d" % number) for number in range(500_000))), 1)


@case(TOO_LARGE)
def two_hundred_megabytes_of_names():
    name = long_name(b"n" * 2000)
    return gzip.compress(one(*((name, entry(b"x"))[turn % 2] for turn in range(120_000))), 1)


# --- compression --------------------------------------------------------------------------------
@case(TOO_LARGE)
def gzip_bomb():
    packed = gzipped(header(b"zeros", size=3 * 2**30), *[bytes(2**20)] * 3 * 2**10)
    return saved([b""], blobs=[packed], settings=config([b"x"]))


@case(TOO_LARGE)
def zstd_bomb():
    stream = zstd.ZstdCompressor(level=3)
    chunks = [stream.compress(header(b"zeros", size=20 * 2**30))]
    chunks += [stream.compress(bytes(2**24)) for _ in range(192)]
    packed = b"".join(chunks) + stream.flush()
    return saved([b""], blobs=[packed], settings=config([b"x"]))


@case(UNREADABLE)
def bomb_around_the_image():
    return gzipped(*[bytes(2**20)] * 512)


@case(UNREADABLE)
def gzip_cut_off():
    return saved([layer(entry(b"a"))], blobs=[gzip.compress(layer(entry(b"a", b"x" * 9000)))[:-20]])


@case(UNREADABLE)
def gzip_damaged():
    packed = bytearray(gzip.compress(layer(entry(b"a", bytes(range(256)) * 99))))
    packed[len(packed) // 2] ^= 0xFF
    return saved([layer(entry(b"a"))], blobs=[bytes(packed)])


@case(UNREADABLE)
def gzip_with_something_behind():
    plain = layer(entry(b"a"))
    return saved([plain], blobs=[gzip.compress(plain) + b"hidden"])


@case("/a")
def a_hundred_thousand_gzip_members():
    plain = layer(entry(b"a", b"x" * 2000))
    empty = gzip.compress(b"")
    return saved([plain], blobs=[gzip.compress(plain) + empty * 100_000])


@case(UNREADABLE)
def zstd_with_a_huge_window():
    # A frame's header that asks for a window of two gigabytes.
    return saved([b"x"], blobs=[b"\x28\xb5\x2f\xfd\x00" + bytes([21 << 3]) + b"\x01\x00\x00"])


@case("/a")
def zstd_in_many_frames():
    plain = layer(entry(b"a", b"x" * 2000))
    frames = b"".join(zstd.compress(plain[at : at + 100]) for at in range(0, len(plain), 100))
    skippable = b"\x50\x2a\x4d\x18" + (64).to_bytes(4, "little") + bytes(64)
    return saved([plain], blobs=[skippable + frames + skippable])


# --- documents ----------------------------------------------------------------------------------
def with_manifest(manifest, **more):
    plain = layer(entry(b"a"))
    return files(("manifest.json", manifest), ("0/layer.tar", plain), *more.items())


@case(UNREADABLE)
def manifest_is_no_json():
    return with_manifest(b"[{")


@case(UNREADABLE)
def manifest_nested_without_end():
    return with_manifest(b"[" * 200_000)


@case(UNREADABLE)
def manifest_is_a_number():
    return with_manifest(b"17")


@case(UNREADABLE)
def manifest_of_numbers():
    return with_manifest(b"[1, 2, 3]")


@case(UNCLEAR)
def manifest_without_images():
    return with_manifest(b"[]")


@case(UNREADABLE)
def manifest_in_utf16():
    return with_manifest("[{}]".encode("utf-16"))


@case(UNREADABLE)
def manifest_of_ten_megabytes():
    return with_manifest(b"[" + b" " * 10_000_000 + b"]")


@case(UNREADABLE)
def manifest_number_of_many_digits():
    return with_manifest(b'[{"Config": ' + b"9" * 6000 + b"}]")


@case(UNREADABLE)
def manifest_wants_a_file_outside():
    return with_manifest(json.dumps([{"Config": "../../etc/passwd", "Layers": ["/etc/shadow"]}]).encode())


@case(UNREADABLE)
def config_without_layers():
    return saved([layer(entry(b"a"))], settings=b'{"rootfs": {"diff_ids": []}}')


@case(UNREADABLE)
def config_diff_ids_are_paths():
    return saved([layer(entry(b"a"))], settings=b'{"rootfs": {"diff_ids": ["../../../etc/passwd"]}}')


@case(UNREADABLE)
def config_of_a_thousand_layers():
    plain = layer(entry(b"a"))
    return saved([plain] * 1000)


@case(UNREADABLE)
def history_is_text():
    return saved([layer(entry(b"a"))], history=["RUN", 3])


@case(DAMAGED)
def wrong_diff_id():
    return saved([layer(entry(b"a"))], settings=config([b"other"]))


@case(DAMAGED)
def wrong_digest_of_a_blob():
    members = oci_members([layer(entry(b"a"))])
    blob = next(path for path, data in members.items() if data[:1] == b"a")
    return files(*(members | {blob: layer(entry(b"evil"))}).items())


@case(DAMAGED)
def wrong_digest_of_the_config():
    made = oci_members([layer(entry(b"a"))])
    place = next(path for path, data in made.items() if b"diff_ids" in data)
    return files(*(made | {place: made[place] + b" "}).items())


@case(DAMAGED)
def wrong_digest_of_the_manifest():
    made = oci_members([layer(entry(b"a"))])
    place = next(path for path, data in made.items() if b'"layers"' in data and b"diff_ids" not in data)
    return files(*(made | {place: made[place] + b" "}).items())


@case(UNREADABLE)
def digest_is_a_path():
    made = oci_members([layer(entry(b"a"))])
    told = json.loads(made["index.json"])
    told["manifests"][0]["digest"] = "sha256:../../../../etc/passwd"
    return files(*(made | {"index.json": json.dumps(told).encode()}).items())


@case(UNREADABLE)
def negative_size_of_a_layer():
    plain, settings = layer(entry(b"a")), config([layer(entry(b"a"))])
    manifest = {"config": {"digest": digest(settings)}, "layers": [{"digest": digest(plain), "size": -1}]}
    raw = json.dumps(manifest).encode()
    index = json.dumps({"manifests": [{"digest": digest(raw)}]}).encode()
    blobs = {f"blobs/sha256/{digest(data)[7:]}": data for data in (plain, settings, raw)}
    return files(*(blobs | {"index.json": index}).items())


@case(UNREADABLE)
def index_of_itself():
    """Cannot be made with right digests; a chain of indexes that never ends in an image can."""
    blobs, raw = {}, b'{"manifests": []}'
    for _ in range(40):
        blobs[f"blobs/sha256/{digest(raw)[7:]}"] = raw
        raw = json.dumps({"manifests": [{"digest": digest(raw)}]}).encode()
    return files(*(blobs | {"index.json": raw}).items())


@case(UNREADABLE)
def layer_link_in_a_circle():
    import tarfile

    manifest = json.dumps([{"Config": "c.json", "Layers": ["a/layer.tar"]}]).encode()
    return files(
        ("a/layer.tar", tarfile.SYMTYPE, "../b/layer.tar"),
        ("b/layer.tar", tarfile.SYMTYPE, "../a/layer.tar"),
        ("c.json", config([b"x"])),
        ("manifest.json", manifest),
    )


@case(UNREADABLE)
def layer_is_missing():
    made = oci_members([layer(entry(b"a"))])
    return files(*((path, data) for path, data in made.items() if data[:1] != b"a"))


@case(UNREADABLE)
def layer_is_no_tar():
    return saved([b"this is not a tar " * 100])


# --- not an image at all ------------------------------------------------------------------------
@case(UNREADABLE)
def empty_file():
    return b""


@case(UNREADABLE)
def one_zero_block():
    return bytes(BLOCK)


@case(UNREADABLE)
def empty_tar():
    return END


@case(UNREADABLE)
def plain_text():
    return "이미지가 아닙니다.\n".encode() * 100


@case(UNREADABLE)
def tar_of_something_else():
    return files(("README", b"hello"))


@case(UNREADABLE)
def gzip_of_nothing():
    return gzip.compress(b"")


@case(UNREADABLE)
def zip_file():
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("manifest.json", "[]")
    return buffer.getvalue()


@case(UNREADABLE)
def padded_garbage():
    return padded(b"\x7fELF") * 40
