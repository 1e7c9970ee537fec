"""Starts another real engine than the course's own, runs a command against it, and stops it.

    python tests/engines/other_engine.py 20.10 -- python -m pytest -m engine tests/containers tests/client

The programs are unpacked from Debian's signed packages into a folder under the temporary one (nothing is
installed) and run in namespaces of their own, as the course's engine on rung ``root`` does. The command gets
``DOCKER_HOST``. ``--containerd-store`` keeps the images in containerd. Linux and root only.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dockerlab.engine import bundle
from dockerlab.engine.rungs import StartFailed, root
from dockerlab.packages import Package, lists

# The course's engine and this one share the machine's loopback, and each gives ports out by itself.
OWN_PORTS = "echo 20000 29999 > /proc/sys/net/ipv4/ip_local_port_range\n"
DOCKERD = f"#!/bin/sh\n{OWN_PORTS}exec /usr/lib/dockerd/dockerd \"$@\"\n"
HOMES = Path(tempfile.gettempdir(), "dockerlab-engines")
# Podman answers Docker's API; root.sh starts "dockerd", so Podman's service goes by that name here.
PODMAN = f"""#!/bin/sh
{OWN_PORTS}while [ $# -gt 0 ]; do
  case $1 in --host) host=$2 ;; --data-root) data=$2 ;; esac
  shift
done
mkdir -p "$data/networks" /var/tmp
export BUILDAH_RUNTIME=runc BUILDAH_ISOLATION=chroot
exec podman --root "$data" --runroot /run/podman --tmpdir /run/podman-tmp \\
  --network-config-dir "$data/networks" --cgroup-manager cgroupfs --runtime runc --events-backend file \\
  system service --time 0 "$host"
"""
POLICY = {"default": [{"type": "insecureAcceptAnything"}]}
# A RUN step in a chroot cannot raise a limit above what the namespace it is in has.
LIMITS = '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n'
OWN_KERNEL = {"gvproxy", "user-mode-linux", "linux.uml"}  # ours for engines inside a kernel of their own
DOCKER = {"docker.io", "docker-cli", "containerd", *OWN_KERNEL}
PODMAN_NEEDS = (
    *("aardvark-dns", "catatonit", "conmon", "golang-github-containers-common", "netavark", "nftables"),
    *("golang-github-containers-image", "podman"),
)


@dataclass(frozen=True)
class Engine:
    """One of Debian's: the suite that carries it, and the packages of our own bundle that it lacks."""

    suite: str
    without: frozenset[str] = frozenset(OWN_KERNEL)
    also: tuple[str, ...] = ()
    podman: bool = False


ENGINES = {
    # docker.io still holds the client. What is a link to an absolute path is not found from outside.
    "20.10": Engine("bookworm", frozenset({"docker-cli", "modprobe", *OWN_KERNEL})),
    "26.1": Engine("trixie"),
    "28.5": Engine("forky", frozenset(OWN_KERNEL), also=("tini-static",)),
    "podman-4.3": Engine("bookworm", frozenset(DOCKER), podman=True),
    "podman-5.4": Engine("trixie", frozenset(DOCKER), podman=True),
    "podman-5.8": Engine("forky", frozenset(DOCKER), podman=True),
}


def unpacked(engine: Engine) -> bundle.Bundle:
    """The engine's programs, made by the recipe of the course's own bundle from other ingredients."""
    bundle.SUITE = engine.suite
    bundle.WANTED = (*(name for name in bundle.WANTED if name not in engine.without), *engine.also)
    bundle._PROGRAMS = tuple(name for name in bundle._PROGRAMS if name not in engine.without)
    if engine.podman:
        bundle.WANTED += PODMAN_NEEDS
        bundle._PROGRAMS = ("conmon", "podman", "runc", "sh", "slirp4netns", "xtables-nft-multi")
        kept = r"|usr/lib(exec)?/podman/|usr/share/containers/|etc/containers/"
        bundle._KEPT = re.compile(bundle._KEPT.pattern + kept)
        bundle._FOLDERS += ("etc/containers", "var/tmp")
        bundle._FILES |= {
            "etc/containers/policy.json": json.dumps(POLICY),
            "etc/containers/containers.conf": LIMITS,
            "usr/sbin/dockerd": PODMAN,
        }
        bundle._manifest = version_of_podman
    # A mirror frozen on some day serves lists of testing that are past their date. Their signature is
    # verified all the same, and the engine is for these tests alone.
    ever = datetime.fromtimestamp(0, UTC)
    lists.read_release = functools.partial(lists.read_release, now=ever)
    made = bundle.ensure()
    program = made.binary("dockerd")
    real = made.root / "usr/lib/dockerd/dockerd"
    if not engine.podman and not real.exists():
        real.parent.mkdir()
        program.rename(real)
        program.write_text(DOCKERD)
    program.chmod(0o755)
    return made


def version_of_podman(packages: list[Package]) -> dict[str, str]:
    return {"version": next(each.version for each in packages if each.name == "podman")}


async def serve(made: bundle.Bundle, home: Path, containerd_store: bool, command: list[str]) -> int:
    run, data = home / "run", home / ("data-containerd" if containerd_store else "data")
    run.mkdir(exist_ok=True)
    options = ["--cgroup-parent", "/dockerlab-other"]
    if containerd_store:
        features = home / "features.json"
        features.write_text(json.dumps({"features": {"containerd-snapshotter": True}}))
        options += ["--config-file", str(features)]  # the last one counts
    settings = {
        "bundle": str(made.root),
        "network": made.command("slirp4netns"),
        "root": str(home / "root"),
        "namespaces": root.NAMESPACES,
        "options": options,
        "cgroup": "/dockerlab-other",
    }
    keeper = root.Keeper(run, data, settings, print)
    try:
        await keeper.start()
        print(f"{made.version} at unix://{run}/docker.sock", flush=True)
        outside = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
        outside |= {"DOCKER_HOST": f"unix://{run}/docker.sock"}
        process = await asyncio.create_subprocess_exec(*command, env=outside)
        return await process.wait()
    except StartFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    finally:
        await keeper.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("--containerd-store", action="store_true")
    parser.add_argument("command", nargs="+", help="after --; it gets DOCKER_HOST")
    given = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("needs root")
    home = HOMES / given.engine
    home.mkdir(parents=True, exist_ok=True)
    before = os.environ.get("DOCKERLAB_HOME")
    os.environ["DOCKERLAB_HOME"] = str(home)  # its bundle must not stand beside the course's own
    made = unpacked(ENGINES[given.engine])
    if before is None:
        del os.environ["DOCKERLAB_HOME"]
    else:
        os.environ["DOCKERLAB_HOME"] = before
    return asyncio.run(serve(made, home, given.containerd_store, given.command))


if __name__ == "__main__":
    sys.exit(main())
