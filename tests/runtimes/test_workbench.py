"""runc and containerd by hand, without dockerd; and nothing of it left."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from dockerlab import runtimes

pytestmark = pytest.mark.engine


def test_runc_runs_a_bundle_and_no_engine_knows_of_it(bench, bundle, private):
    known = {each["Id"] for each in private.client.api.containers(all=True)}
    bundle(["sh", "-c", "echo pid $$; hostname; echo as $(cat /proc/1/comm)"])
    ran = bench.sh("runc run --bundle /bundle hand")
    assert ran.exit_code == 0 and ran.stdout.split() == ["pid", "1", "runc", "as", "sh"]
    assert {each["Id"] for each in private.client.api.containers(all=True)} <= known
    assert "dockerd" not in bench.sh("ps").stdout


def test_create_start_kill_delete_are_steps_of_their_own(bench, bundle):
    bundle(["sleep", "1000"])
    assert bench.sh("runc create --bundle /bundle steps > /tmp/out 2>&1 < /dev/null").exit_code == 0
    state = "runc state steps"
    created = json.loads(bench.sh(state).stdout)
    assert created["status"] == "created"
    assert "sleep" not in bench.sh(f"cat /proc/{created['pid']}/cmdline").stdout  # runc init, waiting
    assert bench.sh("runc start steps").exit_code == 0
    assert json.loads(bench.sh(state).stdout)["status"] == "running"
    assert "sleep" in bench.sh(f"cat /proc/{created['pid']}/cmdline").stdout
    assert bench.sh("runc kill steps KILL").exit_code == 0
    assert "stopped" in bench.sh(f"until {state} | grep stopped; do :; done").stdout
    assert bench.sh("runc delete steps").exit_code == 0 and bench.sh(state).exit_code != 0


def test_the_namespaces_are_what_config_json_says(bench, bundle):
    def with_pids_of_the_workbench(config):
        kept = [each for each in config["linux"]["namespaces"] if each["type"] != "pid"]
        config["linux"]["namespaces"] = kept

    bundle(["sh", "-c", "echo $$"], with_pids_of_the_workbench)
    assert int(bench.sh("runc run --bundle /bundle seen").stdout) > 1


def test_containerd_runs_the_same_bundle(bench, bundle):
    bundle(["echo", "by containerd"])
    bench.sh("containerd > /tmp/log 2>&1 & until ctr version > /dev/null 2>&1; do sleep 0.1; done")
    ran = bench.sh("ctr run --rm --config /bundle/config.json by-ctr")
    assert ran.stdout == "by containerd\n", ran.stderr


def test_the_engines_own_containerd_answers_there(bench, private):
    listed = bench.sh("ctr --address /engine/containerd.sock --namespace moby tasks ls").stdout
    assert bench._container.id in listed


def test_closing_takes_everything(private):
    api = private.client.api
    with runtimes.workbench() as mine:
        mine.sh("sleep 1000 > /dev/null 2>&1 &")
        container, image = mine._container.id, mine._image
    mine.close()
    assert container not in [each["Id"] for each in api.containers(all=True)]
    assert image not in [each["Id"] for each in api.images()]


KILLED = """
import sys
from dockerlab import containers, images, runtimes
images.ensure("python")
bench = runtimes.workbench()
bench.sh("sleep 1000 > /dev/null 2>&1 &")
plugin = runtimes.volume_plugin(open(sys.argv[1]).read())
volume = containers.volume(plugin.name)
network = containers.network()
started = containers.start("tiny", ["sleep", "1000"], network=network, volumes={"/data": volume})
print(bench._container.id, started.id, network.id, volume.name, plugin.name, bench._image, flush=True)
sys.stdin.read()
"""


def test_nothing_is_left_of_a_killed_kernel(private, python_image, plugin_file):
    api = private.client.api
    kernel = subprocess.Popen(
        [sys.executable, "-c", KILLED, plugin_file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    made = set(kernel.stdout.readline().split())
    assert len(made) == 6, "all of it was made"

    def there():
        found = {each["Id"] for each in (*api.containers(all=True), *api.images(), *api.networks())}
        found |= {each["Name"] for each in (*api.plugins(), *(api.volumes()["Volumes"] or ()))}
        return found & made

    assert there() == made
    os.kill(kernel.pid, signal.SIGKILL)
    kernel.communicate()
    limit = time.monotonic() + 60
    while there() and time.monotonic() < limit:
        time.sleep(0.2)
    assert not there()
