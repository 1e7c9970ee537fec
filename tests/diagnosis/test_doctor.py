"""The doctor on machines where something is wrong: always a diagnosis, never a traceback."""

import json
import os
import socket
import subprocess
import sys
import time

import pytest

import dockerlab
from dockerlab import containers
from dockerlab.diagnosis import doctor, engines, machines
from dockerlab.diagnosis.findings import Findings
from dockerlab.engine import rungs

CHOICES = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKERLAB_ENGINE", "DOCKERLAB_ALLOW_REMOTE")


@pytest.fixture
def no_engine(tmp_path, monkeypatch):
    for name in CHOICES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    return tmp_path


def codes(diagnosis):
    return [problem.code for problem in diagnosis.problems]


def examined(look):
    found = Findings()
    return found.examine("시험을", look), found.problems


def test_the_learners_name_stays_a_function():
    assert dockerlab.doctor is doctor
    assert dockerlab.doctor is doctor  # importing its room has not put a module in its place


def test_without_an_engine_the_rest_is_examined(no_engine):
    diagnosis = doctor()
    told = json.loads(json.dumps(diagnosis.as_dict(), allow_nan=False))
    assert told["engine"]["kind"] == "none"
    assert "E01" in codes(diagnosis)
    assert told["vm"]["accelerator"] and told["fonts"]["korean"] and told["disk"]["free"] > 0
    assert "none.sock" in str(diagnosis) and "[E01]" in str(diagnosis)
    for problem in told["problems"]:
        assert set(problem) == {"code", "what", "seen", "todo"} and problem["todo"]


def test_every_rung_of_the_ladder_is_told_in_a_line(no_engine):
    diagnosis = doctor()
    told = {one["rung"]: one for one in diagnosis.engine["ladder"]}
    assert tuple(told) == rungs.NAMES
    for name, one in told.items():
        assert bool(one["why"]) == (one["state"] == "impossible")
        [line] = [line for line in str(diagnosis).splitlines() if f"방법 {name}:" in line]
        assert one["title"] in line and one["why"] in line


@pytest.mark.parametrize("fault", ["hanging", "refused", "remote", "setting", "config", "home"])
def test_the_command_survives_what_is_broken(no_engine, monkeypatch, fault):
    expected = {
        "hanging": "E04",
        "refused": "E02",
        "remote": "E07",
        "setting": "E70",
        "config": "E01",
        "home": "E60",
    }
    listener = socket.socket(socket.AF_UNIX)
    if fault in ("hanging", "refused"):
        listener.bind(str(no_engine / "none.sock"))
    if fault == "hanging":
        listener.listen(8)
    elif fault == "remote":
        monkeypatch.setenv("DOCKER_HOST", "ssh://learner@192.0.2.1")
    elif fault == "setting":
        monkeypatch.setenv("DOCKERLAB_ENGINE", "somehow")
    elif fault == "config":
        monkeypatch.delenv("DOCKER_HOST")
        monkeypatch.setenv("DOCKER_CONTEXT", "nonesuch")
        monkeypatch.setenv("DOCKER_CONFIG", str(no_engine))
    elif fault == "home":
        monkeypatch.setenv("DOCKERLAB_HOME", "/proc/nowhere")
    began = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-m", "dockerlab", "doctor", "--json"], capture_output=True, text=True, timeout=60
    )
    listener.close()
    assert ran.returncode == 0 and "Traceback" not in ran.stderr, ran.stderr
    told = json.loads(ran.stdout)
    assert expected[fault] in [problem["code"] for problem in told["problems"]]
    assert told["engine"]["kind"] == "none"
    if fault != "home":  # without a cache every probe is made anew
        assert time.perf_counter() - began < 20


def test_a_surprise_becomes_a_problem():
    told, problems = examined(lambda found: [].pop())
    assert told == {} and [one.code for one in problems] == ["D00"]
    assert "IndexError" in problems[0].seen


