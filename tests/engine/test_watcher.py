"""Kill -9 at random instants: nothing of ours stays, nothing of the learner's is touched."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid

import psutil
import pytest

from dockerlab.engine import objects

pytestmark = pytest.mark.engine

WORKER = """
import itertools, os, subprocess, sys, threading, uuid
from dockerlab import engine
image, wanted = sys.argv[1:]
# Should the test itself be killed, its workers must not go on for ever.
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
api = engine.connect().client.api
print(engine.session_id(), flush=True)
for number in itertools.count():
    name = f"dl-kill-{uuid.uuid4().hex[:10]}"
    if "container" in wanted:
        host = api.create_host_config(network_mode="none", init=True)
        one = api.create_container(image, ["sleep", "600"], labels=engine.labels(), host_config=host)["Id"]
        api.start(one)
    if "process" in wanted:
        # It goes on only when told, after the watcher knows it; without its maker it ends by itself.
        child = subprocess.Popen(
            ["sh", "-c", "read told && exec sleep 600"],
            env=os.environ | {"DL_KILL": engine.session_id()},
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        engine.watch_process(child.pid)
        child.stdin.write(b"go\\n")
        child.stdin.flush()
    if "volume" in wanted:
        api.create_volume(name, labels=engine.labels())
    if "network" in wanted:
        api.create_network(name, labels=engine.labels(), internal=True)
    if "image" in wanted:
        api.commit(one, name, "1", conf={"Labels": engine.labels(kind="image")})
    print("round", flush=True)
    if "once" in wanted:
        threading.Event().wait()
"""


@pytest.fixture
def worker(engine, tiny):
    """Starts processes that make things through the engine until they are killed."""
    workers = []

    def start(wanted="container volume network process image", command=WORKER):
        process = subprocess.Popen(
            [sys.executable, "-c", command, tiny.reference, wanted],
            env=os.environ | {"DOCKER_HOST": engine.endpoint.url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        workers.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in workers:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


@pytest.fixture
def decoys(engine, tiny):
    """What a learner has: some of it with labels like ours, or inherited from ours. Must stay as it is."""
    api = engine.client.api
    tag = uuid.uuid4().hex[:8]
    far = {
        "dockerlab.session": tag,
        "dockerlab.host": "0-0",
        "dockerlab.owner": "1:1",
        "dockerlab.deadline": "1",
    }
    made = {"container": [], "network": [], "volume": [], "image": []}

    def container(**options):
        made["container"].append(api.create_container(options.pop("image", tiny.reference), **options)["Id"])
        return made["container"][-1]

    api.start(container(command=["sleep", "600"], host_config=api.create_host_config(network_mode="none")))
    container(command=["true"], labels=far, name=f"dl-kill-decoy-{tag}")
    for labels in (None, far):
        name = f"decoy-{tag}-{len(made['volume'])}"
        made["volume"].append(api.create_volume(name, labels=labels)["Name"])
        made["network"].append(api.create_network(name, labels=labels, internal=True)["Id"])
    made["image"].append(api.commit(made["container"][0], f"decoy-{tag}", "1")["Id"])
    yield lambda: json.dumps({kind: [inspected(api, kind, one) for one in ids] for kind, ids in made.items()})
    for one in made["container"]:
        api.remove_container(one, force=True)
    for one in made["network"]:
        api.remove_network(one)
    for one in made["volume"]:
        api.remove_volume(one)
    api.remove_image(f"decoy-{tag}:1")


def inspected(api, kind, identity):
    find = {"container": api.inspect_container, "network": api.inspect_network}
    return (find | {"volume": api.inspect_volume, "image": api.inspect_image})[kind](identity)


def left(engine, session):
    """Everything with the session's label, by kind, asked of the engine itself."""
    api = engine.client.api
    chosen = {"label": f"{objects.SESSION}={session}"}
    found = {
        "container": [one["Id"] for one in api.containers(all=True, filters=chosen)],
        "network": [one["Id"] for one in api.networks(filters=chosen)],
        "volume": [one["Name"] for one in api.volumes(filters=chosen)["Volumes"] or []],
        "image": [one["Id"] for one in api.images(filters=chosen)],
    }
    return {kind: ids for kind, ids in found.items() if ids}


def watchers(session):
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if "dockerlab.engine.watcher" in line and session in line:
            found.append(process)
    return found


def running(session):
    """Processes on the host that the session started."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("DL_KILL") == session and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def kill_at_random_instants(engine, worker, until, times, seed):
    chance = random.Random(seed)
    sessions, slowest = [], 0.0
    for number in range(times):
        process, session = worker()
        sessions.append(session)
        time.sleep(chance.uniform(0, 1.0))  # the random instant itself
        target = os.killpg if number % 2 else os.kill
        target(process.pid, signal.SIGKILL)
        began = time.perf_counter()
        process.wait()
        gone = until(lambda session=session: not left(engine, session) and not running(session), 3)
        slowest = max(slowest, time.perf_counter() - began)
        assert gone, f"kill {number}: {left(engine, session)} {running(session)} after 3 s"
    for session in sessions:  # what was still on its way when the process died
        assert until(lambda session=session: not watchers(session), 15)
        assert not left(engine, session) and not running(session)
    print(f"{times} kills, slowest clean-up {slowest:.2f} s")


def test_nothing_is_left_after_kill_at_random_instants(engine, worker, decoys, until):
    before = decoys()
    kill_at_random_instants(engine, worker, until, 10, seed=3)
    assert decoys() == before


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_nothing_is_left_after_two_hundred_kills(engine, worker, decoys, until):
    before = decoys()
    kill_at_random_instants(engine, worker, until, 200, seed=5)
    assert decoys() == before


def test_with_the_watcher_killed_first_the_next_connection_cleans(engine, worker, decoys, until):
    before = decoys()
    process, session = worker("container volume network process image once")
    assert process.stdout.readline() == "round\n"
    assert running(session)
    for watcher in watchers(session):
        watcher.kill()
    process.kill()
    process.wait()
    assert set(left(engine, session)) == {"container", "network", "volume", "image"}
    other, _ = worker("container once")
    assert not left(engine, session)
    assert until(lambda: not running(session), 3)
    assert decoys() == before
    other.kill()


def test_a_killed_watcher_is_replaced_and_told_all(engine, worker, until):
    process, session = worker("container")
    process.stdout.readline()
    first = watchers(session)
    assert len(first) == 1
    first[0].kill()
    assert until(lambda: [one.pid for one in watchers(session)] not in ([], [first[0].pid]), 10)
    process.kill()
    assert until(lambda: not left(engine, session), 5)


def test_the_watcher_stands_apart_and_shrugs_off_signals(engine, worker, until):
    process, session = worker("container once")
    process.stdout.readline()
    watcher = watchers(session)[0]
    assert os.getsid(watcher.pid) != os.getsid(process.pid)
    assert os.getpgid(watcher.pid) != os.getpgid(process.pid)
    assert watcher.pid not in [one.pid for one in psutil.Process(process.pid).children(recursive=True)]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        watcher.send_signal(number)
    assert watcher.memory_info().rss < 30 * 2**20
    process.kill()
    assert until(lambda: not left(engine, session), 3)
    assert until(lambda: not watchers(session), 10)


def test_an_orderly_end_leaves_nothing_either(engine, worker, until):
    process, session = worker("container volume once")
    process.stdout.readline()
    process.stdin.close()
    process.terminate()
    assert until(lambda: not left(engine, session), 3)


HOLDER = """
import ctypes, os, sys
from dockerlab import engine
image, _ = sys.argv[1:]
api = engine.connect().client.api
print(engine.session_id(), flush=True)
api.create_container(image, ["true"], labels=engine.labels())
# Past Python's own fork, so that nobody closes the pipe to the watcher in the child.
if ctypes.CDLL(None).fork() == 0:
    while True:
        ctypes.CDLL(None).sleep(60)
print("round", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="pidfd is Linux's")
def test_a_child_holding_the_pipe_does_not_hide_the_end(engine, worker, until):
    process, session = worker(command=HOLDER)
    process.stdout.readline()
    holders = psutil.Process(process.pid).children()
    process.kill()
    process.wait()
    try:
        assert until(lambda: not left(engine, session), 3)
        assert any(one.is_running() for one in holders)
    finally:
        for one in holders:
            one.kill()


def test_a_container_past_its_deadline_is_removed_while_its_owner_lives(engine, tiny, until):
    from dockerlab.engine import labels

    api = engine.client.api
    keep = api.create_container(tiny.reference, ["sleep", "60"], labels=labels(deadline=600))["Id"]
    late = api.create_container(tiny.reference, ["sleep", "60"], labels=labels(deadline=1))["Id"]
    api.start(late)
    try:
        assert until(lambda: not [one for one in api.containers(all=True) if one["Id"] == late], 30)
        assert api.inspect_container(keep)["Id"] == keep
    finally:
        api.remove_container(keep, force=True)


INHERITANCE = """
import sys
from dockerlab import engine
image, tag = sys.argv[1:]
client = engine.connect().client
api = client.api
print(engine.session_id(), flush=True)
ours = api.create_container(image, ["true"], labels=engine.labels())["Id"]
# The learner commits our container, and runs what came of it; builds on an image of ours, and runs that.
api.commit(ours, tag, "committed")
api.create_container(f"{tag}:committed", ["true"], name=f"{tag}-a")
api.commit(ours, tag, "ours", conf={"Labels": engine.labels(kind="image")})
mine = api.create_container(f"{tag}:ours", ["touch", "/x"], name=f"{tag}-b")["Id"]
api.start(mine)
api.wait(mine)
api.commit(mine, tag, "built")
# One more container of ours, from an image of ours.
api.create_container(f"{tag}:ours", ["true"], labels=engine.labels(), name=f"{tag}-c")
print("round", flush=True)
sys.stdin.read()
"""


def test_what_only_inherited_our_labels_stays(engine, worker, until):
    api = engine.client.api
    tag = f"inherit-{uuid.uuid4().hex[:8]}"
    process, session = worker(tag, command=INHERITANCE)
    assert process.stdout.readline() == "round\n"
    process.kill()
    process.wait()
    named = {"name": tag}
    try:
        assert until(
            lambda: f"/{tag}-c" not in [one["Names"][0] for one in api.containers(all=True, filters=named)], 5
        )
        assert until(lambda: not watchers(session), 15)
        kept = sorted(one["Names"][0] for one in api.containers(all=True, filters=named))
        assert kept == [f"/{tag}-a", f"/{tag}-b"]
        tags = sorted(name for one in api.images(name=tag) for name in one["RepoTags"])
        # In use by the learner's container, even the image of ours must stay.
        assert tags == [f"{tag}:built", f"{tag}:committed", f"{tag}:ours"]
    finally:
        for one in api.containers(all=True, filters=named):
            api.remove_container(one["Id"], force=True)
        for name in ("built", "committed", "ours"):
            api.remove_image(f"{tag}:{name}")
