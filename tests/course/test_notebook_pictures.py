"""Each picture that a lesson was committed with is told in words too, for whom a picture says nothing."""

from __future__ import annotations

import json
import re

import pytest

ROOT_TAG = re.compile(r'<svg[^>]*\brole="img"')
TITLE = re.compile(r"<title[^>]*>([^<]*[가-힣][^<]*)</title>")


def pictures(root):
    for path in sorted([*root.glob("notebooks/*.ipynb"), *root.glob("exercises/*.ipynb")]):
        for at, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
            for output in cell.get("outputs", ()):
                for kind in output.get("data", {}):
                    if kind.startswith("image/"):
                        yield f"{path.name}, cell {at}", kind, output, cell["outputs"]


def test_each_picture_has_words(root):
    found = list(pictures(root))
    assert len(found) >= 10
    for where, kind, output, outputs in found:
        title = "".join(output["data"]["text/plain"])
        assert re.search("[가-힣]", title), where
        if kind == "image/svg+xml":
            drawn = "".join(output["data"][kind])
            assert ROOT_TAG.search(drawn) and TITLE.search(drawn), where
        else:
            alternative = output["metadata"].get(kind, {}).get("alt", "")
            assert re.search("[가-힣]", alternative) and len(alternative) > 2 * len(title), where
        # And for whom an alternative is too short: the whole in an output of its own.
        others = [each for each in outputs if each is not output and "text/plain" in each.get("data", {})]
        assert others, where


@pytest.mark.parametrize("tag", ["<img", "<svg"])
def test_no_picture_in_html_is_without_words(root, tag):
    for path in root.glob("notebooks/*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", ()):
                for found in re.findall(f"{tag}[^>]*>", "".join(output.get("data", {}).get("text/html", ""))):
                    assert re.search(r"\balt=|\baria-label|aria-hidden", found), path.name
