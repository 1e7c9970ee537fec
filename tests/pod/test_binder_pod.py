"""The course in a pod like Binder's, as a learner meets it."""

from __future__ import annotations

import json

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]
ADDRESS = "http://127.0.0.1:8888"


def learner(pod, *cells):
    return pod.json("tests/pod/learner.py", ADDRESS, pod.token, *cells)


def test_pod_is_as_poor_as_binders(launch):
    with launch("default") as pod:
        status = pod.run("cat", "/proc/self/status").stdout
        told = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert told["Uid"].split()[0] == "1000"
        assert int(told["CapBnd"], 16) == 0
        assert told["NoNewPrivs"] == "1"
        found = pod.run("sh", "-c", "command -v docker dockerd podman qemu-system-x86_64 linux.uml sudo")
        assert found.stdout == ""


def test_lab_opens_in_korean_and_without_an_engine_says_so_kindly(launch):
    with launch("default", DOCKERLAB_ENGINE="system") as pod:
        said = learner(
            pod,
            "%load_ext dockerlab\nimport dockerlab as lab",
            "lab.run('tiny', ['echo', 'hello'])",
            "lab.rounds",  # what needs no engine stays alive
        )
        assert said["page"] == 200
        assert said["stranger"] == 403
        assert said["language"] == "ko_KR"
        assert "파일" in str(said["words"])
        loaded, ran, other = said["cells"]
        assert not loaded["error"]
        assert "쓸 수 있는 Docker 엔진을 찾지 못했습니다" in ran["error"]
        assert "Traceback" not in ran["error"]
        assert not other["error"]
        assert not pod.json("tests/pod/inside.py")["engine"]
        diagnosis = json.loads(pod.run("dockerlab", "doctor", "--json", DOCKERLAB_ENGINE="system").stdout)
        assert diagnosis["engine"]["kind"] == "none"
