from __future__ import annotations

import pytest

from dockerlab.packages import mirror

DEB822 = """\
# comment
Types: deb deb-src
URIs: http://debian.example/debian/
# another
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://debian.example/debian-security
Suites: bookworm-security
Components: main
"""


@pytest.fixture
def apt(tmp_path, monkeypatch):
    monkeypatch.delenv(mirror.ENV, raising=False)
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_deb822(apt):
    (apt / "sources.list.d/debian.sources").write_text(DEB822)
    assert mirror.mirrors(apt) == ["http://debian.example/debian", mirror.DEFAULT_MIRROR]


def test_one_line(apt):
    (apt / "sources.list").write_text(
        "# deb http://old.example/debian trixie main\n"
        "deb [arch=amd64 signed-by=/a/b.gpg] https://mirror.example/debian trixie main contrib # near\n"
        "deb-src http://source.example/debian trixie main\n"
    )
    assert mirror.mirrors(apt)[0] == "https://mirror.example/debian"
    assert len(mirror.mirrors(apt)) == 2


def test_a_list_of_mirrors_in_a_file(apt):
    listed = apt / "mirrors/debian.list"
    listed.parent.mkdir()
    listed.write_text("https://cloud.example/debian\tpriority:1\n")
    source = DEB822.replace("http://debian.example/debian/", f"mirror+file://{listed}")
    (apt / "sources.list.d/debian.sources").write_text(source)
    assert mirror.mirrors(apt)[0] == "https://cloud.example/debian"


@pytest.mark.parametrize(
    "line",
    [
        "deb http://archive.example/ubuntu noble main",
        "deb https://vendor.example/linux/debian bookworm stable",
        "deb http://debian.example/debian-security bookworm-security main",
        "deb cdrom:[Debian 12]/ bookworm main",
        "deb file:/srv/debian bookworm main",
    ],
)
def test_other_archives_are_not_taken(apt, line):
    (apt / "sources.list").write_text(line + "\n")
    assert mirror.mirrors(apt) == [mirror.DEFAULT_MIRROR]


def test_disabled_entry(apt):
    disabled = DEB822.replace("Types: deb deb-src", "Types: deb\nEnabled: no")
    (apt / "sources.list.d/debian.sources").write_text(disabled)
    assert mirror.mirrors(apt) == [mirror.DEFAULT_MIRROR]


def test_environment_wins(apt, monkeypatch):
    (apt / "sources.list.d/debian.sources").write_text(DEB822)
    monkeypatch.setenv(mirror.ENV, "http://class.example/debian/")
    assert mirror.mirrors(apt) == ["http://class.example/debian"]
    assert mirror.find_mirror() == "http://class.example/debian"


def test_no_configuration(tmp_path, monkeypatch):
    monkeypatch.delenv(mirror.ENV, raising=False)
    assert mirror.mirrors(tmp_path / "nothing") == [mirror.DEFAULT_MIRROR]
