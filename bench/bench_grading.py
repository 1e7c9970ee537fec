"""What grading one submission costs, next to nbgrader's autograde and otter-grader's run.

    python bench/bench_grading.py [--rounds 10]

The same answers of exercise 01 (three containers are started, looked into and judged) are graded by
``dockerlab grade``, ``nbgrader autograde`` and ``otter run``, each as a command of its own, in turns. Ours
runs the answers behind walls and a guard, judges from outside, and removes what they made; the others run
them in one kernel as the user who grades, and leave the containers, which are removed here between rounds
without being timed. All three have to give full points. The peers are installed into the cache, apart from
the course. Prints Markdown; exits 1 when ours is not at least as fast as the faster of the two.
"""

from __future__ import annotations

import argparse
import json
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from grading_peers import EXERCISE, PEERS, Nbgrader, Otter, environment, install
from ratios import show

from dockerlab import engine, images, measure
from dockerlab.exercises import generation


def ours(folder: Path):
    """Our command on the exercise as a learner saves it."""
    made = generation.notebook(EXERCISE)
    for cell in made.cells:
        if cell.id.startswith("answer-"):
            cell.source = EXERCISE.task(cell.id.removeprefix("answer-")).answer.strip()
    path = folder / EXERCISE.file_name
    nbformat.write(made, path)
    command = [sys.executable, "-m", "dockerlab", "grade", "--json", str(path)]

    def run() -> float:
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True)
        seconds = time.perf_counter() - start
        expect("dockerlab", json.loads(done.stdout)["score"] if done.stdout else 0, done)
        return seconds

    return run


def peer(name: str, program: Nbgrader | Otter, folder: Path, connected: engine.Engine):
    """A peer's command; what it leaves on the engine is removed without being timed."""

    def run() -> float:
        token = secrets.token_hex(4)
        around = environment(program.programs, token, connected.endpoint.url, folder / "home")
        start = time.perf_counter()
        try:
            done = subprocess.run(program.command(), cwd=folder, env=around, capture_output=True, text=True)
            seconds = time.perf_counter() - start
        finally:
            for each in connected.client.api.containers(all=True, filters={"name": token}):
                connected.client.api.remove_container(each["Id"], force=True, v=True)
        expect(name, program.score(), done)
        return seconds

    return run


def expect(name: str, score: float, done: subprocess.CompletedProcess) -> None:
    if done.returncode or score != EXERCISE.points:
        raise SystemExit(f"{name} gave {score} of {EXERCISE.points} points:\n{done.stdout}\n{done.stderr}")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=10)
    options = options.parse_args()
    connected = engine.connect()
    for name in EXERCISE.images:
        images.ensure(name)
    try:
        programs = install()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"The peers ({', '.join(PEERS)}) cannot be installed here: {error}")
        return 0
    with tempfile.TemporaryDirectory(prefix="bench-grading-") as place:
        folders = {name: Path(place, name) for name in ("dockerlab", "nbgrader", "otter-grader")}
        for folder in folders.values():
            folder.mkdir()
        nbgrader = Nbgrader(programs, folders["nbgrader"])
        otter = Otter(programs, folders["otter-grader"])
        taken = measure.rounds(
            {
                "dockerlab": ours(folders["dockerlab"]),
                "nbgrader": peer("nbgrader", nbgrader, folders["nbgrader"], connected),
                "otter-grader": peer("otter-grader", otter, folders["otter-grader"], connected),
            },
            n=options.rounds,
            warmup=1,
        )
    faster = min(("nbgrader", "otter-grader"), key=lambda name: taken[name].median)
    ours_to_faster, _ = show(
        f"One submission of exercise 01 graded: {', '.join(PEERS)}", taken, faster, connected
    )
    met = ours_to_faster.ratio <= 1
    print(f"\n- at least as fast as the faster of the peers ({faster}): {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
