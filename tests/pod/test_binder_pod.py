"""The course in a pod like Binder's, as a learner meets it.

One filter is tried by `make test`; the others, and the whole course, by `make soak`.
"""

from __future__ import annotations

import json

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]
ADDRESS = "http://127.0.0.1:8888"
MiB = 2**20
PREPARE = "%load_ext dockerlab\nimport os\nimport dockerlab as lab"
PID = "print(os.getpid())"
READY = "lab.images.ensure('tiny')"
HELLO = "%%container tiny\necho hello from $(uname -r)"
# Which way to an engine each filter leaves open, and the bytes that all processes may take then.
FILTERS = [
    ("nomount", "uml", 600 * 10**6),
    pytest.param("default", "uml", 600 * 10**6, marks=pytest.mark.soak),
    pytest.param("unconfined", "uml", 600 * 10**6, marks=pytest.mark.soak),
    pytest.param("noptrace", "qemu", 10**9, marks=pytest.mark.soak),
]


def learner(pod, *cells):
    """What a learner gets from these cells; the kernel stays."""
    return pod.json("tests/pod/learner.py", ADDRESS, pod.token, *cells)


def inside(pod, *wanted):
    return pod.json("tests/pod/inside.py", *wanted)


def test_pod_is_as_poor_as_binders(launch):
    with launch("default") as pod:
        status = pod.run("cat", "/proc/self/status").stdout
        told = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert told["Uid"].split()[0] == "1000"
        assert int(told["CapBnd"], 16) == 0
        assert told["NoNewPrivs"] == "1"
        assert int(told["Seccomp"]) == 2
        assert pod.run("sh", "-c", "command -v docker dockerd podman qemu-system-x86_64 sudo").stdout == ""


def test_lab_opens_in_korean_and_without_an_engine_says_so_kindly(launch):
    with launch("default", DOCKERLAB_ENGINE="system") as pod:
        # lab.rounds needs no engine: it stays alive.
        said = learner(pod, PREPARE, HELLO, "lab.rounds")
        assert said["page"] == 200
        assert said["stranger"] == 403
        assert said["language"] == "ko_KR"
        assert "파일" in str(said["words"])
        loaded, ran, other = said["cells"]
        assert not loaded["error"]
        assert "쓸 수 있는 Docker 엔진을 찾지 못했습니다" in ran["error"]
        assert "Traceback" not in ran["error"]
        assert not other["error"]
        assert not inside(pod)["engine"]
        diagnosis = json.loads(pod.run("dockerlab", "doctor", "--json", DOCKERLAB_ENGINE="system").stdout)
        assert diagnosis["engine"]["kind"] == "none"


@pytest.mark.parametrize(("rule", "rung", "memory_limit"), FILTERS)
def test_first_cell_starts_a_real_engine_and_a_killed_kernel_takes_it_along(
    launch, rule, rung, memory_limit, note
):
    with launch(rule) as pod:
        before = learner(pod, PREPARE)
        assert not inside(pod)["engine"]  # a launch starts nothing
        assert not before["cells"][0]["error"]

        _, ready, first, second, told = learner(pod, PREPARE, READY, HELLO, HELLO, PID)["cells"]
        assert not ready["error"], ready["error"]
        assert "hello from" in first["text"], first["error"]
        assert "hello from" in second["text"], second["error"]
        note(rule, "first container", f"{ready['seconds'] + first['seconds']:.1f} s")
        note(rule, "second container", f"{second['seconds']:.1f} s")

        diagnosis = json.loads(pod.run("dockerlab", "doctor", "--json").stdout)
        assert diagnosis["engine"]["rung"] == rung, diagnosis["engine"]
        assert diagnosis["engine"]["limits"]["checked"]
        assert all(diagnosis["engine"]["limits"][name]["honoured"] for name in ("memory", "pids", "cpus"))
        assert not diagnosis["problems"]

        memory = pod.memory()
        note(rule, "memory of all processes", f"{memory / MiB:.0f} MiB")
        assert memory < memory_limit, inside(pod)["processes"]
        assert inside(pod)["engine"] and inside(pod)["sockets"]

        assert pod.run("sh", "-c", f"kill -9 {told['text']}").exit_code == 0
        left = inside(pod, "gone")
        assert not left["engine"] and not left["sockets"]
