"""Real faults of a real engine: killed in the middle of a run, and out of disk."""

import os
import subprocess

import pytest

pytestmark = pytest.mark.engine

KILLED = """
embedded.ensure()
images.import_bundle(os.environ["TINY_BUNDLE"])
api = engine.connect().client.api
at = []
def kill():
    while not api.containers():
        time.sleep(0.01)
    time.sleep(0.3)
    at.append(time.perf_counter())
    os.kill(embedded.pid(), signal.SIGKILL)
threading.Thread(target=kill).start()
attempt(lambda: containers.run("tiny", ["sh", "-c", "echo before; sleep 60"]))
tell(since_kill=time.perf_counter() - at[0])
# The next cell works, and what the dead engine could not remove is gone with it.
attempt(lambda: containers.run("tiny", "true"))
tell(left=left())
live = containers.start("tiny", "sleep 60")
os.kill(embedded.pid(), signal.SIGKILL)
attempt(lambda: live.exec("true"))
attempt(lambda: live.close())
attempt(lambda: containers.run("tiny", "true"))
tell(left=left())
"""


def test_engine_killed_in_the_middle_of_a_run(in_private_engine):
    lost, when, again, left, live, closed, last, left_at_end = in_private_engine(KILLED)
    assert (lost["error"], lost["code"]) == ("EngineLost", "E30")
    assert "할 일" in lost["text"]
    assert when["since_kill"] < 5
    assert again["error"] == "" and left["left"] == []
    assert live["error"] in ("EngineLost", "EngineStopped") and live["seconds"] < 5
    assert closed["seconds"] < 5
    assert last["error"] == "" and left_at_end["left"] == []


FULL = """
embedded.ensure()
images.import_bundle(os.environ["TINY_BUNDLE"])
containers.run("tiny", "true")
data = os.path.join(os.environ["DOCKERLAB_HOME"], "engine", "root")
def fill():
    with open(os.path.join(data, "ballast"), "wb", buffering=0) as ballast:
        for size in (2**20, 2**12, 1):
            try:
                while True:
                    ballast.write(bytes(size))
            except OSError:
                pass
fill()
attempt(lambda: containers.run("tiny", "true"))
tell(left=left())
os.unlink(os.path.join(data, "ballast"))
attempt(lambda: containers.run("tiny", "true"))
tell(left=left())
"""


def test_disk_full(in_private_engine):
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    data = in_private_engine.home / "engine" / "root"
    data.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "dockerlab-test", data], check=True)
    try:
        full, left, again, left_at_end = in_private_engine(FULL)
    finally:
        subprocess.run(["umount", "-l", data], check=True)
    assert (full["error"], full["code"]) == ("DiskFull", "E31"), full
    assert full["seconds"] < 5
    assert left["left"] == [] and left_at_end["left"] == []
    assert again["error"] == ""


STOPPED = """
import psutil
embedded.ensure()
images.import_bundle(os.environ["TINY_BUNDLE"])
api = engine.connect().client.api
live = containers.start("tiny", "sleep 60")
[dockerd] = [one for one in psutil.Process(embedded.pid()).children(recursive=True)
             if one.name() == "dockerd"]
def stop_soon():
    time.sleep(0.5)
    dockerd.suspend()
def stopped(call):
    stopper = threading.Thread(target=stop_soon)
    stopper.start()
    attempt(call)
    stopper.join()
    dockerd.resume()
stopped(lambda: containers.run("tiny", "sleep 50"))
stopped(lambda: live.exec("sleep 50"))
dockerd.suspend()
attempt(lambda: containers.run("tiny", "true"))
attempt(lambda: live.close())
dockerd.resume()
# The next cell works, and what could not be removed is gone with it. (A removal that was asked for while
# the engine stood still may be going on: then it is left to that.)
attempt(lambda: containers.run("tiny", "true"))
end = time.monotonic() + 10
while left() and time.monotonic() < end:
    time.sleep(0.05)
tell(left=left())
# Silence of the container is not silence of the engine.
attempt(lambda: containers.run("tiny", "sleep 4"))
"""


def test_engine_that_stops_answering(in_private_engine):
    *stopped, again, left, quiet = in_private_engine(STOPPED)
    assert [(one["error"], one["code"]) for one in stopped] == [("EngineNotAnswering", "E04")] * 4
    assert max(one["seconds"] for one in stopped) < 5.5, stopped
    assert again["error"] == "" and left["left"] == []
    assert quiet["error"] == ""


LOST_AT_WORK = """
from dockerlab import client, registries
from dockerlab.images import building
embedded.ensure()
images.import_bundle(os.environ["TINY_BUNDLE"])
def killed_during(call, begun, tidy=lambda: None):
    at = []
    api = engine.connect().client.api
    def kill():
        while not begun(api):
            time.sleep(0.01)
        at.append(time.perf_counter())
        os.kill(embedded.pid(), signal.SIGKILL)
    killer = threading.Thread(target=kill)
    killer.start()
    attempt(call)
    killer.join()
    tell(since_kill=time.perf_counter() - at[0])
    attempt(lambda: containers.run("tiny", "true"))
    tidy()
    images_left = [i["RepoTags"] for i in engine.connect().client.api.images() if "x:1" in str(i["RepoTags"])]
    tell(left=[*left(), *images_left])
def building_now(api):
    return any("sleep 61" in str(c["Command"]) for c in api.containers())
recipe = "FROM dockerlab/tiny\\nRUN sleep 61\\n"
killed_during(lambda: building.build(recipe, "x:1"), building_now)
# A registry that takes the connection and says nothing: the engine is in the middle of a pull.
listening = "while ! grep -q ':1388 .* 0A ' /proc/net/tcp*; do sleep 0.1; done; echo listening"
server = "exec nc -ll -p 5000 -e sh -c 'echo taken >&2; exec sleep 60'"
silent = containers.start("tiny", ["sh", "-c", f"({listening}) & {server}"], ports={5000: None})
silent.wait_output("listening")
place = f"localhost:{silent.address[5000]}"
def pull():
    with registries.Remote(place, patience=60) as remote:
        remote.pull("x:1")
killed_during(pull, lambda api: "taken" in silent.errors(), silent.close)
said = []
def command():
    said.append(client.docker("run --name web dockerlab/tiny sleep 62"))
def running(api):
    return any("sleep 62" in c["Command"] for c in api.containers())
killed_during(command, running, lambda: client.docker("rm web"))
tell(exit_code=said[0].exit_code, stderr=said[0].stderr)
"""


def test_engine_killed_in_the_middle_of_a_build_a_pull_and_a_command(in_private_engine):
    *works, command = in_private_engine(LOST_AT_WORK)
    for at in (0, 4):
        lost, when, again, left = works[at : at + 4]
        assert (lost["error"], lost["code"]) == ("EngineLost", "E30"), lost
        assert "할 일" in lost["text"] and "Traceback" not in lost["text"]
        assert when["since_kill"] < 5 and again["error"] == "" and left["left"] == []
    # What the real command says is shown as it is.
    assert command["exit_code"] != 0 and command["stderr"]
    assert works[9]["since_kill"] < 5 and works[10]["error"] == "" and works[11]["left"] == []
