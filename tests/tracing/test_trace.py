"""A trace of a real command on a real engine: every hop is there, and in the order of cause and effect."""

import json
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dockerlab import tracing
from dockerlab.errors import ToolMissing, UsageMistake
from dockerlab.tracing import LANES, processes, runc

pytestmark = pytest.mark.engine
RUN = ["docker", "run", "--rm", "dockerlab/tiny", "echo", "hi"]


@pytest.fixture(scope="module")
def echo(tiny):
    return tracing.trace(RUN)


def whats(trace, lane):
    return [hop.what for hop in trace.lane(lane)]


def one(trace, lane, what):
    return next(hop for hop in trace.lane(lane) if hop.what.startswith(what))


def requests(trace):
    return [f"{hop.detail['method']} {hop.detail['path'].partition('?')[0]}" for hop in trace.lane("rest")]


def test_the_command_line_tells_every_hop_as_promised(tiny):
    done = subprocess.run(
        [sys.executable, "-m", "dockerlab", "trace", "--json", "--", *RUN],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert told["complete"] is True and told["missing"] == []
    assert all({"lane", "start", "seconds", "what", "detail"} == set(hop) for hop in told["hops"])
    assert {hop["lane"] for hop in told["hops"]} <= set(LANES)
    (client,) = (hop for hop in told["hops"] if hop["lane"] == "client")
    assert (client["detail"]["stdout"], client["detail"]["exit_code"]) == ("hi\n", 0)
    paths = [hop["what"] for hop in told["hops"] if hop["lane"] == "rest"]
    for part in ("POST /containers/create", "/start", "/wait", "/attach"):
        assert any(part in path for path in paths), part
    events = [hop["what"] for hop in told["hops"] if hop["lane"] == "dockerd"]
    kept = [event for event in events if event in ("container create", "container start", "container die")]
    assert kept == ["container create", "container start", "container die"]
    starts = [hop["start"] for hop in told["hops"]]
    assert starts == sorted(starts)


def test_cause_comes_before_effect_on_one_axis(echo):
    create = one(echo, "rest", "POST /containers/create")
    (start,) = (hop for hop in echo.lane("rest") if hop.detail["path"].endswith("/start"))
    created, started, died = (
        one(echo, "dockerd", f"container {what}") for what in ("create", "start", "die")
    )
    client = echo.lane("client")[0]
    slack = echo.bound + 0.002  # what the clocks may be off, and how late a short line may be heard
    assert client.start == 0 <= create.start
    assert create.start - slack <= created.start <= create.end + slack
    assert create.end <= start.start
    assert start.start - slack <= started.start <= died.start
    assert all(hop.end <= client.end + slack for hop in echo.lane("rest"))


def test_the_runtime_is_told_and_the_process_is_seen_from_both_sides(echo, engine):
    if runc.place(engine.endpoint) is None:
        assert any(note.startswith("runc:") for note in echo.notes)
        pytest.skip("only an embedded engine of namespaces has the runtime that tells its calls")
    called = [hop for hop in echo.lane("runc") if hop.detail["exit_code"] == 0]
    create, start = (
        next(hop for hop in called if hop.what == f"runc {what}") for what in ("create", "start")
    )
    assert "runc delete" in whats(echo, "runc")
    assert "create" in create.detail["arguments"] and create.detail["container"] in create.detail["bundle"]
    request = next(hop for hop in echo.lane("rest") if hop.detail["path"].endswith("/start"))
    assert request.start < create.start < create.end < start.start < start.end < request.end
    roles = {hop.detail["role"]: hop for hop in echo.lane("process")}
    assert set(roles) == {"dockerd", "containerd", "shim", "container"}
    shim, container = roles["shim"], roles["container"]
    assert "containerd-shim" in shim.detail["command"][0]
    assert container.detail["parent"] == shim.detail["pid"]
    assert container.detail["becomes"] == ["echo", "hi"]
    assert container.detail["inside"][-1] == 1 and container.detail["pid"] != 1
    assert container.detail["container"] in container.detail["cgroup"]
    for kind in ("mnt", "net", "pid", "uts", "ipc"):
        assert container.detail["namespaces"][kind] != shim.detail["namespaces"][kind]
    assert request.start < shim.start <= create.start
    assert start.start <= container.start < one(echo, "dockerd", "container die").start


def test_containerd_is_heard_where_its_socket_is(echo, engine):
    from dockerlab.errors import CannotTrace
    from dockerlab.tracing import containerd

    try:
        containerd.ctr(engine.endpoint)
    except CannotTrace:
        assert any(note.startswith("containerd:") for note in echo.notes)
        pytest.skip("containerd's socket is not reachable here")
    heard = whats(echo, "containerd")
    order = ["/containers/create", "/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"]
    assert [topic for topic in heard if topic in order] == order
    assert not [name for name in namespaces(containerd.ctr(engine.endpoint)) if "dockerlab" in name]


def namespaces(ctr):
    return subprocess.run([*ctr, "namespaces", "ls", "-q"], capture_output=True, text=True).stdout.split()


def test_what_a_killed_trace_left_in_containerd_goes_with_the_next(tiny, engine):
    from dockerlab.engine import processes
    from dockerlab.errors import CannotTrace
    from dockerlab.tracing import containerd

    try:
        ctr = containerd.ctr(engine.endpoint)
    except CannotTrace:
        pytest.skip("containerd's socket is not reachable here")
    living = f"dockerlab-{os.getpid()}-{processes.started(os.getpid())}-0-end"
    killed = f"dockerlab-{os.getpid()}-1-0-end"  # a pid that is used again
    for name in (living, killed):
        subprocess.run([*ctr, "namespaces", "create", name], check=True)
    try:
        tracing.trace("docker version", captured=True)
        assert living in namespaces(ctr) and killed not in namespaces(ctr)
    finally:
        subprocess.run([*ctr, "namespaces", "remove", living], check=True)


def test_the_split_adds_up_to_the_whole(echo):
    assert sum(echo.split().values()) == pytest.approx(echo.total)
    assert echo.split()["rest"] > 0 and echo.split()["client"] > 0
    said = str(echo)
    assert all(hop.what in said for hop in echo.hops)


def test_nothing_of_a_trace_stays(echo, engine):
    from dockerlab.engine import session_directory

    assert not list(session_directory().glob("*.sock"))
    folder = runc.place(engine.endpoint)
    assert folder is None or not list(folder.iterdir())
    assert "dockerlab-trace" not in {thread.name for thread in threading.enumerate()}


def test_a_failing_command_is_a_trace_too(tiny):
    trace = tracing.trace("docker run --rm dockerlab/tiny sh -c 'echo out; echo err >&2; exit 3'")
    client = trace.lane("client")[0]
    assert (client.detail["exit_code"], client.detail["stdout"], client.detail["stderr"]) == (
        3,
        "out\n",
        "err\n",
    )
    missing = tracing.trace(["docker", "inspect", "no-such-thing"])
    assert missing.lane("client")[0].detail["exit_code"] == 1
    assert any(hop.detail["status"] == 404 for hop in missing.lane("rest"))
    assert trace.complete and missing.complete


def test_other_peoples_containers_are_not_in_it(engine, tiny):
    from dockerlab.engine import labels

    stop = threading.Event()

    def busy():
        while not stop.is_set():
            foreign = engine.client.containers.create(tiny.reference, ["true"], labels=labels())
            foreign.start()
            foreign.wait()
            foreign.remove(force=True)

    with ThreadPoolExecutor(1) as pool:
        others = pool.submit(busy)
        trace = tracing.trace(RUN)
        stop.set()
        others.result()
    ids = {hop.detail.get("container") for hop in trace.hops if hop.lane not in ("client", "rest")} - {""}
    assert len(ids) == 1
    assert whats(trace, "dockerd").count("container create") == 1


def test_two_traces_at_once_tell_each_its_own(tiny):
    def run(word):
        return tracing.trace([*RUN[:-1], word])

    with ThreadPoolExecutor(2) as pool:
        traces = list(pool.map(run, ["first", "second"]))
    for trace, word in zip(traces, ["first", "second"], strict=True):
        assert trace.complete, trace.missing
        assert trace.lane("client")[0].detail["stdout"] == f"{word}\n"
        assert whats(trace, "dockerd").count("container create") == 1
        programs = [
            hop.detail["becomes"] for hop in trace.lane("process") if hop.detail["role"] == "container"
        ]
        assert programs in ([["echo", word]], [])


def test_a_function_is_traced_through_the_address_it_is_given(tiny):
    import docker

    from dockerlab.engine import labels

    def work(url):
        client = docker.DockerClient(base_url=url, version="auto")
        made = client.containers.create(tiny.reference, ["true"], labels=labels())
        made.start()
        made.wait()
        made.remove()
        client.close()

    trace = tracing.trace(work)
    assert trace.command == "work" and trace.complete
    assert "container destroy" in whats(trace, "dockerd")
    assert any(request.startswith("DELETE ") for request in requests(trace))


def test_volumes_and_networks_are_followed(engine, tiny):
    name = f"dockerlab-{os.getpid()}"
    try:
        volume = tracing.trace(["docker", "volume", "create", name])
        network = tracing.trace(["docker", "network", "create", name])
    finally:
        engine.client.volumes.get(name).remove()
        engine.client.networks.get(name).remove()
    assert whats(volume, "dockerd") == ["volume create"]
    assert whats(network, "dockerd") == ["network create"]


def test_a_command_for_another_engine_is_refused():
    for words in ("docker -H tcp://elsewhere:2375 ps", "docker --context=other run x", "docker -c other ps"):
        with pytest.raises(UsageMistake) as mistake:
            tracing.trace(words)
        assert words.split()[1].partition("=")[0] in mistake.value.todo


@pytest.mark.parametrize("words", ["", [], "docker 'run"])
def test_what_is_no_command_is_a_mistake(words):
    with pytest.raises(UsageMistake):
        tracing.trace(words)


def test_a_program_that_is_not_there_is_told(engine):
    with pytest.raises(ToolMissing) as missing:
        tracing.trace("no-such-program-here --help")
    assert "no-such-program-here" in missing.value.what


def test_the_bundles_client_stands_in_where_the_machine_has_none(engine, tiny, monkeypatch):
    from dockerlab.engine import bundle

    if bundle.installed() is None:
        pytest.skip("no engine bundle on this machine")
    which = shutil.which
    monkeypatch.setattr(
        shutil, "which", lambda name, **more: None if name == "docker" else which(name, **more)
    )
    trace = tracing.trace(RUN)
    assert trace.lane("client")[0].detail["stdout"] == "hi\n"


def test_dockerd_is_found_by_who_listens_on_the_socket(engine):
    pid = processes.daemon(engine.endpoint)
    if pid is None:
        pytest.skip("this engine runs on another kernel")
    with open(f"/proc/{pid}/comm") as file:
        assert file.read().strip() == "dockerd"
