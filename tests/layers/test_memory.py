"""Reading many files takes little memory."""

from __future__ import annotations

import pytest
from crafted import entry, layer, saved
from test_hostile import read

FILES = 200_000
MEMORY = 200 * 2**20


@pytest.mark.soak
def test_two_hundred_thousand_files_fit_in_two_hundred_megabytes(tmp_path):
    third = FILES // 3
    layers = [
        layer(*(entry(b"usr/lib/package%d/module_%d.py" % (at % 300, at), b"x") for at in range(begin, end)))
        for begin, end in ((0, third), (third - 1000, 2 * third), (2 * third, FILES))
    ]
    path = tmp_path / "image.tar"
    path.write_bytes(saved(layers))
    said = read(path, tmp_path / "home")
    assert len(said["paths"]) > FILES
    assert said["memory"] <= MEMORY
