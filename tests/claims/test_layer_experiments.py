"""Copy-up and rebuilding, measured on a real engine."""

from __future__ import annotations

import pytest

from dockerlab.claims import copyup, rebuild
from dockerlab.diagnosis.engines import image_store
from dockerlab.engine import objects, session_id
from dockerlab.views.formatters import FIGURES, SHEETS

pytestmark = pytest.mark.engine


@pytest.fixture(autouse=True)
def no_image_stays(no_new_images):
    with no_new_images():
        yield


@pytest.fixture(scope="module")
def python(engine):
    from dockerlab import images

    return images.ensure("python")


def test_one_byte_copies_the_whole_file_up(engine, python):
    measured = copyup.measure(sizes=(1000, 2_000_000), n=2)
    blocks = image_store(engine.info) == "containerd"  # which counts what a file takes on the disk
    sizes = {1000: 20_480, 2_000_000: 2_002_944} if blocks else {1000: 1001, 2_000_000: 2_000_001}
    assert measured.stored == sizes
    assert [timing.n for timing in (*measured.first.values(), *measured.again.values())] == [2] * 4
    kind = ("dockerlab.claims.copyup", "CopyUp")
    assert f"({sizes[2_000_000]:,}바이트)" in SHEETS[kind](measured).rows[1][3]
    assert FIGURES[kind](measured)[0].png().startswith(b"\x89PNG")


def test_the_order_of_instructions_decides_what_is_built_again(engine, tiny):
    first = "FROM dockerlab/tiny\nCOPY app /app\nRUN dd if=/dev/zero of=/dep bs=1000 count=500\n"
    last = "FROM dockerlab/tiny\nRUN dd if=/dev/zero of=/dep bs=1000 count=500\nCOPY app /app\n"
    measured = rebuild.measure({"first": first, "last": last}, {"app": "1"}, "app", n=2)
    assert {name: len(built.cached) for name, built in measured.built.items()} == {"first": 0, "last": 1}
    assert [timing.n for timing in measured.timings.values()] == [2, 2]
    kind = ("dockerlab.claims.rebuild", "Rebuild")
    assert [row[2] for row in SHEETS[kind](measured).rows] == ["0 / 2", "1 / 2"]
    # Of all that was built only the last of each name is still there.
    mine = {"label": f"{objects.SESSION}={session_id()}"}
    left = [image["RepoTags"] for image in engine.client.api.images(filters=mine)]
    assert sorted(map(tuple, left)) == [("dockerlab/rebuild:1",), ("dockerlab/rebuild:2",)]
