"""What a traced docker command makes is the course's: the watcher and `dockerlab clean` find it."""

import json
import subprocess
import sys
import time
import uuid

import pytest

from dockerlab import client, tracing
from dockerlab.engine import objects, session_id
from dockerlab.errors import Refused

pytestmark = pytest.mark.engine


@pytest.fixture
def ours(engine):
    """What this session has of a kind; removed afterwards, with whatever the test made."""

    def mine(labels):
        return labels.get(objects.SESSION) == session_id()

    def listed(kind):
        label = f"{objects.SESSION}={session_id()}"
        return {one.name: one for one in objects.listed(engine.endpoint, kind, label)}

    before = {kind: set(listed(kind)) for kind in objects.KINDS}
    yield listed
    for kind in objects.KINDS:
        for name, thing in listed(kind).items():
            if name not in before[kind]:
                objects.remove(engine.endpoint, thing, mine)


def test_all_it_makes_has_our_labels(tiny, ours, tmp_path):
    box, net, store, attached, image = (f"traced-{what}-{uuid.uuid4().hex[:8]}" for what in "abcde")
    (tmp_path / "Dockerfile").write_text("FROM dockerlab/tiny\nRUN echo built > /built\n")
    for command in (
        f"docker network create {net}",
        f"docker volume create {store}",
        f"docker container run -d --name {box} --network {net} -v {attached}:/data dockerlab/tiny sleep 600",
        f"docker create --label lesson=04 --name {box}-2 dockerlab/tiny",
        f"docker commit {box} {image}:committed",
        f"docker build -t {image}:built {tmp_path}",
    ):
        trace = tracing.trace(command)
        ran = trace.lane("client")[0]
        assert ran.detail["exit_code"] == 0, ran.detail["stderr"]
        assert objects.SESSION not in " ".join(ran.detail["arguments"]), "told as it was typed"
    assert {box, f"{box}-2"} <= set(ours("container"))
    assert net in ours("network")
    assert {store, attached} <= set(ours("volume"))
    assert {f"{image}:committed", f"{image}:built"} <= set(ours("image"))
    assert ours("container")[f"{box}-2"].labels["lesson"] == "04", "the learner's own stay"


def test_a_name_given_under_trace_may_be_taken_off_again(engine, ours):
    # Not of ours: only the name that this kernel gave may go.
    empty, repository = b"\0" * 1024, f"theirs-{uuid.uuid4().hex[:8]}"
    theirs = engine.client.api.import_image_from_data(empty, repository=repository)
    named = json.loads(theirs.splitlines()[-1])["status"]
    name = f"traced-{uuid.uuid4().hex[:8]}:1"
    try:
        assert tracing.trace(f"docker tag {named} {name}").lane("client")[0].detail["exit_code"] == 0
        assert client.docker(f"rmi {name}").exit_code == 0
        with pytest.raises(Refused):
            client.docker(f"rmi {named}")
    finally:
        engine.client.api.remove_image(named, force=True)


def test_what_makes_nothing_is_run_as_it_was_typed(tiny):
    for command in ("docker ps -a", "docker run --help", "docker version"):
        trace = tracing.trace(command)
        assert trace.lane("client")[0].detail["exit_code"] == 0


@pytest.mark.parametrize("command", ["run -d", "run"])
def test_a_kernel_killed_in_the_middle_leaves_nothing(engine, tiny, command):
    name = f"traced-{uuid.uuid4().hex[:8]}"
    traced = f"docker {command} --name {name} dockerlab/tiny sleep 600"
    script = f"from dockerlab import tracing; tracing.trace({traced!r})"
    with subprocess.Popen([sys.executable, "-c", script]) as kernel:
        try:
            assert until(lambda: objects.found(engine.endpoint, "container", name))
        finally:
            kernel.kill()
    assert until(lambda: objects.found(engine.endpoint, "container", name) is None)


def until(true, seconds=30.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := true():
            return value
        time.sleep(0.02)
    return true()
