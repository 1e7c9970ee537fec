"""Exercise 01 as nbgrader and otter-grader would have it: the same answers, checks of the same states.

Each peer gets the learner's own answers of the exercise; what the course judges from outside is asked here in
assert statements, in the learner's kernel, as their own examples do.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

from nbformat.v4 import new_code_cell, new_notebook, writes
from peers import PIP

from dockerlab.exercises import catalog
from dockerlab.places import cache_dir

PEERS = ("nbgrader==0.9.6", "otter-grader==7.0.0")
TOKEN = "BENCH_TOKEN"
EXERCISE = catalog.exercise("01")
# otter-grader does not ask for a kernel by itself.
_WITH = ("ipykernel", "docker")
_KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
SETUP = f"""\
import os, random
from types import SimpleNamespace
import docker
client, token = docker.from_env(), os.environ["{TOKEN}"]
given = SimpleNamespace(box=f"box-{{token}}", app=f"app-{{token}}", twin=f"twin-{{token}}", word="바다-123",
                        image="tiny", seconds=600)
def running(name):
    box = client.containers.get(name)
    assert box.image.id == client.images.get("dockerlab/tiny").id and box.status == "running"
    return box
def there(box, *flags):
    return box.exec_run(["test", *flags, "/srv/greet.sh"]).exit_code == 0
"""
CHECKS = {
    "01-1": "box = running(given.box)",
    "01-2": 'assert f"GREETING={given.word}" in running(given.app).attrs["Config"]["Env"]',
    "01-3": """\
box = running(given.box)
assert there(box, "-f")
for name in ("손님", f"손님{random.randrange(1000, 10000)}"):
    told = box.exec_run(["sh", "/srv/greet.sh", name])
    assert told.exit_code == 0 and told.output.decode().strip() == f"{given.word} {name}"
""",
    "01-4": 'assert answer == client.images.get("dockerlab/tiny").attrs["Config"]["Cmd"]',
    "01-5": 'twin = running(given.twin)\nassert there(running(given.box), "-f") and not there(twin, "-e")',
    "01-6": """\
assert not client.containers.list(all=True, filters={"name": given.app})
box, twin = running(given.box), running(given.twin)
""",
}


def install() -> Path:
    """The programs of the peers, in a virtual environment of their own; made once for these versions."""
    folder = cache_dir("bench", "-".join(each.replace("==", "-") for each in PEERS))
    if not (folder / "made").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([folder / "bin" / "python", *PIP, *PEERS, *_WITH], check=True)
        (folder / "made").touch()
    return folder / "bin"


class Nbgrader:
    """A course with one assignment, released; the learner's file is handed in."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self._folder = programs, folder
        self._program = programs / "nbgrader"
        for name, answered in (("source/ps1", False), ("submitted/learner/ps1", True)):
            path = folder / name
            path.mkdir(parents=True)
            (path / "01.ipynb").write_text(writes(self._notebook(answered)), encoding="utf-8")
        settings = "c = get_config()\nc.CourseDirectory.course_id = 'bench'\n"
        (folder / "nbgrader_config.py").write_text(settings, encoding="utf-8")
        self._run("generate_assignment", "ps1", "--create", "--force")

    def command(self) -> list[str]:
        return [str(self._program), "autograde", "ps1", "--student", "learner", "--create", "--force"]

    def score(self) -> float:
        with sqlite3.connect(self._folder / "gradebook.db") as book:
            return book.execute("select sum(auto_score) from grade").fetchone()[0] or 0.0

    def _run(self, *words: str) -> None:
        prepared([self._program, *words], self._folder)

    def _notebook(self, answered: bool):
        cells = [new_code_cell(SETUP, id="setup")]
        for name in EXERCISE.names():
            task = EXERCISE.task(name)
            body = task.answer.strip() if answered else "### BEGIN SOLUTION\nanswer = None\n### END SOLUTION"
            cells.append(self._cell(f"answer-{name}", body, solution=True, locked=False))
            cells.append(self._cell(f"check-{name}", CHECKS[name], grade=True, points=task.points))
        return new_notebook(cells=cells, metadata=_KERNEL)

    def _cell(self, identity: str, source: str, **told):
        about = {"grade_id": identity, "grade": False, "solution": False, "locked": True, "task": False}
        about |= {"schema_version": 3, "cell_type": "code"} | told
        return new_code_cell(source, id=identity, metadata={"nbgrader": about})


class Otter:
    """A zip with the tests of the assignment, and the learner's file."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self._folder = programs, folder
        self._program = programs / "otter"
        (folder / "tests").mkdir(parents=True)
        for name in EXERCISE.names():
            points, suites = EXERCISE.task(name).points, [self._suite(name)]
            told = {"name": self._name(name), "points": points, "suites": suites}
            (folder / "tests" / f"{self._name(name)}.py").write_text(
                f"OK_FORMAT = True\ntest = {told!r}\n", encoding="utf-8"
            )
        cells = [new_code_cell(f"import otter\ngrader = otter.Notebook()\n{SETUP}", id="setup")]
        for name in EXERCISE.names():
            cells.append(new_code_cell(EXERCISE.task(name).answer.strip(), id=f"answer-{name}"))
            cells.append(new_code_cell(f'grader.check("{self._name(name)}")', id=f"check-{name}"))
        made = new_notebook(cells=cells, metadata=_KERNEL)
        (folder / "01.ipynb").write_text(writes(made), encoding="utf-8")
        generate = [self._program, "generate", "-t", "tests", "-o", "autograder.zip", "--no-environment"]
        prepared(generate, folder)

    def command(self) -> list[str]:
        return [str(self._program), "run", "01.ipynb", "-a", "autograder.zip"]

    def score(self) -> float:
        told = json.loads((self._folder / "results.json").read_text(encoding="utf-8"))
        return sum(each.get("score", 0.0) for each in told["tests"])

    def _name(self, task: str) -> str:
        return f"q{task.replace('-', '_')}"

    def _suite(self, name: str) -> dict:
        first, *rest = CHECKS[name].strip().splitlines()
        lines = [f">>> {first}", *(f"{'...' if line.startswith(' ') else '>>>'} {line}" for line in rest)]
        case = {"code": "\n".join(lines), "hidden": False, "locked": False}
        return {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}


def prepared(command: list, folder: Path) -> None:
    """Runs a step that is not timed; the benchmark ends with what it said when it fails."""
    around = os.environ | {"PATH": _path(Path(command[0]).parent)}
    done = subprocess.run(command, cwd=folder, env=around, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{command} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")


def environment(programs: Path, token: str, engine_url: str, home: Path) -> dict[str, str]:
    """What the peers' programs find around them: the same engine, and nothing of the developer's settings."""
    settings = {name: str(home / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")}
    return os.environ | settings | {TOKEN: token, "DOCKER_HOST": engine_url, "PATH": _path(programs)}


def _path(programs: Path) -> str:
    return f"{programs}{os.pathsep}{os.environ['PATH']}"  # nbgrader starts alembic by its name
