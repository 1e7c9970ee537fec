"""What lessons 04 and 05 do by hand, on an engine that has a kernel of its own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest
from homes import processes_of

from dockerlab.engine import bundle, rungs

pytestmark = [pytest.mark.engine, pytest.mark.soak]

LESSON = """
import json, sys
import dockerlab as lab
from dockerlab import images

images.import_bundle(sys.argv[1])
with lab.workbench() as bench:
    bench.unpack("tiny", "/bundle/rootfs")
    bench.sh("cd /bundle && runc spec")
    config = json.loads(bench.sh("cat /bundle/config.json").stdout)
    config["root"]["path"] = "/bundle/rootfs"
    config["process"] |= {"terminal": False, "args": ["sh", "-c", "echo $$"]}
    bench.put("/bundle/config.json", json.dumps(config))
    bench.start_containerd()
    told = [bench.sh(command).stdout.strip() for command in (
        "runc run --bundle /bundle by-hand", "ctr run --rm --config /bundle/config.json by-ctr")]
    tasks = bench.sh("ctr --address /engine/containerd.sock --namespace moby tasks ls").stdout
trips = []
for auth, tls in ((None, False), (("student", "secret"), True)):
    with lab.registry(auth=auth, tls=tls) as registry:
        pushed = registry.push("tiny", "app:1")
        trips.append(registry.pull("app:1").digest == pushed.digest)
print(json.dumps({"told": told, "running": "RUNNING" in tasks, "trips": trips}))
"""


@pytest.fixture(scope="module")
def carried(engine, tiny, tmp_path_factory):
    """The images that the other engine needs, in a file."""
    from dockerlab import images

    images.ensure("registry")
    archive = tmp_path_factory.mktemp("images") / "images.tar"
    return images.export_bundle(archive, images=["tiny", "registry"]).path


@pytest.fixture
def home():
    """A data folder with the engine bundle in it; short, since sockets live there."""
    path = Path(tempfile.mkdtemp(prefix="dl", dir="/tmp"))
    (path / "bundle").symlink_to(bundle.ensure().root.parent)
    yield path
    # Its watcher looks several times before it lets the engine go.
    _, alive = psutil.wait_procs(processes_of(path), timeout=60)
    assert not alive
    shutil.rmtree(path)


@pytest.mark.parametrize("rung", ["uml", "qemu"])
def test_by_hand_and_with_a_registry(rung, home, carried):
    if reason := rungs.rung(rung).impossible():
        pytest.skip(reason)
    environment = os.environ | {
        "DOCKERLAB_ENGINE": rung, "DOCKERLAB_HOME": str(home), "DOCKERLAB_ENGINE_IDLE": "0",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", LESSON, str(carried)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == {"told": ["1", "1"], "running": True, "trips": [True, True]}
