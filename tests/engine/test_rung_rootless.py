"""The rootless rung for real, as an ordinary user of a machine that allows it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest
from homes import link_or_copy, processes_of

from dockerlab.engine import bundle
from dockerlab.engine.rungs import rootless

pytestmark = pytest.mark.engine

# In mounts of its own, so that nothing of this machine changes: the user has subordinate ids and may
# open the tunnel device, and reaches this checkout and its Python even where they lie in /root.
MACHINE = """
set -eu
home=$1; shift
echo "$SUBORDINATE" > "$home/subid"
for table in subuid subgid; do mount --bind "$home/subid" /etc/$table; done
mount -t tmpfs -o mode=755 none /dev/net
mknod -m 666 /dev/net/tun c 10 200
mkdir "$home/root"
for entry in /root/* /root/.[!.]*; do
  if [ -d "$entry" ]; then
    mkdir "$home/root/${entry##*/}"
    mount --bind "$entry" "$home/root/${entry##*/}"
  fi
done
mount --rbind "$home/root" /root
exec setpriv --reuid nobody --regid nogroup --clear-groups --inh-caps=-all "$@"
"""

LESSON = """
import json, sys, urllib.request
import dockerlab as lab
from dockerlab import engine, images
from dockerlab.engine import embedded
connected = engine.connect()
images.import_bundle(sys.argv[1])
api = connected.client
said = embedded.said()
who = lab.run("tiny", ["id", "-u"]).stdout.strip()
network = api.networks.create("lesson", labels=engine.labels())
web = api.containers.run("dockerlab/tiny", ["httpd", "-f", "-p", "80", "-h", "/bin"], detach=True, name="web",
                         network="lesson", ports={"80/tcp": ("127.0.0.1", None)}, labels=engine.labels())
web.reload()
port = web.ports["80/tcp"][0]["HostPort"]
for _ in range(50):
    try:
        size = len(urllib.request.urlopen(f"http://127.0.0.1:{port}/busybox", timeout=5).read())
        break
    except OSError:
        import time; time.sleep(0.1)
named = api.containers.run("dockerlab/tiny", ["wget", "-q", "-O", "/dev/null", "http://web/busybox"],
                           network="lesson", remove=True, labels=engine.labels())
print(json.dumps({"rung": said["rung"], "pid": said["pid"], "who": who, "size": size,
                  "options": connected.info["SecurityOptions"]}))
"""


@pytest.fixture
def home():
    if os.geteuid() != 0:
        pytest.skip("only root can set up the machine of an ordinary user")
    if shutil.which("newuidmap") is None:
        pytest.skip("no newuidmap on this machine (apt-get install uidmap)")
    path = Path(tempfile.mkdtemp(prefix="dl", dir="/tmp"))
    unpacked = bundle.ensure().root
    (path / "bundle").mkdir()
    # Hard links: the user must be able to read it, wherever it lies.
    shutil.copytree(unpacked, path / "bundle" / unpacked.name, symlinks=True, copy_function=link_or_copy)
    path.chmod(0o755)
    for folder in (path, path / "bundle"):
        shutil.chown(folder, "nobody", "nogroup")
    yield path
    for process in processes_of(path):
        process.kill()
    psutil.wait_procs(processes_of(path), timeout=10)
    shutil.rmtree(path)


def as_user(home, code, *arguments, subordinate="nobody:1000000:65536"):
    command = ["unshare", "--mount", "sh", "-c", MACHINE, "sh", str(home)]
    environment = {"DOCKERLAB_HOME": str(home), "HOME": str(home), "PATH": os.environ["PATH"]}
    environment |= {"DOCKERLAB_ENGINE": "rootless", "DOCKERLAB_ENGINE_IDLE": "0"}
    environment["SUBORDINATE"] = subordinate
    return subprocess.run(
        [*command, sys.executable, "-c", code, *arguments],
        env=environment, cwd="/", capture_output=True, text=True, timeout=180,
    )  # fmt: skip


def test_containers_networks_and_ports_without_root(home, tiny):
    from dockerlab import images

    archive = images.export_bundle(home / "tiny.tar", images=["tiny"]).path
    archive.chmod(0o644)
    done = as_user(home, LESSON, str(archive))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["rung"] == "rootless" and told["who"] == "0"
    assert "name=rootless" in told["options"]
    assert told["size"] > 500_000
    _, alive = psutil.wait_procs(processes_of(home), timeout=20)
    assert not alive


@pytest.mark.parametrize(("subordinate", "reason"), [("nobody:1000000:65536", ""), ("", "/etc/subuid")])
def test_what_keeps_a_user_from_it_is_told(home, subordinate, reason):
    look = "from dockerlab.engine.rungs import rootless; print(rootless.impossible())"
    told = as_user(home, look, subordinate=subordinate).stdout.strip()
    assert reason in told if reason else not told


def test_root_is_sent_to_its_own_rung():
    if os.geteuid() != 0:
        pytest.skip("not root")
    assert "root" in rootless.impossible()
