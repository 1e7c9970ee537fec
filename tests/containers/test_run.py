"""containers.run on a real engine: results, limits, time marks, and nothing left."""

import json
import logging
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from dockerlab import containers
from dockerlab.engine import connect
from dockerlab.errors import (
    CommandNotFound,
    DeadlineExceeded,
    ImageMissing,
    InvalidRequest,
    NameInUse,
    OutOfMemory,
    PortInUse,
)

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("tiny")]


@pytest.fixture
def ours(engine):
    """The ids of this process's containers."""
    from dockerlab.engine import session_id

    def listed():
        found = engine.client.api.containers(all=True, filters={"label": f"dockerlab.session={session_id()}"})
        return {container["Id"] for container in found}

    return listed


@pytest.fixture(autouse=True)
def nothing_left(ours):
    yield
    assert ours() == set()


def test_both_outputs_and_the_exit_code():
    result = containers.run("tiny", ["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (result.exit_code, result.stdout, result.stderr) == (3, "out\n", "err\n")
    assert not result.truncated and not result.oom_killed
    assert result.origin, "a course image says where it comes from"


def test_marks_are_complete_and_in_order():
    phases = containers.run("tiny", "echo hi").phases
    assert {name for name, _ in phases.marks} == {"create", "start", "first_output", "exit", "remove"}
    seconds = [at for _, at in phases.marks]
    assert seconds == sorted(seconds) and seconds[0] > 0
    assert phases.at("create") < phases.at("first_output") < phases.at("exit") < phases.at("remove")


def test_lines_are_timed_as_they_arrive():
    result = containers.run("tiny", ["sh", "-c", "echo BEGIN; sleep 0.5; echo END"])
    (begin, first), (end, last) = result.lines
    assert (first, last) == ("BEGIN", "END")
    assert 0.4 < end - begin < 5


def test_input_is_passed_whole():
    assert containers.run("tiny", "cat", stdin="가나다\n").stdout == "가나다\n"
    assert containers.run("tiny", "wc -c", stdin=b"x" * 3_000_000).stdout.strip() == "3000000"


def test_input_nobody_reads_does_no_harm():
    assert containers.run("tiny", "true", stdin=b"x" * 3_000_000).exit_code == 0


def test_environment_workdir_user_and_files():
    result = containers.run(
        "tiny",
        ["sh", "-c", "echo $가 $PWD $(id -u) $(cat /given/file)"],
        environment={"가": "나"},
        workdir="/tmp",
        user="65534",
        files={"/given/file": b"content"},
    )
    # A shell knows no Korean names of variables, but the engine passes them.
    assert result.stdout.split()[-3:] == ["/tmp", "65534", "content"]
    assert "가=나" in containers.run("tiny", "env", environment={"가": "나"}).stdout


def test_output_that_is_not_utf8():
    assert containers.run("tiny", ["printf", "\\377ok"]).stdout == "\ufffdok"


def test_a_flood_is_cut_and_does_not_block():
    result = containers.run("tiny", ["sh", "-c", "yes | head -c 20000000; echo end >&2"], output_limit=10_000)
    assert result.truncated and len(result.stdout) == 10_000
    assert result.stderr == "end\n" and result.exit_code == 0


def test_limits_hold_inside(engine):
    script = (
        "cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes;"
        "cat /sys/fs/cgroup/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids/pids.max;"
        "grep -E 'CapEff|NoNewPrivs' /proc/self/status; ls /sys/class/net"
    )
    limits = containers.run("tiny", ["sh", "-c", script], memory=64 * 2**20, pids=33).stdout.split()
    assert limits[:2] == [str(64 * 2**20), "33"]
    assert limits[2:6] == ["CapEff:", "0000000000000000", "NoNewPrivs:", "1"]
    assert limits[6:] == ["lo"], "no network unless asked for"


def test_too_many_processes_are_stopped_inside():
    script = "for i in $(seq 50); do sleep 5 & done; echo survived"
    result = containers.run("tiny", ["sh", "-c", script], pids=20, deadline=30)
    assert "fork" in result.stderr and result.exit_code != 0


def test_read_only_root():
    result = containers.run("tiny", "touch /file", read_only=True)
    assert result.exit_code != 0 and "Read-only" in result.stderr


def test_memory_limit():
    with pytest.raises(OutOfMemory) as caught:
        containers.run("tiny", "tail /dev/zero", memory=16 * 2**20)
    assert "메모리 한도" in str(caught.value) and "16 MiB" in str(caught.value)
    assert caught.value.run.oom_killed and caught.value.run.exit_code == 137


@pytest.mark.parametrize("command", ["no-such-command", "/no/such/file", "/etc/passwd"])
def test_command_not_found(command):
    with pytest.raises(CommandNotFound) as caught:
        containers.run("tiny", command)
    assert command in str(caught.value)


def test_deadline_returns_what_was_printed():
    began = time.perf_counter()
    with pytest.raises(DeadlineExceeded) as caught:
        containers.run("tiny", ["sh", "-c", "echo so far; sleep 100"], deadline=2)
    assert time.perf_counter() - began < 7
    assert caught.value.run.stdout == "so far\n" and caught.value.run.exit_code is None


def test_missing_image_is_never_pulled():
    began = time.perf_counter()
    with pytest.raises(ImageMissing) as caught:
        containers.run("dockerlab-no-such-image:1", "true")
    assert time.perf_counter() - began < 5
    assert "dockerlab-no-such-image:1" in str(caught.value)


def test_unknown_user_and_empty_image():
    with pytest.raises(InvalidRequest):
        containers.run("tiny", "true", user="nobody-knows")
    with pytest.raises(InvalidRequest):
        containers.run(" ", "true")


def test_name_clash_leaves_the_other_alone(engine):
    api = engine.client.api
    foreign = api.create_container("dockerlab/tiny:latest", ["sleep", "60"], name="learners-own")["Id"]
    try:
        api.start(foreign)
        before = api.inspect_container(foreign)
        with pytest.raises(NameInUse) as caught:
            containers.run("tiny", "true", name="learners-own")
        assert "learners-own" in str(caught.value)
        assert api.inspect_container(foreign) == before
    finally:
        api.remove_container(foreign, force=True)


def test_port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse) as caught:
            containers.run("tiny", "true", ports={80: port})
        assert str(port) in str(caught.value)


def test_twenty_at_once(caplog):
    with caplog.at_level(logging.WARNING), ThreadPoolExecutor(20) as pool:
        results = list(pool.map(lambda n: containers.run("tiny", ["echo", str(n)]), range(20)))
    assert [result.stdout for result in results] == [f"{n}\n" for n in range(20)]
    assert len({result.container_id for result in results}) == 20
    assert not caplog.records


def test_interrupt_while_the_engine_creates(engine, ours, monkeypatch):
    api = connect().client.api  # the one in use, which may be newer than the fixture's
    create = api.create_container_from_config

    def interrupted(*arguments):
        create(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(api, "create_container_from_config", interrupted)
    with pytest.raises(KeyboardInterrupt):
        containers.run("tiny", "true")
    assert ours() == set()


def test_interrupt_during_removal_is_honoured_afterwards(engine, ours, monkeypatch):
    api = connect().client.api
    remove, interrupts = api.remove_container, iter([True])

    def interrupted(*arguments, **options):
        if next(interrupts, False):
            raise KeyboardInterrupt
        remove(*arguments, **options)

    monkeypatch.setattr(api, "remove_container", interrupted)
    with pytest.raises(KeyboardInterrupt):
        containers.run("tiny", "true")
    assert ours() == set()


INTERRUPTED = """
import json, signal
from dockerlab import containers, engine
api = engine.connect().client.api
containers.run("tiny", "true")
count = 0
for step in range(1, 13):
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, step * 0.02)
    try:
        containers.run("tiny", "sleep 30")
    except KeyboardInterrupt:
        count += 1
label = f"dockerlab.session={engine.session_id()}"
left = api.containers(all=True, filters={"label": label})
print(json.dumps({"interrupted": count, "left": len(left)}))
"""


def test_ctrl_c_at_many_instants_leaves_nothing():
    # Asked inside the interrupted process itself, before its watcher could have tidied up.
    told = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == {"interrupted": 12, "left": 0}


def test_boot_ends_with_the_first_byte():
    phases = containers.boot("tiny")
    assert [name for name, _ in phases.marks] == ["create", "ready"]
    assert phases.total == phases.at("ready")
