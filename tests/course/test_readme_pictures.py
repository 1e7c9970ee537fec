"""README's pictures are those of the saved notebooks."""

import re

from dockerlab.course import pictures


def test_the_pictures_are_what_the_notebooks_drew(root):
    for name, content in pictures.drawn(root / "notebooks").items():
        assert (root / "docs/pictures" / name).read_bytes() == content, name


def test_readme_shows_every_picture_with_a_text(root):
    shown = re.findall(r"!\[([^\]]+)\]\(docs/pictures/([^)]+)\)", (root / "README.md").read_text("utf-8"))
    assert {name for _, name in shown} == set(pictures.PICTURES)
    assert all(len(text) > 20 for text, _ in shown)
