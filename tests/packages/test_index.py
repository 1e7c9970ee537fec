from __future__ import annotations

import os
import time

import pytest
from debian_repository import make_deb
from pysequoia import Cert, Tsk

from dockerlab.errors import ChecksumMismatch, FetchError, PackageMissing, SignatureInvalid
from dockerlab.packages import fetch, index, lists, open_index, release, transfer

INRELEASE = "/debian/dists/trixie/InRelease"


def ask_anew(home):
    """Make the kept list too old to be used unasked."""
    kept = home / "cache/packages/lists/trixie.InRelease"
    os.utime(kept, (time.time() - 7 * 86400,) * 2)


def test_good_repository(repository):
    repository.add("hello", depends="libc6 (>= 2.3), awk | mawk:any")
    repository.publish(until=3600)
    package = open_index("trixie").package("hello")
    assert (package.name, package.version, package.depends) == ("hello", "1.0", (("libc6",), ("awk", "mawk")))
    assert fetch(package).read_bytes() == repository.files[f"/debian/{package.filename}"]


def test_fields_and_missing_package(repository):
    repository.add("vital", extra="Essential: yes\nPriority: required\nProvides: life (= 1)")
    repository.add("other")
    repository.publish()
    opened = open_index("trixie")
    assert [package.name for package in opened.required()] == ["vital"]
    assert opened.package("vital").provides == ("life",)
    assert opened.stanza("other").startswith("Package: other\nVersion: 1.0")
    assert len(opened) == 2 and "vital" in opened and "vita" not in opened
    with pytest.raises(PackageMissing) as caught:
        opened.package("vita")
    assert caught.value.code == "E53"


def test_without_by_hash(repository):
    repository.add("hello")
    repository.publish(by_hash=False)
    assert "hello" in open_index("trixie")


def test_by_hash_promised_but_absent(repository):
    repository.add("hello")
    path = repository.publish()
    plain = f"{path.split('/by-hash')[0]}/Packages.xz"
    repository.files[plain] = repository.files.pop(path)
    assert "hello" in open_index("trixie")


def change_a_byte(signed):
    return signed.replace(b"Origin: Test", b"Origin: Tess")


def strip_signature(signed):
    return signed.split(b"\n\n", 1)[1].split(b"-----BEGIN PGP SIGNATURE")[0]


@pytest.mark.parametrize(
    "spoil",
    [change_a_byte, strip_signature, lambda signed: b"", lambda signed: b"<html>Please log in</html>"],
    ids=["changed", "unsigned", "empty", "portal"],
)
def test_bad_signature(repository, spoil):
    repository.add("hello")
    repository.publish()
    repository.files[INRELEASE] = spoil(repository.files[INRELEASE])
    with pytest.raises(SignatureInvalid) as caught:
        open_index("trixie")
    assert caught.value.code == "E51"
    assert len(caught.value.seen.splitlines()) == 1  # no backtrace of the library


def test_unknown_key(repository):
    repository.add("hello")
    repository.publish(key=Tsk.generate("stranger <stranger@example.org>"))
    with pytest.raises(SignatureInvalid):
        open_index("trixie")


def test_text_around_the_signed_part_is_not_read(repository):
    repository.add("hello")
    repository.publish()
    forged = b"SHA256:\n " + b"0" * 64 + b" 1 main/binary-amd64/Packages.xz\n"
    repository.files[INRELEASE] = forged + repository.files[INRELEASE]
    assert "hello" in open_index("trixie")


def test_expired(repository):
    repository.add("hello")
    repository.publish(until=-60)
    with pytest.raises(SignatureInvalid, match="유효 기간"):
        open_index("trixie")


def test_another_release_under_this_name(repository):
    repository.add("hello")
    repository.publish("trixie", codename="bookworm")
    with pytest.raises(SignatureInvalid, match="다른 배포판"):
        open_index("trixie")


def test_wrong_hash_of_packages(repository):
    repository.add("hello")
    path = repository.publish()
    repository.files[path] = repository.files[path][:-1] + b"!"
    with pytest.raises(ChecksumMismatch) as caught:
        open_index("trixie")
    assert caught.value.code == "E52"


def test_architecture_that_is_not_there(repository):
    repository.add("hello")
    repository.publish()
    with pytest.raises(FetchError, match="arm64"):
        open_index("trixie", "arm64")


def test_kept_list_is_used_unasked(repository):
    repository.add("hello")
    repository.publish()
    open_index("trixie")
    asked = len(repository.asked)
    lists._parsed.cache_clear()
    assert "hello" in open_index("trixie")
    assert len(repository.asked) == asked


