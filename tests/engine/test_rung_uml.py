"""The User-Mode Linux rung for real: what its engine can, what it keeps from containers, how it ends."""

import contextlib
import errno
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path

import docker
import psutil
import pytest

from dockerlab.engine import bundle
from dockerlab.engine.rungs import uml

pytestmark = pytest.mark.engine

HOLDER = """
import json, sys
from dockerlab.engine import embedded
for _ in sys.stdin:
    url = embedded.ensure(rung="uml")
    print(json.dumps({"url": url, "pid": embedded.pid()}), flush=True)
"""
# In mounts of its own, so that the user reaches this checkout and its Python even where they lie in /root.
POWERLESS = """
set -eu
home=$1; shift
mkdir "$home/root"
for entry in /root/* /root/.[!.]*; do
  [ -d "$entry" ] || continue
  mkdir "$home/root/${entry##*/}"
  mount --bind "$entry" "$home/root/${entry##*/}"
done
mount --rbind "$home/root" /root
exec setpriv --reuid nobody --regid nogroup --clear-groups --no-new-privs --bounding-set=-all \
  --inh-caps=-all "$@"
"""


class Holder:
    """A process that holds the engine, as a kernel does."""

    def __init__(self, home, *before):
        environment = os.environ | {"DOCKERLAB_HOME": str(home), "DOCKERLAB_ENGINE_IDLE": "0.5"}
        self.process = subprocess.Popen(
            [*before, sys.executable, "-c", HOLDER],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip

    def ask(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def told(self):
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return json.loads(line)

    def holds(self):
        self.ask()
        return self.told()

    def leave(self):
        self.process.kill()
        self.process.communicate()


def processes_of(home):
    """Everything whose command line names this home: supervisor, gvproxy, the guest's processes."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if str(home) in " ".join(process.info["cmdline"] or ()) and process.pid != os.getpid():
            found.append(process)
    return found


def sockets_of(home):
    return [path for path in home.glob("run/engine/uml/**/*") if path.is_socket()]


@contextlib.contextmanager
def own_home():
    """A short path (sockets), sharing the unpacked bundle."""
    path = Path(tempfile.mkdtemp(prefix="dl", dir="/tmp"))
    (path / "bundle").symlink_to(bundle.ensure().root.parent)
    try:
        yield path
    finally:
        for process in processes_of(path):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes_of(path), timeout=10)
        shutil.rmtree(path)


@pytest.fixture
def home():
    with own_home() as path:
        yield path


@pytest.fixture(scope="module", autouse=True)
def possible():
    if reason := uml.impossible():
        pytest.skip(reason)


@pytest.fixture(scope="module")
def guest(engine, tiny):
    """A client of an engine in User-Mode Linux that has the image tiny."""
    with own_home() as path:
        holder = Holder(path)
        with contextlib.closing(docker.DockerClient(holder.holds()["url"], timeout=60)) as client:
            client.images.load(b"".join(engine.client.images.get(tiny.reference).save(named=True)))
            yield client
        holder.leave()


def said(client, command, **options):
    """What a shell in a container says, whether it succeeds or not."""
    words = ["sh", "-c", f"{{ {command}; }} 2>&1; echo code $?"]
    return client.containers.run("dockerlab/tiny", words, remove=True, **options).decode()


def serving(client, port, **options):
    words = ["sh", "-c", "mkdir /www; echo hello > /www/index.html; exec httpd -f -p 80 -h /www"]
    made = client.containers.run("dockerlab/tiny", words, detach=True, ports={"80/tcp": port}, **options)
    made.reload()
    return made


def page(port):
    """What the server answers; None while it is not there yet (a port may be open before its server is)."""
    with contextlib.suppress(OSError):
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10).read()


def closed(port):
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED


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


def test_containers_reach_the_world_outside(guest):
    addresses = [
        one.address
        for each in psutil.net_if_addrs().values()
        for one in each
        if one.family == socket.AF_INET and not one.address.startswith("127.")
    ]
    if not addresses:
        pytest.skip("this machine has no address but the loopback's")
    with socket.create_server((addresses[0], 0)) as server:
        answer = threading.Thread(target=lambda: server.accept()[0].sendall(b"outside\n"), daemon=True)
        answer.start()
        told = said(guest, f"nc {addresses[0]} {server.getsockname()[1]} < /dev/null")
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


def test_two_that_start_at_once_share_one_engine_and_leave_nothing(home):
    first, second = Holder(home), Holder(home)
    first.ask()
    second.ask()
    told = first.told()
    assert told == second.told()
    assert Path(told["url"].removeprefix("unix://")).stat().st_mode & 0o777 == 0o600
    first.leave()
    assert docker.DockerClient(told["url"]).ping()
    second.leave()
    _, alive = psutil.wait_procs(processes_of(home), timeout=30)
    assert not alive and not sockets_of(home)


def test_a_crashed_kernel_is_replaced_and_volumes_are_kept(home, engine, tiny):
    holder = Holder(home)
    first = holder.holds()
    client = docker.DockerClient(first["url"], timeout=60)
    client.images.load(b"".join(engine.client.images.get(tiny.reference).save(named=True)))
    kept = {"kept": {"bind": "/kept", "mode": "rw"}}
    said(client, "echo precious > /kept/file; sync", volumes=kept)
    os.kill(first["pid"], signal.SIGKILL)
    _, alive = psutil.wait_procs(processes_of(home), timeout=30)
    assert not alive and not sockets_of(home)
    second = holder.holds()
    assert second["pid"] != first["pid"]
    assert "precious" in said(docker.DockerClient(second["url"], timeout=60), "cat /kept/file", volumes=kept)
    holder.leave()


@pytest.mark.parametrize("victim", ["dockerlab.engine.supervisor", "gvproxy"])
def test_the_guest_goes_with_whom_it_needs(home, victim):
    holder = Holder(home)
    holder.holds()
    (found,) = [one for one in processes_of(home) if victim in one.info["cmdline"]]
    found.kill()
    _, alive = psutil.wait_procs(processes_of(home), timeout=30)
    assert not alive
    assert holder.holds()["pid"] and docker.DockerClient(holder.holds()["url"]).ping()
    holder.leave()


def test_a_user_without_any_power_has_the_engine_too(home):
    if os.geteuid() != 0:
        pytest.skip("whoever runs this test is such a user already")
    unpacked = bundle.ensure().root
    if not all(folder.stat().st_mode & 0o005 == 0o005 for folder in (unpacked, *unpacked.parents[:-2])):
        pytest.skip(f"other users may not read {unpacked}")
    shutil.chown(home, "nobody", "nogroup")
    holder = Holder(home, "unshare", "--mount", "sh", "-c", POWERLESS, "sh", str(home), "env", f"HOME={home}")
    told = holder.holds()
    assert psutil.Process(told["pid"]).uids().effective != 0
    assert docker.DockerClient(told["url"]).ping()
    holder.leave()
    _, alive = psutil.wait_procs(processes_of(home), timeout=30)
    assert not alive


# --- a machine that does not let it -------------------------------------------------------------
NO_PTRACE = """
import ctypes, struct, sys
instructions = [(0x20, 0, 0, 0), (0x15, 0, 1, 101), (0x06, 0, 0, 0x50001), (0x06, 0, 0, 0x7FFF0000)]
program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in instructions))
filter = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(instructions), ctypes.addressof(program)))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, filter, 0, 0) == 0
"""


def test_where_ptrace_is_denied_it_is_told_beforehand():
    look = NO_PTRACE + "from dockerlab.engine.rungs import uml; print(uml.impossible())"
    told = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout
    assert "ptrace" in told


ATTEMPT = """
import asyncio, pathlib, json, sys
from dockerlab import places
from dockerlab.engine.rungs import StartFailed, uml
from dockerlab.progress import silent
run, data = places.runtime_dir("engine", "uml"), places.data_dir("engine", "uml")
async def attempt():
    keeper = uml.Keeper(run, data, uml.settings(run, silent) | json.loads(sys.argv[1]), print)
    try:
        await keeper.start()
    except StartFailed as error:
        print("failed:", error)
    finally:
        await keeper.stop()
