"""Holding an embedded engine, as a notebook kernel does, and looking at what it leaves behind."""

import contextlib
import errno
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import docker
import psutil
from homes import processes_of

from dockerlab.engine import bundle

HOLDER = """
import json, sys
from dockerlab.engine import embedded
for _ in sys.stdin:
    url = embedded.ensure(rung=sys.argv[1])
    print(json.dumps({"url": url, "pid": embedded.pid()}), flush=True)
"""
# Without a supervisor: to give the keeper other settings, or a process that is not allowed something.
ATTEMPT = """
import asyncio, json, sys
from dockerlab import places
from dockerlab.engine import rungs
from dockerlab.progress import silent
name, instead = sys.argv[1], json.loads(sys.argv[2])
rung = rungs.rung(name)
run, data = places.runtime_dir("engine", name), places.data_dir("engine", name)
async def attempt():
    keeper = rung.Keeper(run, data, rung.settings(run, silent) | instead, print)
    try:
        await keeper.start()
        print("started")
    except rungs.StartFailed as error:
        print("failed:", error)
    finally:
        await keeper.stop()
asyncio.run(attempt())
"""

# From here on this process and its children may not trace: a filter of system calls as clusters have it.
NO_PTRACE = """
import ctypes, struct, sys
instructions = [(0x20, 0, 0, 0), (0x15, 0, 1, 101), (0x06, 0, 0, 0x50001), (0x06, 0, 0, 0x7FFF0000)]
program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in instructions))
filter = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(instructions), ctypes.addressof(program)))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, filter, 0, 0) == 0
"""


class Holder:
    """A process that holds the engine, as a kernel does."""

    def __init__(self, home, rung, *before):
        environment = os.environ | {"DOCKERLAB_HOME": str(home), "DOCKERLAB_ENGINE_IDLE": "0.5"}
        self.process = subprocess.Popen(
            [*before, sys.executable, "-c", HOLDER, rung],
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


def sockets_of(home):
    return [path for path in home.glob("run/engine/**/*") if path.is_socket()]


def nothing_is_left_of(home):
    """Wait until everything of this home has ended, with a limit."""
    _, alive = psutil.wait_procs(processes_of(home), timeout=60)
    return not alive and not sockets_of(home)


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


def client_with(holder, image):
    """A client of the engine that this process holds, with an image from another engine."""
    client = docker.DockerClient(holder.holds()["url"], timeout=120)
    client.images.load(b"".join(image.save(named=True)))
    return client


def attempt(home, rung, before="", **instead):
    """What the keeper of this rung says when it starts with these settings instead of its own."""
    environment = os.environ | {"DOCKERLAB_HOME": str(home)}
    command = [sys.executable, "-c", before + ATTEMPT, rung, json.dumps(instead)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout
