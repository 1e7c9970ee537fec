"""The exported record in a browser: readable in both themes, and nothing fetched from anywhere."""

from __future__ import annotations

import labpage
import pytest

import dockerlab as lab
from dockerlab.course import quiz

pytestmark = pytest.mark.browser


@pytest.fixture
def saved(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKERLAB_RECORD", str(tmp_path / "record"))
    monkeypatch.setattr("dockerlab.course.lessons._current", "03")
    lab.predict("시작 시간", unit="s", 컨테이너=1.0).against(컨테이너=0.5)
    lab.keep("메모리", 6.7e6, "bytes")
    quiz.find("03-one-root").answer("what-is-it", 0)
    return lab.record().save(tmp_path / "record.html")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_readable_by_everybody(saved, page, screenshots, theme):
    page.emulate_media(color_scheme=theme)
    fetched = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(saved.as_uri())
    page.get_by_text("컨테이너는 가벼운 VM이다").first.wait_for()
    page.screenshot(path=screenshots / f"record-{theme}.png", full_page=True)
    assert fetched == [saved.as_uri()]
    assert labpage.violations(page) == []
