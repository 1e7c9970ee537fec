"""What running one container costs by hand of different clients, on the same engine in the same run.

    python bench/bench_peers.py [--rounds 30] [--image tiny]

All of them run `echo ready`, read what it printed and remove the container. "raw API" is the limit for a
client: the same calls over one kept-alive socket (bench_run.py). python-on-whales starts the docker command
for each call; testcontainers' helper container (Ryuk) is off, since its image cannot be had everywhere.
The peers are installed into the cache, apart from the course. Prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time

from bench_run import Raw, ours
from ratios import Ratio, keep, table

from dockerlab import engine, images, measure
from dockerlab.client import program
from dockerlab.containers.request import Request
from dockerlab.places import cache_dir

PEERS = ("python-on-whales==0.81.0", "testcontainers==4.15.0")
COMMAND = ["echo", "ready"]
SAID = "ready"


def install() -> None:
    """Put the peers on the path; made once for these versions."""
    folder = cache_dir("bench", "-".join(each.replace("==", "-") for each in PEERS))
    if not (folder / "made").exists():
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        subprocess.run([*pip, "--target", folder, *PEERS], check=True)
        (folder / "made").touch()
    sys.path.append(str(folder))


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


def expect(told: bytes | str) -> None:
    text = told.decode() if isinstance(told, bytes) else told
    if text.strip() != SAID:
        raise SystemExit(f"unexpected: {told!r}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=30)
    options.add_argument("--image", default="tiny")
    options = options.parse_args()
    install()
    connected = engine.connect()
    os.environ |= {"DOCKER_HOST": connected.endpoint.url, "TESTCONTAINERS_RYUK_DISABLED": "true"}
    reference = images.ensure(options.image).reference
    body = Request(options.image, tuple(COMMAND)).body(engine.labels(deadline=3600.0), connected.info["NCPU"])
    raw = Raw(str(connected.endpoint.path), connected.api_version, json.dumps(body).encode())
    taken = measure.rounds(
        {
            "raw API": raw.run,
            "dockerlab": lambda: ours(options.image),
            "docker-py": timed(by_docker_py(reference)),
            "docker command": timed(by_command(reference)),
            "python-on-whales": timed(by_whales(reference)),
            "testcontainers": timed(by_testcontainers(reference)),
        },
        n=options.rounds,
        warmup=2,
    )
    machine = measure.machine()
    print(f"One container by different clients: {options.image}, {', '.join(PEERS)},")
    print(f"{connected.kind} engine {connected.version}, {options.rounds} interleaved rounds,")
    print(f"{machine['cpu']}, load {taken['raw API'].metadata['load_after']}, {machine['date']}\n")
    print(table(taken, "raw API"))
    keep([Ratio.of(timing, taken["raw API"]) for timing in taken.values()])


if __name__ == "__main__":
    main()
