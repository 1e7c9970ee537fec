"""Hostile images: one clear error or a safely shown name, little memory, no hang, nothing left."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from hostile import CASES

MEMORY = 512 * 2**20
CPU_SECONDS = 10  # a limit of the system, not a measurement: what hangs is killed
# Read in a process of its own, which tells how much memory it took.
READER = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[2]), int(sys.argv[2])))
from dockerlab import layering
from dockerlab.errors import DockerlabError
try:
    image = layering.layers(sys.argv[1])
    json.dumps(image.as_dict(), allow_nan=False).encode()
    said = {"paths": [layering.shown(path) for path in image.tree()]}
except DockerlabError as error:
    said = {"error": error.as_dict()}
# Not ru_maxrss: it remembers how large the process was that started this one.
status = open("/proc/self/status").read()
said["memory"] = int(status.split("VmHWM:")[1].split()[0]) * 1024
print(json.dumps(said))
"""


def read(path, home):
    done = subprocess.run(
        [sys.executable, "-c", READER, str(path), str(CPU_SECONDS)],
        capture_output=True, text=True, timeout=120, env=os.environ | {"DOCKERLAB_HOME": str(home)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_there_are_enough():
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_image_is_refused_or_shown_safely(name, tmp_path):
    make, expected = CASES[name]
    folder = tmp_path / "given"
    folder.mkdir()
    path = folder / "image.tar"
    path.write_bytes(make())
    said = read(path, tmp_path / "home")
    assert said["memory"] <= MEMORY
    assert [each.name for each in folder.iterdir()] == ["image.tar"]
    if expected.startswith("/"):
        assert expected in said["paths"], said.get("error")
        assert all(shown.isprintable() for shown in said["paths"])
    else:
        assert said["error"]["code"] == expected, said
        assert all(said["error"][part] for part in ("what", "seen", "todo"))
        assert all(each.isprintable() for each in said["error"].values())
