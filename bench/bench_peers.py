"""What running one container costs by hand of different clients, on the same engine in the same run.

    python bench/bench_peers.py [--rounds 30] [--image tiny]

All of them run `echo ready`, read what it printed and remove the container. "raw API" is the limit for a
client: the same calls over one kept-alive socket (bench_run.py). "runc run" is the limit for an engine: runc
alone, by hand as in lesson 04, from a bundle of the same image. Its seconds are read from the workbench's own
clock, so that the exec by which the workbench is reached does not count. python-on-whales starts the docker
command for each call; testcontainers' helper container (Ryuk) is off, since its image cannot be had
everywhere. The peers are installed into the cache, apart from the course. Prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time

from bench_run import Raw, ours
from peers import installed
from ratios import phases, show

from dockerlab import engine, images, measure, runtimes
from dockerlab.client import program
from dockerlab.containers.request import Request

PEERS = ("python-on-whales==0.81.0", "testcontainers==4.15.0")
COMMAND = ["echo", "ready"]
SAID = "ready"


def timed(call):
    def run() -> float:
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    return run


def by_docker_py(reference: str):
    client = engine.connect().client
    return lambda: expect(client.containers.run(reference, COMMAND, remove=True))


def by_command(reference: str):
    whole = [*program(), "run", "--rm", reference, *COMMAND]
    return lambda: expect(subprocess.run(whole, check=True, capture_output=True).stdout)


def by_whales(reference: str):
    from python_on_whales import DockerClient

    client = DockerClient(client_call=program())
    return lambda: expect(client.run(reference, COMMAND, remove=True))


def by_testcontainers(reference: str):
    from testcontainers.core.container import DockerContainer

    def run() -> None:
        with DockerContainer(reference).with_command(COMMAND) as container:
            wrapped = container.get_wrapped_container()
            wrapped.wait()
            expect(wrapped.logs(stdout=True, stderr=False))

    return run


def by_runc(bench: runtimes.Workbench, image: str):
    """runc alone, where the engine's programs are: nothing is created beforehand, nothing is left behind."""
    bench.unpack(image, "/bundle/rootfs")
    bench.sh("cd /bundle && runc spec")
    config = json.loads(bench.sh("cat /bundle/config.json").stdout)
    config["root"]["path"] = "/bundle/rootfs"
    config["process"] |= {"terminal": False, "args": COMMAND}
    bench.put("/bundle/config.json", json.dumps(config))
    # The shell's own clock: reading it starts no process.
    script = "began=$EPOCHREALTIME; said=$(runc run --bundle /bundle limit); echo $began $EPOCHREALTIME $said"

    def run() -> float:
        ran = bench.sh(script)
        began, ended, *said = ran.stdout.split()
        expect(" ".join(said) or ran.stderr)
        return float(ended) - float(began)

    return run


def expect(told: bytes | str) -> None:
    text = told.decode() if isinstance(told, bytes) else told
    if text.strip() != SAID:
        raise SystemExit(f"unexpected: {told!r}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=30)
    options.add_argument("--image", default="tiny")
    options = options.parse_args()
    sys.path.append(str(installed(*PEERS)))
    connected = engine.connect()
    reference = images.ensure(options.image).reference
    bench = runtimes.workbench()  # before DOCKER_HOST makes the embedded engine look like anybody's
    os.environ |= {"DOCKER_HOST": connected.endpoint.url, "TESTCONTAINERS_RYUK_DISABLED": "true"}
    body = Request(options.image, tuple(COMMAND)).body(engine.labels(deadline=3600.0), connected.info["NCPU"])
    raw = Raw(str(connected.endpoint.path), connected.api_version, json.dumps(body).encode())
    cases = {
        "raw API": raw.run,
        "dockerlab": lambda: ours(options.image),
        "docker-py": timed(by_docker_py(reference)),
        "docker command": timed(by_command(reference)),
        "python-on-whales": timed(by_whales(reference)),
        "testcontainers": timed(by_testcontainers(reference)),
    }
    with bench:
        if not bench.recorded:
            cases["runc run"] = by_runc(bench, options.image)
        taken = measure.rounds(cases, n=options.rounds, warmup=2)
    what = f"One container by different clients: {options.image}, {', '.join(PEERS)}"
    show(what, taken, "raw API", connected)
    print()
    for name in ("raw API", "dockerlab"):
        print(f"- {name}, ms: {phases(taken[name])}")
    if "runc run" not in taken:
        print("- runc run: left out, since nothing privileged is made on any engine but the course's own")


if __name__ == "__main__":
    main()
