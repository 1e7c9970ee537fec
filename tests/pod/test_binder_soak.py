"""The whole course in pods like Binder's, under every filter (`make soak`, about an hour)."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.soak, pytest.mark.timeout(4 * 3600)]
# Which way to an engine each filter leaves open.
RUNGS = {"default": "uml", "unconfined": "uml", "nomount": "uml", "noptrace": "qemu"}
NBVAL = "-p dockerlab.course.nbval_kernel --nbval --nbval-current-env --nbval-cell-timeout 1800 --timeout 0"


@pytest.fixture(scope="module", params=RUNGS)
def pod(request, launch):
    with launch(request.param) as pod:
        pod.rule = request.param
        yield pod


def test_engine_answers_what_the_course_asks(pod, note):
    told = pod.json("tests/pod/api_probe.py")
    wrong = [f"{one['name']}: {one['wrong']}" for one in told["checks"] if not one["ok"]]
    note(pod.rule, "checks of the API", f"{told['passed']} of {told['of']} {wrong}")
    assert told["of"] >= 55
    assert told["passed"] >= 54, wrong


def test_every_notebook_runs(pod, root, note):
    assert pod.run("dockerlab", "images", "prepare").exit_code == 0
    for notebook in sorted((root / "notebooks").glob("*.ipynb")):
        done = pod.run("python", "-m", "pytest", *NBVAL.split(), f"notebooks/{notebook.name}")
        note(pod.rule, notebook.name, f"{done.seconds:.0f} s, {pod.memory() / 2**20:.0f} MiB afterwards")
        assert done.exit_code == 0, done


def test_hundred_killed_kernels_leave_nothing(launch, note):
    with launch("nomount") as pod:
        rounds = pod.json("tests/pod/kill_kernels.py", "100")
        late = sum(one["exit_code"] == -9 for one in rounds)
        note("nomount", "kernels killed at any moment", f"{late} of {len(rounds)}")
        assert len(rounds) == 100
        assert all(one["exit_code"] == -9 for one in rounds), "an engine did not start"
        assert not [one for one in rounds if one["left"]]
