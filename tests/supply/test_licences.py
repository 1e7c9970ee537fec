"""Every locked dependency has a licence that we take, and the list of them is current."""

from __future__ import annotations

import importlib.metadata

import licences
import pytest


@pytest.mark.parametrize("name", licences.locked())
def test_the_licence_is_one_we_take_and_is_listed(name):
    told = licences.licence(name)
    assert told and not licences.unexpected(told)
    row = f"| `{name}` | {importlib.metadata.version(name)} | {told} |"
    assert row in licences.REPORT.read_text(encoding="utf-8")


def test_what_is_not_on_the_list_would_be_noticed():
    assert licences.unexpected("MIT AND GPL-3.0-only") == ["GPL-3.0-only"]
    assert licences.unexpected("") == ["?"]
