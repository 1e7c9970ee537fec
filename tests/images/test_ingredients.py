"""What lessons build images of: a wheel that pip installs, and a tar of nothing but Python."""

from __future__ import annotations

import io
import tarfile

import pytest

from dockerlab import containers, layering
from dockerlab.images.building import build
from dockerlab.images.ingredients import python_runtime, wheel


def test_a_wheel_is_the_same_bytes_every_time():
    made = [wheel("two-words", "1.0", {"two_words.py": "x = 1\n"}) for _ in range(2)]
    assert made[0].name == "two_words-1.0-py3-none-any.whl"
    assert made[0].content == made[1].content


@pytest.mark.engine
def test_debian_with_the_runtime_runs_python_and_installs_the_wheel_without_a_network(engine, no_new_images):
    made = wheel("two-words", "1.0", {"two_words.py": "def said():\n    return '두 낱말'\n"})
    runtime = python_runtime({f"/wheels/{made.name}": made.content})
    with tarfile.open(fileobj=io.BytesIO(runtime)) as tar:
        names = {member.name.strip("/") for member in tar}
    assert f"wheels/{made.name}" in names
    assert "usr/bin/dpkg" not in names  # what Debian has is Debian's
    tag = "dockerlab-test/runtime:1"
    text = "FROM dockerlab/debian\nADD runtime.tar /\n"
    text += "RUN pip install --no-index --find-links=/wheels two-words\n"
    with no_new_images():
        build(text, tag, files={"runtime.tar": runtime})
        said = containers.run(tag, ["python3", "-c", "import two_words, ssl; print(two_words.said())"])
        assert said.stdout == "두 낱말\n"
        above, python = layering.layers(tag).tree(1), layering.layers("python").tree()
        assert {path for path in python if path not in above} == set()