def test_a_package_of_the_same_name_is_noticed(tmp_path, monkeypatch):
    assert not machines.python(Findings())["name_clash"]
    info = tmp_path / "dockerlab-0.7.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dockerlab\nVersion: 0.7\n")
    (info / "RECORD").write_text("dockerlab/__init__.py,,\ndockerlab-0.7.dist-info/METADATA,,\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    told, problems = examined(machines.python)
    assert "0.7" in told["name_clash"]
    assert [one.code for one in problems] == ["D07"] and "pip uninstall" in problems[0].todo


def test_missing_or_emptied_fonts_are_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(dockerlab, "__file__", str(tmp_path / "__init__.py"))
    assert [one.code for one in examined(machines.fonts)[1]] == ["D04"]
    (tmp_path / "views/fonts").mkdir(parents=True)
    (tmp_path / "views/fonts/NanumGothic.ttf").write_bytes(b"")
    assert [one.code for one in examined(machines.fonts)[1]] == ["D04"]


def test_little_disk_and_unknown_pythons_are_noticed(monkeypatch):
    monkeypatch.setattr(machines, "LITTLE_SPACE", 2**80)
    assert [one.code for one in examined(machines.disk)[1]] == ["D05"]
    monkeypatch.setattr(machines, "PYTHONS", ((3, 99), (3, 99)))
    assert [one.code for one in examined(machines.python)[1]] == ["D06"]


def test_missing_qemu_and_guests_are_noticed(monkeypatch):
    from dockerlab import vm
    from dockerlab.errors import QemuMissing
    from dockerlab.vm import qemu

    def none():
        raise QemuMissing("QEMU가 없습니다.", todo="apt-get install qemu-system-x86")

    monkeypatch.setattr(qemu, "find", none)
    monkeypatch.setattr(vm, "guests", list)
    told, problems = examined(machines.virtual_machines)
    assert (told["accelerator"], told["guests"]) == ("none", [])
    assert [one.code for one in problems] == ["D03", "E41"]


@pytest.mark.engine
def test_a_real_engine_is_described(engine, tiny):
    diagnosis = doctor()
    told = diagnosis.as_dict()["engine"]
    assert (told["kind"], told["version"], told["api"]) == (engine.kind, engine.version, engine.api_version)
    assert told["storage_driver"] and told["cgroup_version"] in ("1", "2")
    assert told["tried"][-1]["code"] == "" and told["tried"][-1]["url"] == engine.endpoint.url
    assert told["limits"]["checked"]
    if not told["rootless"]:
        assert all(told["limits"][name]["honoured"] for name in ("memory", "pids", "cpus"))
    assert engine.version in str(diagnosis)


@pytest.mark.engine
@pytest.mark.parametrize("ignored", ["memory", "pids", "cpus"])
def test_an_ignored_limit_is_noticed(engine, tiny, monkeypatch, ignored):
    real = containers.run
    other = {"memory": 128 * 2**20, "pids": 99, "cpus": 0.25}

    def run(image, command, **options):
        return real(image, command, **options | {ignored: other[ignored]})

    monkeypatch.setattr(containers, "run", run)
    told, problems = examined(engines.limits)
    assert [name for name in other if not told[name]["honoured"]] == [ignored]
    assert told[ignored]["seen"] == other[ignored]
    assert [one.code for one in problems] == ["D02"] and ignored in problems[0].what


@pytest.mark.engine
def test_without_an_image_the_limits_are_not_claimed(engine, monkeypatch):
    real = containers.run
    monkeypatch.setattr(
        containers, "run", lambda image, *rest, **options: real("nonesuch:1", *rest, **options)
    )
    told, problems = examined(engines.limits)
    assert told == {"checked": False}
    assert [one.code for one in problems] == ["D01"] and problems[0].todo == "dockerlab images prepare tiny"


@pytest.mark.engine
def test_the_command_tells_what_the_contract_promises(engine):
    environment = os.environ | {"DOCKER_HOST": engine.endpoint.url}
    ran = subprocess.run(
        [sys.executable, "-m", "dockerlab", "doctor", "--json"],
        env=environment,
        capture_output=True,
        text=True,
    )
    told = json.loads(ran.stdout)
    assert told["engine"]["version"] == engine.version
    assert {"kind", "version"} <= set(told["engine"]) and "accelerator" in told["vm"]
    assert isinstance(told["problems"], list)
