"""The embedded engine for real: shared, killed, starved, and gone without a trace."""

import contextlib
import http.client
import io
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest
from homes import processes_of

from dockerlab.engine import embedded
from dockerlab.engine.rungs import root
from dockerlab.errors import EngineStartFailed

pytestmark = pytest.mark.engine

HOLDER = """
import json, sys
from dockerlab.engine import embedded
url = embedded.ensure()
print(json.dumps({"url": url, "pid": embedded.pid(), "lost": embedded.losses()}), flush=True)
for line in sys.stdin:
    url = embedded.ensure()
    print(json.dumps({"url": url, "pid": embedded.pid(), "lost": embedded.losses()}), flush=True)
"""


def until(true, seconds=20.0):
    """Wait for an effect; False when it did not come."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return bool(true())


@pytest.fixture(scope="module")
def bundle():
    if embedded.impossible("root"):
        pytest.skip(f"no embedded engine here: {embedded.impossible('root')}")
    if root.own_binaries():
        return None
    from dockerlab.engine import bundle as bundles

    return bundles.ensure().root


@pytest.fixture
def home(bundle, monkeypatch):
    """A home of its own with a short path (sockets), sharing the unpacked bundle."""
    path = Path(tempfile.mkdtemp(prefix="dl", dir="/tmp"))
    if bundle is not None:
        (path / "bundle").symlink_to(bundle.parent)
    monkeypatch.setenv("DOCKERLAB_HOME", str(path))
    monkeypatch.setenv("DOCKERLAB_ENGINE_IDLE", "0.5")
    yield path
    for process in processes_of(path):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    assert until(lambda: not processes_of(path))
    root.clear_cgroups(cgroup_of(path))
    shutil.rmtree(path, ignore_errors=True)


def cgroup_of(home):
    import hashlib

    return "/dockerlab-" + hashlib.sha256(os.fsencode(home / "run/engine/root")).hexdigest()[:12]


def traces_of(home):
    return {
        "processes": [process.info["cmdline"] for process in processes_of(home)],
        "cgroups": [str(path) for path in Path("/sys/fs/cgroup").glob(f"*{cgroup_of(home)}")],
        "mounts": [line for line in Path("/proc/mounts").read_text().splitlines() if str(home) in line],
    }


def clean(home):
    return not any(traces_of(home).values())


class Holder:
    """A process that holds the engine, as a kernel does."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def heard(self):
        return json.loads(self.process.stdout.readline())

    def ask(self):
        self.process.stdin.write("again\n")
        self.process.stdin.flush()

    def again(self):
        self.ask()
        return self.heard()

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def holders():
    held = []

    def make():
        held.append(Holder())
        return held[-1]

    yield make
    for holder in held:
        holder.kill()


def docker(url):
    from docker import DockerClient

    return DockerClient(base_url=url, timeout=30)


def busybox_image(client):
    """An image of one static busybox, so that these tests need no other room."""
    from dockerlab.engine import bundle as bundles

    busybox = bundles.ensure().root / "usr/bin/busybox"
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(busybox, "bin/busybox")
    client.api.import_image_from_data(packed.getvalue(), repository="embedded-test", tag="1")
    return "embedded-test:1"


def test_two_kernels_share_one_engine_and_the_last_one_ends_it(home, holders):
    first, second = holders(), holders()
    one, two = first.heard(), second.heard()
    assert one == two
    first.kill()
    assert docker(two["url"]).ping()
    second.kill()
    assert until(lambda: clean(home)), traces_of(home)


def test_ten_kernels_at_once_start_one_engine(home, holders):
    heard = [holder.heard() for holder in [holders() for _ in range(10)]]
    assert len({said["pid"] for said in heard}) == 1
    running = [p for p in processes_of(home) if p.info["name"] == "dockerd"]
    assert len(running) == 1


def test_killed_supervisor_takes_everything_with_it_and_the_next_start_works(home, holders):
    holder = holders()
    client = docker(holder.heard()["url"])
    client.containers.run(busybox_image(client), ["/bin/busybox", "sleep", "600"], detach=True)
    keeper = [p for p in processes_of(home) if "dockerlab.engine.supervisor" in p.info["cmdline"]]
    assert len(keeper) == 1
    keeper[0].kill()
    assert until(lambda: not processes_of(home), 3), traces_of(home)
    assert not traces_of(home)["mounts"]
    assert docker(holder.again()["url"]).version()["Version"]


def test_killed_dockerd_is_noticed_and_started_again_with_its_images(home, holders):
    holder = holders()
    before = holder.heard()
    image = busybox_image(docker(before["url"]))
    dockerd = next(p for p in processes_of(home) if p.info["name"] == "dockerd")
    dockerd.kill()
    assert until(lambda: not embedded.running())
    after = holder.again()
    assert after["pid"] != before["pid"]
    assert (before["lost"], after["lost"]) == (0, 1)  # the doctor tells it
    assert docker(after["url"]).images.get(image)


def test_dead_engine_whose_supervisor_has_not_noticed_is_waited_for(home, holders):
    """On a busy machine the supervisor learns of it late; until then the lease looks as good as ever."""
    holder = holders()
    before = holder.heard()
    image = busybox_image(docker(before["url"]))
    [keeper] = [p for p in processes_of(home) if "dockerlab.engine.supervisor" in p.info["cmdline"]]
    keeper.suspend()
    next(p for p in processes_of(home) if p.info["name"] == "dockerd").kill()
    assert until(lambda: not any(p.info["name"] == "dockerd" for p in processes_of(home)))
    holder.ask()
    newcomer = holders()
    waiting = [holder.process.stdout, newcomer.process.stdout]
    assert not select.select(waiting, [], [], 1.0)[0], "neither takes the dead one, nor another rung"
    keeper.resume()
    after = holder.heard()
    assert newcomer.heard()["pid"] == after["pid"] != before["pid"]
    assert after["url"] == before["url"] and after["lost"] == 1
    assert docker(after["url"]).images.get(image)


