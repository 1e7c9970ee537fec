"""The grammar of image names, by its properties and against the engine's own reading of it."""

import string

import docker.errors
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockerlab.errors import InvalidReference
from dockerlab.registries import Reference, parse

HEX = "0123456789abcdef"
component = st.from_regex(r"[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,6}){0,2}", fullmatch=True)
hosts = st.sampled_from(
    ["docker.io", "localhost", "localhost:5000", "h.example", "H", "127.0.0.1:5000", "[::1]:5000", "a-b.c:1"]
)
digests = st.text(HEX, min_size=64, max_size=64).map("sha256:{}".format)
tags = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", fullmatch=True)


@st.composite
def references(draw):
    path = draw(st.lists(component, min_size=1, max_size=4))
    host = draw(hosts)
    repository = "/".join(["library", *path] if host == "docker.io" and len(path) == 1 else path)
    digest = draw(st.just("") | digests)
    tag = draw(tags | st.just("")) if digest else draw(tags)
    return Reference(host, repository, tag, digest)


@given(references())
def test_what_is_written_is_read_back(reference):
    assert parse(str(reference)) == reference
    assert parse(reference.short) == reference


@given(st.text(max_size=40) | st.text(string.printable, max_size=40) | st.text("aA0.:/@_-[]", max_size=12))
def test_any_text_is_a_reference_or_one_clear_error(text):
    try:
        read = parse(text)
    except InvalidReference as error:
        assert error.code == "E34" and error.seen and error.todo
    else:
        assert parse(str(read)) == read, "reading is idempotent"
        assert read.wanted and read.repository and read.host


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("busybox", ("docker.io", "library/busybox", "latest", "")),
        ("busybox:1.37", ("docker.io", "library/busybox", "1.37", "")),
        ("bitnami/redis", ("docker.io", "bitnami/redis", "latest", "")),
        ("index.docker.io/busybox", ("docker.io", "library/busybox", "latest", "")),
        ("localhost/app", ("localhost", "app", "latest", "")),
        ("localhost:5000", ("docker.io", "library/localhost", "5000", "")),
        ("localhost:5000/app", ("localhost:5000", "app", "latest", "")),
        ("h.example/a/b:1@sha256:" + "0" * 64, ("h.example", "a/b", "1", "sha256:" + "0" * 64)),
        ("busybox@sha256:" + "0" * 64, ("docker.io", "library/busybox", "", "sha256:" + "0" * 64)),
        ("A/b", ("A", "b", "latest", "")),
    ],
)
def test_what_is_left_out_is_filled_in(text, read):
    assert parse(text) == Reference(*read)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "비어"),
        ("https://h.example/app", "https://"),
        ("Busybox", "busybox"),
        ("a/B", "a/b"),
        ("app:", "태그"),
        ("app:" + "x" * 129, "태그"),
        ("app@sha256:12", "64자"),
        ("app@sha256:" + "A" * 64, "64자"),
        ("a-.b/app", "레지스트리의 주소"),
        ("h:/app", "레지스트리의 주소"),
        ("a//b", "저장소"),
        ("a..b", "저장소"),
        ("도커", "저장소"),
        ("app\n", "저장소"),
        ("a" * 256, "255자"),
        ("0" * 64, "이미지 id"),
    ],
)
def test_a_mistake_is_named(text, told):
    with pytest.raises(InvalidReference) as caught:
        parse(text)
    assert told in str(caught.value)


@pytest.mark.engine
@settings(max_examples=200, deadline=None)
@given(
    # Empty and dotted parts of a path are lost in the URL of the question, before the engine reads them.
    st.text("ab0A.:/@_-", min_size=1, max_size=10).filter(
        lambda text: not {"", ".", ".."} & set(text.split("/"))
    )
    | references().map(str)
)
def test_the_engine_reads_names_as_we_do(engine, text):
    try:
        engine.client.api.inspect_image(text)
        valid = True
    except docker.errors.ImageNotFound:
        valid = True
    except docker.errors.APIError as error:
        assert error.status_code == 400, (text, error)
        valid = False
    try:
        ours = parse(text)
    except InvalidReference:
        ours = None
    if ours is None and valid:
        # Newer engines take what looks like a host but cannot be one for a part of the path.
        assert "_" in text.split("/")[0], text
    elif ours is not None and not valid:
        # Before 23.0 a host without a dot or a port had no capital letters, and none was an IPv6 address.
        assert int(engine.version.split(".")[0]) < 23, text
        assert ours.host != ours.host.lower() or "[" in ours.host, text
    else:
        assert (ours is not None) == valid, text
