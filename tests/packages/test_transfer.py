from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import threading

import pytest

from dockerlab.errors import ChecksumMismatch, DiskFull, FetchError, PlaceNotWritable
from dockerlab.packages import download, fetch_all, open_index, transfer

CONTENT = random.Random(0).randbytes(3_000_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()
PATH = "/debian/file"


@pytest.fixture
def url(repository):
    repository.files[PATH] = CONTENT
    return f"{repository.url}/file"


@pytest.fixture
def target(tmp_path):
    return tmp_path / "got" / "file"


def left(target):
    return sorted(path.name for path in target.parent.iterdir())


def test_whole_file_with_progress(url, target):
    told = []
    got = download(url, target, sha256=DIGEST, size=len(CONTENT), report=lambda *a: told.append(a))
    assert got == target and target.read_bytes() == CONTENT and left(target) == ["file"]
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[-1] == ("file", len(CONTENT), len(CONTENT))


def test_already_there(url, target, repository):
    download(url, target, sha256=DIGEST)
    download(url, target, sha256=DIGEST)
    assert repository.count("/file") == 1


def test_without_a_digest_it_is_fetched_each_time(url, target, repository):
    download(url, target)
    repository.files[PATH] = b"new"
    target.with_name("file.part").write_bytes(b"old")
    assert download(url, target).read_bytes() == b"new"


def test_half_a_file_is_resumed(url, target, repository):
    target.parent.mkdir()
    target.with_name("file.part").write_bytes(CONTENT[:1_000_000])
    download(url, target, sha256=DIGEST, size=len(CONTENT))
    assert target.read_bytes() == CONTENT
    assert repository.asked == [(PATH, "bytes=1000000-")]


def test_broken_connection_is_taken_up_again(url, target, repository):
    repository.faults[PATH] = lambda wanted: None if wanted else ("cut", 700_000)
    download(url, target, sha256=DIGEST, size=len(CONTENT))
    assert target.read_bytes() == CONTENT
    first, second = (wanted for _, wanted in repository.asked)
    assert first is None and 0 < int(second.removeprefix("bytes=")[:-1]) <= 700_000


def test_connection_that_breaks_at_once(url, target, repository):
    repository.faults[PATH] = ("cut", 0)
    with pytest.raises(FetchError, match="끊겼습니다"):
        download(url, target, sha256=DIGEST, size=len(CONTENT))
    del repository.faults[PATH]
    assert download(url, target, sha256=DIGEST).read_bytes() == CONTENT


def test_server_that_ignores_ranges(url, target, repository):
    repository.faults[PATH] = "no-range"
    target.parent.mkdir()
    target.with_name("file.part").write_bytes(CONTENT[:1_000_000])
    download(url, target, sha256=DIGEST, size=len(CONTENT))
    assert target.read_bytes() == CONTENT and repository.count("/file") == 1


@pytest.mark.parametrize("size", [len(CONTENT), None])
@pytest.mark.parametrize("extra", [b"", b"more"])
def test_part_that_is_as_long_as_the_file_or_longer(url, target, size, extra):
    target.parent.mkdir()
    target.with_name("file.part").write_bytes(CONTENT + extra)
    download(url, target, sha256=DIGEST, size=size)
    assert target.read_bytes() == CONTENT and left(target) == ["file"]


def test_corrupt_part_is_fetched_once_more(url, target):
    target.parent.mkdir()
    target.with_name("file.part").write_bytes(b"x" * 1_000_000)
    assert download(url, target, sha256=DIGEST, size=len(CONTENT)).read_bytes() == CONTENT


def test_corrupt_file_in_the_cache_is_replaced(url, target):
    target.parent.mkdir()
    target.write_bytes(CONTENT[:-1] + b"!")
    assert download(url, target, sha256=DIGEST).read_bytes() == CONTENT


def test_wrong_bytes_twice(url, target, repository):
    repository.files[PATH] = CONTENT[:-1] + b"!"
    with pytest.raises(ChecksumMismatch) as caught:
        download(url, target, sha256=DIGEST, size=len(CONTENT))
    assert caught.value.code == "E52" and DIGEST in caught.value.seen
    assert repository.count("/file") == 2 and left(target) == []


def test_endless_file(url, target, repository):
    """A server that sends more than the signed size is cut off."""
    repository.files[PATH] = CONTENT * 4
    with pytest.raises(ChecksumMismatch):
        download(url, target, sha256=DIGEST, size=len(CONTENT))
    assert left(target) == []


@pytest.mark.parametrize("status", [403, 404, 503])
def test_status(url, target, repository, status):
    repository.faults[PATH] = status
    with pytest.raises(FetchError, match=str(status)) as caught:
        download(url, target, sha256=DIGEST)
    assert caught.value.status == status and caught.value.code == "E50"


def test_hanging_server_then_a_good_one(url, target, repository, monkeypatch):
    monkeypatch.setattr(transfer, "SILENCE_SECONDS", 0.2)
    repository.faults[PATH] = "hang"
    with pytest.raises(FetchError, match="답하지 않았습니다"):
        download(url, target, sha256=DIGEST)
    del repository.faults[PATH]
    assert download(url, target, sha256=DIGEST).read_bytes() == CONTENT


def test_nobody_listens(target, home):
    with pytest.raises(FetchError) as caught:
        download("http://127.0.0.1:9/file", target)
    assert "Connection refused" in caught.value.seen


def test_folder_that_cannot_be_written(url, tmp_path):
    (tmp_path / "file").write_text("a file where a folder should be")
    with pytest.raises(PlaceNotWritable):
        download(url, tmp_path / "file" / "below", sha256=DIGEST)


def test_two_at_once_fetch_once(url, target, repository):
    """The second waits for the first and uses its file."""
    arrived, go = threading.Event(), threading.Event()

    def pause(wanted):
        arrived.set()
        go.wait(10)

    repository.faults[PATH] = pause
    got = []
    threads = [
        threading.Thread(target=lambda: got.append(download(url, target, sha256=DIGEST).read_bytes()))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    assert arrived.wait(10)
    go.set()
    for thread in threads:
        thread.join(30)
    assert got == [CONTENT] * 4 and repository.count("/file") == 1 and left(target) == ["file"]


def test_killed_while_receiving_then_resumed(url, target, repository):
    repository.faults[PATH] = lambda wanted: None if wanted else ("cut", 2_000_000)
    script = (
        "import sys, os; from pathlib import Path; from dockerlab.packages import transfer\n"
        "def report(what, done, total):\n"
        "    if done >= 1_000_000: os.kill(os.getpid(), 9)\n"
        f"transfer.download(sys.argv[1], Path(sys.argv[2]), sha256={DIGEST!r}, report=report)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, url, str(target)], timeout=60)
    assert killed.returncode == -signal.SIGKILL and left(target) == ["file.part"]
    had = target.with_name("file.part").stat().st_size
    assert had > 0
    download(url, target, sha256=DIGEST)
    assert target.read_bytes() == CONTENT
    assert repository.asked[-1] == (PATH, f"bytes={had}-")


def test_several_packages_share_one_progress(repository):
    repository.add("a", deb=b"a" * 10)
    repository.add("b", deb=b"b" * 20)
    repository.publish()
    opened = open_index("trixie")
    told = []
    paths = fetch_all([opened.package("a"), opened.package("b")], lambda *a: told.append(a), "모두")
    assert [path.read_bytes()[:1] for path in paths] == [b"a", b"b"]
    assert {(what, total) for what, _, total in told} == {("모두", 30)} and told[-1][1] == 30


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_full_disk_then_room_again(url, small_disk, repository):
    with pytest.raises(DiskFull) as caught:
        download(url, small_disk / "file", sha256=DIGEST, size=len(CONTENT))
    assert caught.value.code == "E31"
    assert list(small_disk.iterdir()) == []  # the room is given back
    subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)
    assert download(url, small_disk / "file", sha256=DIGEST).read_bytes() == CONTENT