def test_new_engine_waits_for_the_last_process_of_the_former(home, holders):
    """A supervisor that is killed waits for nothing; a dockerd that is dying still holds its files locked."""
    holder = holders()
    holder.heard()
    with subprocess.Popen(["sleep", "60"]) as dying:
        since = Path(f"/proc/{dying.pid}/stat").read_text().rpartition(")")[2].split()[19]
        (home / "run/engine/root/first-process").write_text(f"{dying.pid}:{since}")
        [keeper] = [p for p in processes_of(home) if "dockerlab.engine.supervisor" in p.info["cmdline"]]
        keeper.kill()
        assert until(lambda: not any(p.info["name"] == "dockerd" for p in processes_of(home)))
        holder.ask()
        assert not select.select([holder.process.stdout], [], [], 1.0)[0]
        dying.kill()
    assert docker(holder.heard()["url"]).ping()


def test_stopping_engine_does_not_fail_a_newcomer(home, holders):
    for _ in range(2):
        holder = holders()
        holder.heard()
        holder.kill()
        # At no moment between running and gone may a newcomer be turned away.
        time.sleep(0.45)
        newcomer = holders()
        assert docker(newcomer.heard()["url"]).ping()
        newcomer.kill()


def test_hosts_network_is_left_alone(home, holders):
    def network():
        rules = shutil.which("iptables-save", path=root.SYSTEM_PATH)
        return sorted(os.listdir("/sys/class/net")), rules and subprocess.check_output([rules])

    before = network()
    holder = holders()
    client = docker(holder.heard()["url"])
    client.networks.create("lesson").remove()
    assert network() == before


def test_published_port_reaches_the_host_and_closes_with_its_container(home, holders):
    client = docker(holders().heard()["url"])
    web = client.containers.run(
        busybox_image(client),
        ["/bin/busybox", "httpd", "-f", "-p", "80", "-h", "/bin"],
        detach=True,
        ports={"80/tcp": ("127.0.0.1", None)},
    )
    web.reload()
    port = int(web.ports["80/tcp"][0]["HostPort"])
    address = f"http://127.0.0.1:{port}/busybox"

    def fetched():
        try:
            return len(urllib.request.urlopen(address, timeout=5).read())
        except (OSError, http.client.HTTPException):
            return 0

    assert until(lambda: fetched() > 1_000_000)
    web.remove(force=True)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(address, timeout=5)


def test_port_taken_on_the_host_is_refused_as_docker_does(home, holders):
    from docker.errors import APIError

    client = docker(holders().heard()["url"])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(APIError, match=r"(?i)address already in use"):
            client.containers.run(
                busybox_image(client), ["/bin/busybox", "true"], detach=True, ports={"80/tcp": port}
            )


def test_container_has_a_way_out_but_none_to_the_hosts_loopback(home, holders):
    client = docker(holders().heard()["url"])
    with socket.create_server(("127.0.0.1", 0)) as secret:
        port = secret.getsockname()[1]
        script = f"/bin/busybox nc -w 2 10.0.2.2 {port} < /dev/null && echo reached; /bin/busybox ip route"
        out = client.containers.run(busybox_image(client), ["/bin/busybox", "sh", "-c", script], remove=True)
    assert b"reached" not in out
    assert b"default via" in out


def test_missing_way_out_is_told_and_the_engine_runs_without(home):
    look = "from dockerlab.diagnosis import doctor; print(doctor().as_dict()['notes'])"
    hide = 'mount -t tmpfs none /dev/net && exec "$@"'
    told = subprocess.run(
        ["unshare", "--mount", "sh", "-c", hide, "sh", sys.executable, "-c", look],
        env={**os.environ, "DOCKERLAB_ENGINE": "embedded"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "/dev/net/tun" in told.stdout


def test_start_that_fails_says_why(home):
    data = home / "engine/root"
    data.mkdir(parents=True)
    (data / "volumes").write_text("not a folder")
    began = time.monotonic()
    with pytest.raises(EngineStartFailed) as caught:
        embedded.ensure(rung="root")
    assert caught.value.seen and caught.value.todo
    assert time.monotonic() - began < 5
    assert until(lambda: clean(home)), traces_of(home)


def test_failure_is_told_at_once_even_when_the_supervisor_cannot_run(home, monkeypatch):
    folder = home / "run/engine/root"
    folder.mkdir(parents=True)
    (folder / "lock").mkdir()  # it dies before it could listen
    began = time.monotonic()
    with pytest.raises(EngineStartFailed) as caught:
        embedded.ensure(rung="root")
    assert "lock" in caught.value.seen
    assert time.monotonic() - began < 5
    assert not processes_of(home)


def test_too_long_a_path_is_said_before_anything_starts(home, monkeypatch):
    monkeypatch.setenv("DOCKERLAB_HOME", str(home / ("long" * 20)))
    with pytest.raises(EngineStartFailed, match="너무 깁니다"):
        embedded.ensure(rung="root")


def test_terminated_supervisor_leaves_nothing(home, holders):
    holders().heard()
    keeper = next(p for p in processes_of(home) if "dockerlab.engine.supervisor" in p.info["cmdline"])
    os.kill(keeper.pid, signal.SIGTERM)
    assert until(lambda: clean(home)), traces_of(home)