def test_new_list_after_some_hours(repository, home):
    repository.add("hello")
    repository.publish()
    open_index("trixie")
    repository.add("world")
    repository.publish()
    assert "world" not in open_index("trixie")
    ask_anew(home)
    assert "world" in open_index("trixie")


def test_offline_with_everything_cached(repository, home, server):
    repository.add("hello", deb=make_deb([]))
    repository.publish()
    path = fetch(open_index("trixie").package("hello"))
    ask_anew(home)
    lists._parsed.cache_clear()
    server.shutdown()
    server.server_close()
    assert fetch(open_index("trixie").package("hello")) == path


def test_nothing_cached_and_no_mirror(repository, server):
    server.shutdown()
    server.server_close()
    with pytest.raises(FetchError) as caught:
        open_index("trixie")
    assert caught.value.code == "E50" and caught.value.status is None


def test_damaged_cache_is_fetched_again(repository, home):
    repository.add("hello")
    repository.publish()
    open_index("trixie")
    lists._parsed.cache_clear()
    for name in ("trixie.InRelease", "trixie-amd64-Packages.xz"):
        (home / "cache/packages/lists" / name).write_bytes(b"rubbish")
    assert "hello" in open_index("trixie")


def test_hanging_mirror(repository, monkeypatch):
    monkeypatch.setattr(transfer, "ANSWER_SECONDS", 0.2)
    repository.faults[INRELEASE] = "hang"
    with pytest.raises(FetchError, match="답하지 않았습니다"):
        open_index("trixie")


def test_next_mirror_serves_and_is_remembered(repository, monkeypatch):
    repository.add("hello")
    repository.publish()
    bad = repository.url.replace("/debian", "/ubuntu")
    monkeypatch.setattr(lists, "mirrors", lambda: [bad, repository.url])
    assert open_index("trixie").package("hello").mirror == repository.url
    lists._parsed.cache_clear()
    assert open_index("trixie").package("hello").mirror == repository.url
    assert repository.count("/ubuntu/dists/trixie/InRelease") == 1


STANZAS = """\
Package: app
Version: 1
Architecture: all
Section: admin
Pre-Depends: base
Depends: lib (>= 1), mail-agent, extra | other
Filename: a
Size: 1
SHA256: 0

Package: base
Version: 1
Architecture: all
Essential: yes
Section: admin
Filename: b
Size: 1
SHA256: 0

Package: lib
Version: 1
Architecture: all
Section: libs
Depends: app
Filename: l
Size: 1
SHA256: 0

Package: agent-a
Version: 1
Architecture: all
Priority: optional
Provides: mail-agent (= 2), news
Filename: x
Size: 1
SHA256: 0

Package: agent-z
Version: 1
Architecture: all
Priority: important
Provides: mail-agent
Filename: z
Size: 1
SHA256: 0

Package: other
Version: 1
Architecture: all
Filename: o
Size: 1
SHA256: 0
"""


@pytest.fixture
def small():
    return index.Index("trixie", "amd64", STANZAS.encode(), "http://m.example")


def names(packages):
    return [package.name for package in packages]


def test_closure_follows_alternatives_providers_and_cycles(small):
    assert names(small.closure(["app"])) == ["agent-z", "app", "base", "lib", "other"]


def test_closure_prefers_what_is_already_chosen(small):
    assert names(small.closure(["app", "agent-a"])) == ["agent-a", "app", "base", "lib", "other"]


def test_closure_with_limits(small):
    assert names(small.closure(["app"], exclude=["base", "mail-agent", "other"])) == ["app", "lib"]
    assert names(small.closure(["app"], follow=lambda package: package.section == "libs")) == ["app", "lib"]


def test_closure_says_what_is_missing(small):
    with pytest.raises(PackageMissing, match="nowhere"):
        small.closure(["nowhere"])


def test_pinned_keys():
    pinned = {Cert.from_file(str(path)).fingerprint.upper() for path in release.KEYS.glob("*.asc")}
    assert pinned == {
        "B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8",  # archive automatic, 12/bookworm
        "4D64FEC119C2029067D6E791F8D2585B8783D481",  # stable release, 12/bookworm
        "04B54C3CDCA79751B16BC6B5225629DF75B188BD",  # archive automatic, 13/trixie
        "41587F7DB8C774BCCF131416762F67A0B2C39DE4",  # stable release, 13/trixie
    }
