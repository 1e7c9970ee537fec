"""What the course asks of what surrounds a container: files, limits, rights, networks, watching."""

import tempfile
import urllib.request
from pathlib import Path

from probe import MEMORY_LIMIT, WEB, MiB, check, client, container, name, run, server, until

from dockerlab import engine


@check
def volume_outlives_its_container():
    volume = client.volumes.create(name("volume"), labels=engine.labels())
    run("echo kept > /d/f", volumes={volume.name: {"bind": "/d", "mode": "rw"}})
    kept = run("cat /d/f", volumes={volume.name: {"bind": "/d", "mode": "ro"}})
    volume.remove()
    assert kept == "kept\n"


@check
def bind_mount_both_ways():
    with tempfile.TemporaryDirectory(dir=Path.home()) as folder:
        Path(folder, "to").write_text("to")
        heard = run("cat /m/to; echo -n from > /m/from", volumes={folder: {"bind": "/m", "mode": "rw"}})
        assert (heard, Path(folder, "from").read_text()) == ("to", "from")


@check
def read_only_with_tmpfs():
    tried = run(
        "touch /x 2> /dev/null || echo refused; touch /t/y && echo kept", read_only=True, tmpfs={"/t": ""}
    )
    assert tried == "refused\nkept\n"


@check
def memory_limit():
    assert int(run(MEMORY_LIMIT, mem_limit=32 * MiB)) == 32 * MiB


@check
def memory_limit_kills():
    hungry = ["dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"]
    with container(hungry, mem_limit=32 * MiB, memswap_limit=32 * MiB) as it:
        assert it.wait(timeout=60)["StatusCode"] == 137


@check
def user():
    assert run("id -u; id -g", user="1234:4321") == "1234\n4321\n"


@check
def no_capabilities():
    assert int(run("grep CapEff /proc/self/status", cap_drop=["ALL"]).split()[1], 16) == 0


@check
def network_of_its_own_with_names():
    network = client.networks.create(name("network"), driver="bridge", labels=engine.labels())
    try:
        with container(["sh", "-c", WEB], name=name("web"), network=network.name) as web:
            until(lambda: web.exec_run("wget -q -O - http://127.0.0.1/").exit_code == 0)
            assert run(f"wget -q -O - http://{web.name}/", network=network.name) == "hello\n"
    finally:
        network.remove()


@check
def network_none():
    assert run("ls /sys/class/net | grep -v lo | grep -c eth || true", network_mode="none") == "0\n"


@check
def network_host():
    assert "docker0" in run("ls /sys/class/net", network_mode="host")


@check
def published_port():
    with container(["sh", "-c", WEB], ports={"80/tcp": ("127.0.0.1", None)}) as web:
        until(lambda: web.exec_run("wget -q -O - http://127.0.0.1/").exit_code == 0)
        web.reload()
        port = web.ports["80/tcp"][0]["HostPort"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
            assert answer.read() == b"hello\n"


@check
def health_check():
    asked = {"test": ["CMD-SHELL", "true"], "interval": 10**9}
    with container(["sleep", "60"], healthcheck=asked) as it:

        def healthy() -> bool:
            it.reload()
            return it.attrs["State"]["Health"]["Status"] == "healthy"

        until(healthy)


@check
def restart_policy():
    policy = {"Name": "on-failure", "MaximumRetryCount": 2}
    with container(["false"], restart_policy=policy) as it:

        def gave_up() -> bool:
            it.reload()
            return it.attrs["RestartCount"] == 2 and it.status == "exited"

        until(gave_up)


@check
def disk_usage():
    assert {"Images", "Containers", "Volumes"} <= set(client.df())


@check
def nothing_left_running():
    mine = {"label": f"dockerlab.session={engine.session_id()}"}
    assert [each.id for each in client.containers.list(all=True, filters=mine)] == [server().id]
