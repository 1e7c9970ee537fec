"""The real docker command against a real engine: what it makes is ours, limited, and cleared away."""

from __future__ import annotations

import json
import uuid

import pytest

from dockerlab.client import docker, docker_lines, grammar
from dockerlab.containers import MEMORY, PIDS
from dockerlab.engine import session_id
from dockerlab.engine.objects import SESSION
from dockerlab.errors import DeadlineExceeded

pytestmark = pytest.mark.engine
IMAGE = "dockerlab/tiny"


@pytest.fixture
def name(engine, tiny):
    chosen = f"course-{uuid.uuid4().hex[:8]}"
    yield chosen
    docker(["rm", "-f", chosen])


def config(engine, name):
    told = engine.client.api.inspect_container(name)
    return told["Config"]["Labels"], told["HostConfig"]


def test_a_container_gets_labels_and_limits_which_the_learner_may_change(engine, name):
    assert docker(f"run -d --name {name} --pids-limit 9 {IMAGE} sleep 60").exit_code == 0
    labels, limits = config(engine, name)
    assert labels[SESSION] == session_id()
    assert (limits["Memory"], limits["PidsLimit"], limits["NanoCpus"]) == (MEMORY, 9, 10**9)
    docker(f"rm -f {name}")
    docker(f"container create --name {name} {IMAGE}")
    assert config(engine, name)[1]["PidsLimit"] == PIDS


def test_what_a_container_says_and_its_exit_code_come_back(engine, tiny):
    said = docker(f"run --rm {IMAGE} sh -c 'echo 안녕; echo 앗 >&2; exit 7'")
    assert (said.stdout, said.stderr, said.exit_code) == ("안녕\n", "앗\n", 7)
    assert said.command == f"docker run --rm {IMAGE} sh -c 'echo 안녕; echo 앗 >&2; exit 7'"
    assert said.seconds > 0


def test_networks_volumes_and_builds_are_ours(engine, tiny, tmp_path, name):
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nRUN echo made > /made\n")
    made = {
        "network": docker(f"network create {name}"),
        "volume": docker(f"volume create {name}"),
        "image": docker(["build", "-q", "-t", name, str(tmp_path)]),
    }
    try:
        assert {kind: said.exit_code for kind, said in made.items()} == dict.fromkeys(made, 0)
        for kind in ("network", "volume"):
            labels = json.loads(docker([kind, "inspect", name, "--format", "{{json .Labels}}"]).stdout)
            assert labels[SESSION] == session_id()
        labels = engine.client.api.inspect_image(name)["Config"]["Labels"]
        assert labels[SESSION] == session_id()
        assert labels["dockerlab.object"].startswith("image-")
        assert docker(f"run --rm {name} cat /made").output == "made"
    finally:
        gone = [docker(f"network rm {name}"), docker(f"volume rm {name}"), docker(f"rmi {name}")]
    assert [said.exit_code for said in gone] == [0, 0, 0]


def test_lines_are_run_one_after_another(engine, tiny):
    typed = "# what is here\ndocker version --format {{.Server.Version}}\n\n  ps --quiet \\\n --all\n"
    told = docker_lines(typed)
    assert [said.command.split()[1] for said in told.said] == ["version", "ps"]
    assert told.said[0].output == engine.version


def test_the_command_itself_tells_which_options_take_a_value(engine):
    known = grammar.known_options(("run",))
    assert known["volume"] and known["v:volume"] and known["memory"]
    assert not known["detach"] and not known["t:tty"] and not known["privileged"]


def test_a_command_that_does_not_end_is_ended(engine, name):
    docker(f"run -d --name {name} {IMAGE} sleep 60")
    with pytest.raises(DeadlineExceeded, match="멈췄습니다"):
        docker(f"logs -f {name}", patience=1.0)


def test_a_flood_is_cut_off(engine, name):
    said = docker(["run", "--name", name, IMAGE, "yes"])
    assert len(said.stdout) == 2**20


def test_a_network_name_that_is_taken_is_not_taken_over(engine, name):
    first = docker(f"network create {name}").output
    try:
        again = docker(f"network create {name}")
        assert again.exit_code != 0 and "already exists" in again.stderr
        assert engine.client.api.inspect_network(name)["Id"] == first
    finally:
        assert docker(f"network rm {name}").exit_code == 0