asyncio.run(attempt())
"""


def attempt(home, code=ATTEMPT, **instead):
    return subprocess.run(
        [sys.executable, "-c", code, json.dumps(instead)],
        env=os.environ | {"DOCKERLAB_HOME": str(home)}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_a_kernel_that_may_not_trace_fails_with_its_reason_and_leaves_nothing(home):
    done = attempt(home, NO_PTRACE + ATTEMPT)
    assert "failed:" in done.stdout and "ptrace" in done.stdout, done.stderr
    assert not processes_of(home) and not sockets_of(home)


def test_a_gateway_that_does_not_start_is_told(home):
    done = attempt(home, gateway=[str(home / "no-such-program")])
    assert "failed:" in done.stdout and "no-such-program" in done.stdout, done.stderr
    assert not processes_of(home) and not sockets_of(home)


def test_a_disk_image_that_cannot_be_mounted_is_told_and_kept(home):
    image = home / "engine/uml/disk.ext4"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"not a file system" * 4096)
    done = attempt(home)
    assert "failed:" in done.stdout and "cannot be mounted" in done.stdout, done.stderr
    assert image.read_bytes().startswith(b"not a file system")
    assert not processes_of(home) and not sockets_of(home)


def test_a_full_disk_is_told(home):
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    small = home / "engine"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "small", small], check=True)
    try:
        done = attempt(home)
        assert "failed:" in done.stdout and "No space left" in done.stdout, done.stderr
    finally:
        subprocess.run(["umount", small], check=True)


def test_the_patched_program_names_the_other_loader_and_still_runs(tmp_path):
    loader = bundle.ensure().command("mke2fs")[0]
    made = uml.with_loader(Path(sys.executable).resolve(), loader, tmp_path / "program")
    assert loader.encode() in made.read_bytes()
    assert uml.with_loader(made, loader, made).read_bytes().startswith(b"\x7fELF")
