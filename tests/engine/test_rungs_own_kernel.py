"""The rungs whose engine has its own kernel: what it can, what it keeps from containers, how it ends.

User-Mode Linux by `make test`; QEMU, whose emulation takes minutes for all of this, by `make soak`.
"""

import contextlib
import io
import os
import signal
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import docker
import psutil
import pytest
from holding import (
    Holder,
    attempt,
    client_with,
    closed,
    nothing_is_left_of,
    own_home,
    page,
    processes_of,
    said,
    serving,
)

from dockerlab.engine import rungs

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module", params=["uml", pytest.param("qemu", marks=pytest.mark.soak)])
def rung(request):
    if reason := rungs.rung(request.param).impossible():
        pytest.skip(reason)
    return request.param


@pytest.fixture
def home():
    with own_home() as path:
        yield path


@pytest.fixture(scope="module")
def guest(rung, engine, tiny):
    """A client of an engine with its own kernel that has the image tiny."""
    with own_home() as path:
        holder = Holder(path, rung)
        with contextlib.closing(client_with(holder, engine.client.images.get(tiny.reference))) as client:
            yield client
        holder.leave()
        assert nothing_is_left_of(path)


def test_the_engine_is_a_real_one_with_a_kernel_of_its_own(guest):
    info = guest.info()
    assert info["Driver"] == "overlay2" and info["CgroupVersion"] == "2"
    assert said(guest, "uname -r").split()[0] == info["KernelVersion"] != os.uname().release


def test_folders_of_the_host_are_mounted_at_their_own_path_both_ways(guest, tmp_path):
    (tmp_path / "from-host").write_text("from the host")
    mounted = {str(tmp_path): {"bind": "/shared", "mode": "rw"}}
    assert "from the host" in said(guest, "cat /shared/from-host", volumes=mounted)
    said(guest, "echo from the guest > /shared/from-guest", volumes=mounted)
    assert (tmp_path / "from-guest").read_text() == "from the guest\n"
    (tmp_path / "from-host").write_text("changed")
    assert "changed" in said(guest, "cat /shared/from-host", volumes=mounted)


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_published_port_opens_and_closes_with_its_container(guest, address, until):
    made = serving(guest, (address, None))
    port = int(made.ports["80/tcp"][0]["HostPort"])
    try:
        assert until(lambda: page(port)) == b"hello\n"
    finally:
        made.remove(force=True)
    assert closed(port)


def test_a_taken_port_is_dockers_own_error(guest, until):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(docker.errors.APIError, match="address already in use"):
            serving(guest, ("127.0.0.1", port), name="unlucky")
        guest.containers.get("unlucky").remove(force=True)
    made = serving(guest, ("127.0.0.1", port))
    assert until(lambda: page(port)) == b"hello\n"
    made.remove(force=True)


def test_containers_of_a_network_find_each_other_by_name(guest, until):
    network = guest.networks.create("lesson")
    made = serving(guest, None, name="web", network="lesson")
    try:
        assert until(lambda: "hello" in said(guest, "wget -q -O - http://web/", network="lesson"))
    finally:
        made.remove(force=True)
        network.remove()


class Outside(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"outside\n")

    def log_message(self, *_):
        pass


def test_containers_reach_the_world_outside(guest):
    addresses = [
        one.address
        for each in psutil.net_if_addrs().values()
        for one in each
        if one.family == socket.AF_INET and not one.address.startswith("127.")
    ]
    if not addresses:
        pytest.skip("this machine has no address but the loopback's")
    with HTTPServer((addresses[0], 0), Outside) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        told = said(guest, f"wget -T 20 -q -O - http://{addresses[0]}:{server.server_port}/")
    assert "outside" in told


@pytest.mark.parametrize("network", ["bridge", "host"])
@pytest.mark.parametrize(
    "place", ["192.168.127.2:2375", "127.0.0.1:2375", "172.17.0.1:2375", "192.168.127.1:80"]
)
def test_containers_cannot_steer_the_engine_or_its_gateway(guest, network, place):
    told = said(guest, f"wget -T 5 -q -O - http://{place}/", network_mode=network)
    assert "refused" in told and "code 1" in told


@pytest.mark.parametrize("network", ["bridge", "host"])
def test_containers_cannot_reach_the_hosts_loopback(guest, network):
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"192.168.127.254 {server.getsockname()[1]}"
        assert "code 1" in said(guest, f"nc -w 5 {place} < /dev/null", network_mode=network)
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_limits_are_the_kernels(guest):
    limits = "cd /sys/fs/cgroup; cat memory.max cpu.max pids.max"
    told = said(guest, limits, mem_limit="32m", nano_cpus=500_000_000, pids_limit=50)
    assert told.split()[:4] == [str(32 * 2**20), "50000", "100000", "50"]
    hungry = guest.containers.run(
        "dockerlab/tiny", ["dd", "if=/dev/zero", "of=/dev/null", "bs=100M"], mem_limit="16m", detach=True
    )
    hungry.wait(timeout=60)
    hungry.reload()
    assert hungry.attrs["State"]["OOMKilled"]
    hungry.remove()


