"""containers.start on a real engine: exec, files, memory, ports, and nothing left."""

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dockerlab import containers
from dockerlab.errors import CommandNotFound, DeadlineExceeded

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("tiny")]


@pytest.fixture(scope="module")
def live():
    hello = b"#!/bin/sh\necho hello $1\n"
    with containers.start("tiny", "sleep 300", files={"/opt/hello": hello}) as container:
        yield container


def gone(engine, container):
    return not engine.client.api.containers(all=True, filters={"id": container.id})


def test_exec_gives_a_run(live):
    result = live.exec(["sh", "-c", "echo out; echo err >&2; exit 4"])
    assert (result.exit_code, result.stdout, result.stderr) == (4, "out\n", "err\n")
    assert {"create", "start", "first_output", "exit"} == {name for name, _ in result.phases.marks}


def test_exec_reads_input_and_runs_given_files(live):
    assert live.exec("cat", stdin="물음").stdout == "물음"
    assert live.exec(["/opt/hello", "x"]).stdout == "hello x\n"
    live.put("/opt/late", b"#!/bin/sh\necho late\n")
    assert live.exec("/opt/late").stdout == "late\n"


def test_exec_loses_no_early_output(live):
    # The output may arrive in one piece with the answer's header.
    assert [live.exec("echo early").stdout for _ in range(30)] == ["early\n"] * 30


def test_exec_of_a_missing_command(live):
    with pytest.raises(CommandNotFound):
        live.exec("no-such-command")
    assert live.exec("true").exit_code == 0


def test_memory_is_that_of_a_small_program(live):
    assert 0 < live.memory() < 32 * 2**20


def test_host_pids_are_this_containers_processes(live, engine):
    pids = live.host_pids()
    if engine.endpoint.path is None or not pids:
        pytest.skip("this engine's processes cannot be seen from here")
    commands = [Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0] for pid in pids]
    assert commands == ["sleep"]
    assert os.getpid() not in pids


def test_exec_deadline_takes_the_container_with_it(engine):
    with containers.start("tiny", "sleep 300") as container:
        with pytest.raises(DeadlineExceeded) as caught:
            container.exec(["sh", "-c", "echo before; sleep 100"], timeout=1)
        assert caught.value.run.stdout == "before\n"
        assert gone(engine, container)


def test_waiting_for_output():
    with containers.start("tiny", ["sh", "-c", "sleep 0.2; echo READY; echo bad >&2; sleep 60"]) as container:
        container.wait_output("READY")
        container.wait_output("bad")
        assert container.output() == "READY\n" and container.errors() == "bad\n"
        began = time.perf_counter()
        with pytest.raises(DeadlineExceeded):
            container.wait_output("never", timeout=0.3)
        assert time.perf_counter() - began < 3


def test_waiting_ends_when_the_container_does():
    with containers.start("tiny", "echo only") as container, pytest.raises(DeadlineExceeded):
        container.wait_output("more", timeout=20)


def test_ten_at_once_are_all_removed(engine):
    with ThreadPoolExecutor(10) as pool:
        running = list(pool.map(lambda _: containers.start("tiny", "sleep 300"), range(10)))
        assert len({container.id for container in running}) == 10
        list(pool.map(lambda container: container.close(), running))
    assert all(gone(engine, container) for container in running)
    running[0].close()  # again: no harm


def test_an_error_inside_with_removes_it(engine):
    with pytest.raises(ZeroDivisionError), containers.start("tiny", "sleep 300") as container:
        raise ZeroDivisionError
    assert gone(engine, container)


def test_start_that_fails_leaves_nothing(engine):
    from dockerlab.engine import session_id

    with pytest.raises(CommandNotFound):
        containers.start("tiny", "no-such-command", name="dockerlab-test-failing")
    label = {"label": f"dockerlab.session={session_id()}", "name": "dockerlab-test-failing"}
    assert not engine.client.api.containers(all=True, filters=label)


def test_published_port_answers_on_loopback(engine):
    if engine.kind != "embedded" and engine.kind != "system":
        pytest.skip(f"ports of an engine of kind {engine.kind} need not be on this machine")
    serve = ["sh", "-c", "mkdir /www && echo 안녕 > /www/index.html && httpd -f -h /www -p 8000"]
    with containers.start("tiny", serve, ports={8000: None}) as container:
        port = container.address[8000]
        end = time.monotonic() + 10
        answer = b""
        while "안녕".encode() not in answer and time.monotonic() < end:
            try:
                with socket.create_connection(("127.0.0.1", port), 2) as asked:
                    asked.sendall(b"GET / HTTP/1.0\r\n\r\n")
                    answer = b"".join(iter(lambda: asked.recv(4096), b""))
            except OSError:
                time.sleep(0.05)
        assert "안녕".encode() in answer
