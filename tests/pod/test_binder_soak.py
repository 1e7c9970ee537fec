"""The whole course in pods like Binder's, under every filter (`make soak`, some hours)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.soak, pytest.mark.timeout(4 * 3600)]
# Which way to an engine each filter leaves open.
RUNGS = {"default": "uml", "unconfined": "uml", "nomount": "uml", "noptrace": "qemu"}
NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
SOLUTIONS = "tests/exercises/test_solutions.py --tb=short --require engine --timeout 0"
GRADED = "tests/grading/test_graded_exercises.py --tb=short -m engine --require engine --timeout 0"
NBVAL = "-p dockerlab.course.nbval_kernel --nbval --nbval-current-env --nbval-cell-timeout 1800 --timeout 0"


@pytest.fixture(scope="module", params=RUNGS)
def pod(request, launch):
    with launch(request.param) as pod:
        pod.rule = request.param
        yield pod


@pytest.fixture(scope="module")
def furnished(pod):
    """The pod with every course image, as after the first minutes of a learner."""
    done = pod.run("dockerlab", "images", "prepare")
    assert done.exit_code == 0, str(done)
    return pod


def test_engine_answers_what_the_course_asks(pod, note):
    diagnosis = json.loads(pod.run("dockerlab", "doctor", "--json").stdout)
    assert diagnosis["engine"]["rung"] == RUNGS[pod.rule], diagnosis["engine"]
    told = pod.json("tests/pod/api_probe.py")
    wrong = [f"{one['name']}: {one['wrong']}" for one in told["checks"] if not one["ok"]]
    note(pod.rule, "checks of the API", f"{told['passed']} of {told['of']} {wrong}")
    assert told["of"] >= 55
    assert told["passed"] >= 54, wrong


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_every_notebook_runs(furnished, notebook, note):
    done = furnished.run("python", "-m", "pytest", *NBVAL.split(), f"notebooks/{notebook.name}")
    memory = furnished.memory() / 2**20
    note(furnished.rule, notebook.name, f"{done.seconds:.0f} s, {memory:.0f} MiB afterwards")
    assert done.exit_code == 0, str(done)


def test_every_exercise_can_be_solved(furnished, note):
    done = furnished.run("python", "-m", "pytest", *SOLUTIONS.split())
    note(furnished.rule, "exercises", f"{done.seconds:.0f} s")
    assert done.exit_code == 0, str(done)


def test_every_solved_exercise_is_graded(furnished, note):
    done = furnished.run("python", "-m", "pytest", *GRADED.split())
    note(furnished.rule, "exercises graded", f"{done.seconds:.0f} s")
    assert done.exit_code == 0, str(done)


@pytest.mark.parametrize(("rule", "times"), [("nomount", 100), ("noptrace", 25)])
def test_killed_kernels_leave_nothing(launch, rule, times, note):
    with launch(rule) as pod:
        rounds = pod.json("tests/pod/kill_kernels.py", str(times))
        killed = sum(one["exit_code"] == -9 for one in rounds)
        note(rule, "kernels killed at any moment", f"{killed} of {len(rounds)}")
        assert len(rounds) == times
        assert killed == times, "an engine did not start"
        assert not [one for one in rounds if one["left"]]
