"""Watcher and embedded engine together: the engine stays until all is cleaned, and comes back when killed."""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys

import psutil
import pytest
from homes import new_home, processes_of

from dockerlab.engine import supervisor
from dockerlab.engine.rungs import root

pytestmark = pytest.mark.engine

OWNER = """
import io, sys, tarfile
from dockerlab import engine
def make():
    api = engine.connect().client.api
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("empty"))
    api.import_image_from_data(archive.getvalue(), repository="nothing", tag="1")
    api.create_container("nothing:1", ["/none"], labels=engine.labels())
    for number in range(3):
        api.create_volume(labels=engine.labels())
    print("made", flush=True)
make()
for line in sys.stdin:
    make()
"""

LEFT = """
import json
from dockerlab.engine import embedded, wire
from dockerlab.engine.endpoint import Endpoint
endpoint = Endpoint(embedded.ensure(), "embedded", "")
containers = wire.ask(endpoint, "GET", "/containers/json", query={"all": "1"}).body
volumes = wire.ask(endpoint, "GET", "/volumes").body["Volumes"] or []
print(json.dumps([len(containers), len(volumes)]))
"""


@pytest.fixture
def home():
    """A home of its own with a short path (sockets), sharing the unpacked bundle."""
    path = new_home()
    yield path
    for process in processes_of(path):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes_of(path), timeout=10)
    name = hashlib.sha256(os.fsencode(path / "run/engine/root")).hexdigest()[:12]
    root.clear_cgroups(f"/dockerlab-{name}")
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def environment(home):
    chosen = {"DOCKERLAB_HOME": str(home), "DOCKERLAB_ENGINE": "embedded", "DOCKERLAB_ENGINE_IDLE": "0"}
    return {name: value for name, value in os.environ.items() if name != "DOCKER_HOST"} | chosen


@pytest.fixture
def owner(environment):
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "made\n"
    yield process
    process.kill()
    process.communicate()


def left(environment):
    told = subprocess.run(
        [sys.executable, "-c", LEFT], env=environment, capture_output=True, text=True, timeout=60
    )
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def test_the_engine_outlives_its_last_owner_until_all_is_cleaned(home, environment, owner, until):
    assert left(environment) == [1, 3]
    owner.kill()
    owner.wait()
    assert until(lambda: not processes_of(home), 20), processes_of(home)
    assert left(environment) == [0, 0]


def test_a_killed_engine_comes_back_and_is_cleaned_too(home, environment, owner, until):
    (keeper,) = processes_of(home, "dockerlab.engine.supervisor")
    keeper.kill()
    # A dying process loses its name before its sockets: wait for both.
    gone = home / "run/engine/root/docker.sock"
    assert until(lambda: not processes_of(home, "dockerd") and not supervisor.answering(gone), 10)
    owner.stdin.write("again\n")
    owner.stdin.flush()
    assert owner.stdout.readline() == "made\n"
    assert left(environment) == [2, 6]  # the first ones survived on disk
    owner.kill()
    owner.wait()
    assert until(lambda: not processes_of(home), 20), processes_of(home)
    assert left(environment) == [0, 0]
