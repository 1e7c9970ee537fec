"""A container of ours reads /proc where we cannot: it sees what we see when we can."""

from __future__ import annotations

import pytest

from dockerlab import tracing
from dockerlab.engine import labels
from dockerlab.tracing import processes
from dockerlab.tracing.background import Background
from dockerlab.tracing.lookout import Lookout, read

pytestmark = pytest.mark.engine


@pytest.fixture
def sleeper(engine, tiny):
    made = engine.client.containers.run(tiny.reference, ["sleep", "1000"], detach=True, labels=labels())
    yield made
    made.remove(force=True)


@pytest.fixture
def background():
    with Background() as running:
        yield running


@pytest.fixture
def lookout(engine, tiny, background):
    sent = Lookout(engine)
    background.run(sent.start())
    yield sent
    background.run(sent.close())
    ours = engine.client.containers.list(all=True, filters={"id": sent._container.id})
    assert not ours


def test_it_sees_the_same_processes(engine, background, lookout, sleeper):
    seen = {each.role: each for each in background.run(lookout.snapshot(sleeper.id))}
    assert seen["container"].command == ("sleep", "1000")
    assert seen["container"].inside[-1] == 1
    assert seen["container"].parent == seen["shim"].pid
    assert sleeper.id in seen["container"].cgroup and sleeper.id in seen["shim"].command
    assert seen["dockerd"].container == sleeper.id
    sleeper.reload()
    assert seen["container"].pid == sleeper.attrs["State"]["Pid"]
    if (daemon := processes.daemon(engine.endpoint)) is None:
        return  # nothing to compare with: this is what it is made for
    here = {each.role: each for each in processes.snapshot(daemon, sleeper.id)}
    assert set(here) == set(seen)
    for role, process in here.items():
        assert seen[role].namespaces == process.namespaces
        assert seen[role].command == process.command
        assert abs(seen[role].started - process.started) < 1  # /proc/uptime counts in 10 ms
        assert seen[role].pid in (process.pid, *process.inside)


def test_what_has_ended_is_not_there(background, lookout, sleeper):
    sleeper.kill()
    sleeper.wait()
    assert {each.role for each in background.run(lookout.snapshot(sleeper.id))} <= {"dockerd", "containerd"}
    assert background.run(lookout.snapshot("no-such-container"))
    assert background.run(lookout._looked("99999999")) == ()


def test_its_clock_is_the_engines(background, lookout, engine):
    clock = background.run(lookout.clock())
    told = tracing.clock.of_engine(engine.endpoint)
    assert abs(clock.offset - told.offset) <= clock.bound + told.bound


def test_a_trace_says_that_it_looked_by_a_container(engine, tiny, monkeypatch):
    monkeypatch.setattr(processes, "daemon", lambda endpoint: None)
    trace = tracing.trace(["docker", "run", "--rm", tiny.reference, "sleep", "1"])
    found = trace.lane("process")
    assert {hop.detail["role"] for hop in found} == {"dockerd", "containerd", "shim", "container"}
    assert {hop.detail["via"] for hop in found} == {"container"}
    (container,) = (hop for hop in found if hop.detail["role"] == "container")
    assert container.detail["inside"][-1] == 1 and container.detail["command"] == ["sleep", "1"]
    events = [hop.detail["action"] for hop in trace.lane("dockerd") if hop.detail["type"] == "container"]
    assert events.count("create") == 1  # the lookout's own container is not part of it
    assert trace.complete, trace.missing


def test_half_a_record_is_nobody():
    assert read(b"100.5\x1e\x1f\x1f\x1f\x1f\x1e", 200.0) == ()
