"""An engine that dies in the middle of a trace: the trace ends, says so, and the next one works."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.engine
SCRIPT = """
import json, os, time
from dockerlab import engine, images, tracing
from dockerlab.engine import embedded
from dockerlab.tracing import processes
images.import_bundle(os.environ["TINY_BUNDLE"])
dockerd = processes.daemon(engine.connect().endpoint)

def tell(trace):
    told = trace.as_dict()
    print(json.dumps({"complete": told["complete"], "missing": told["missing"],
                      "exit": told["hops"][0]["detail"]["exit_code"],
                      "whats": [hop["what"] for hop in told["hops"]],
                      "unfinished": [hop["what"] for hop in told["hops"]
                                     if hop["lane"] == "rest" and not hop["detail"]["whole"]]}), flush=True)

# The command kills the engine itself, once its container runs.
run = "docker run -d --name sleeper dockerlab/tiny sleep 1000"
tell(tracing.trace(["sh", "-c", f"{run} && kill -KILL {dockerd} && docker wait sleeper"]))
while embedded.said():  # its supervisor has yet to notice
    time.sleep(0.01)
tell(tracing.trace("docker run --rm dockerlab/tiny echo again"))
"""


def test_an_engine_that_dies_makes_the_trace_incomplete_and_the_next_one_works(tiny, private_home, tmp_path):
    from dockerlab import images

    packed = images.export_bundle(tmp_path / "tiny.tar", images=["tiny"]).path
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER")}
    environment |= {
        "DOCKERLAB_HOME": str(private_home),
        "DOCKERLAB_ENGINE": "root",
        "DOCKERLAB_ENGINE_IDLE": "0.5",
        "TINY_BUNDLE": str(packed),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stderr
    died, again = map(json.loads, done.stdout.splitlines())
    assert died["complete"] is False
    assert any("이벤트" in why for why in died["missing"])
    assert "container start" in died["whats"] and died["exit"] != 0
    assert "container die" not in died["whats"]
    assert again["complete"] is True, again["missing"]
    assert "container destroy" in again["whats"]
    assert not list((private_home / "run" / "engine" / "root" / "traces").glob("*"))
