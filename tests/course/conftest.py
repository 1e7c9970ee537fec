"""A record of the test's own: the developer's is neither read nor written."""

import pytest

from dockerlab.course import lessons


@pytest.fixture(autouse=True)
def record(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKERLAB_RECORD", str(tmp_path / "record"))
    monkeypatch.setattr(lessons, "_current", "")
    return tmp_path / "record"