def test_an_image_is_built(guest):
    dockerfile = io.BytesIO(b"FROM dockerlab/tiny\nRUN echo built > /made\nCMD cat /made\n")
    image, _ = guest.images.build(fileobj=dockerfile, rm=True)
    assert guest.containers.run(image.id, remove=True) == b"built\n"
    guest.images.remove(image.id)


def test_a_stream_ends_when_its_client_says_no_more(guest):
    config = guest.api.create_container_config("dockerlab/tiny", ["cat"], stdin_open=True)
    made = guest.containers.get(guest.api.create_container_from_config(config)["Id"])
    wire = made.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})._sock
    made.start()
    wire.sendall(b"all\n")
    wire.shutdown(socket.SHUT_WR)
    assert made.wait(timeout=20)["StatusCode"] == 0 and made.logs() == b"all\n"
    made.remove()


def test_two_that_start_at_once_share_one_engine_and_leave_nothing(home, rung):
    first, second = Holder(home, rung), Holder(home, rung)
    first.ask()
    second.ask()
    told = first.told()
    assert told == second.told()
    assert Path(told["url"].removeprefix("unix://")).stat().st_mode & 0o777 == 0o600
    first.leave()
    assert docker.DockerClient(told["url"]).ping()
    second.leave()
    assert nothing_is_left_of(home)


def test_a_crashed_kernel_is_replaced_and_volumes_are_kept(home, rung, engine, tiny):
    holder = Holder(home, rung)
    first = holder.holds()
    client = client_with(holder, engine.client.images.get(tiny.reference))
    kept = {"kept": {"bind": "/kept", "mode": "rw"}}
    said(client, "echo precious > /kept/file; sync", volumes=kept)
    os.kill(first["pid"], signal.SIGKILL)
    assert nothing_is_left_of(home)
    second = holder.holds()
    assert second["pid"] != first["pid"]
    assert "precious" in said(docker.DockerClient(second["url"], timeout=60), "cat /kept/file", volumes=kept)
    holder.leave()


@pytest.mark.parametrize(
    "victim", ["dockerlab.engine.supervisor", pytest.param("gvproxy", marks=pytest.mark.soak)]
)
def test_the_guest_goes_with_whom_it_needs(home, rung, victim):
    holder = Holder(home, rung)
    holder.holds()
    (found,) = [one for one in processes_of(home) if victim in one.info["cmdline"]]
    found.kill()
    _, alive = psutil.wait_procs(processes_of(home), timeout=60)
    assert not alive  # a killed supervisor leaves its sockets to the next one
    assert holder.holds()["pid"] and docker.DockerClient(holder.holds()["url"]).ping()
    holder.leave()


@pytest.mark.soak
def test_a_panic_is_noticed_and_volumes_are_kept(home, rung, engine, tiny):
    holder = Holder(home, rung)
    client = client_with(holder, engine.client.images.get(tiny.reference))
    first = holder.holds()
    kept = {"kept": {"bind": "/kept", "mode": "rw"}}
    said(client, "echo precious > /kept/file; sync", volumes=kept)
    with contextlib.suppress(OSError, docker.errors.APIError):
        said(client, "echo c > /proc/sysrq-trigger", privileged=True)
    psutil.wait_procs([one for one in processes_of(home) if one.pid == first["pid"]], timeout=30)
    second = holder.holds()
    assert second["pid"] != first["pid"]
    assert "precious" in said(docker.DockerClient(second["url"], timeout=120), "cat /kept/file", volumes=kept)
    holder.leave()
    assert nothing_is_left_of(home)


@pytest.mark.soak
@pytest.mark.parametrize("whose", ["the learner's", "the guest's"])
def test_a_kernel_that_dies_while_the_engine_starts_leaves_nothing(home, rung, whose, until):
    holder = Holder(home, rung)
    holder.ask()
    guest = until(lambda: next(filter(is_guest, processes_of(home)), None), 60)
    (guest if whose == "the guest's" else holder.process).kill()
    said = holder.process.communicate()[1]
    assert "E08" in said or whose == "the learner's"
    assert nothing_is_left_of(home)
    holder = Holder(home, rung)
    assert docker.DockerClient(holder.holds()["url"]).ping()
    holder.leave()


def is_guest(process):
    return any("mem=" in word or "qemu-system" in word for word in process.info["cmdline"][:3])


# --- a machine that does not let it -------------------------------------------------------------
def test_a_gateway_that_does_not_start_is_told(home, rung):
    told = attempt(home, rung, gateway=[str(home / "no-such-program")])
    assert "failed:" in told and "no-such-program" in told
    assert nothing_is_left_of(home)


def test_a_disk_image_that_cannot_be_mounted_is_told_and_kept(home, rung):
    image = home / f"engine/{rung}/disk.ext4"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"not a file system" * 4096)
    told = attempt(home, rung)
    assert "failed:" in told and "cannot be mounted" in told
    assert image.read_bytes().startswith(b"not a file system")
    assert nothing_is_left_of(home)


def test_a_full_disk_is_told(home, rung):
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    small = home / "engine"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "small", small], check=True)
    try:
        told = attempt(home, rung)
        assert "failed:" in told and "No space left" in told
    finally:
        subprocess.run(["umount", small], check=True)
