"""What running a notebook costs by hand of different programs, on the same notebook in the same run.

    python bench/bench_notebook.py [--rounds 10] [--cells 20]

"nbclient" runs the notebook and is the limit; "make notebooks" is the course's own execution (nbclient, and
saves); "nbval" compares what is printed with what is saved, as `make test` does with the course's plugin;
"nbmake" only runs it. The notebook prints and counts and needs no engine. nbmake is installed into the cache,
apart from the course. Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import v4
from peers import installed
from ratios import show

from dockerlab import measure
from dockerlab.course.execution import execute

PEER = "nbmake==1.5.5"
NBVAL = ("-p", "dockerlab.course.nbval_kernel", "--nbval", "--nbval-current-env")
CLIENT = (
    "import sys, nbformat; from nbclient import NotebookClient\n"
    "NotebookClient(nbformat.read(sys.argv[1], 4), kernel_name='python3').execute()"
)


def notebook(folder: Path, cells: int) -> Path:
    """A notebook as saved after a run, in a folder like that of the course."""
    sources = [f"total = sum(range({10_000 * number}))\nprint({number}, total)" for number in range(cells)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    made = v4.new_notebook(cells=[v4.new_code_cell(source) for source in sources], metadata=kernel)
    NotebookClient(made, kernel_name="python3").execute()
    path = folder / "notebooks" / "97-bench.ipynb"
    path.parent.mkdir()
    nbformat.write(made, path)
    return path


def timed(command: list[object], folder: Path, **environment: str):
    def run() -> float:
        start = time.perf_counter()
        done = subprocess.run(
            [str(word) for word in command], cwd=folder, env=os.environ | environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        spent = time.perf_counter() - start
        if done.returncode:
            raise SystemExit(f"{command}\n{done.stdout}\n{done.stderr}")
        return spent

    return run


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=10)
    options.add_argument("--cells", type=int, default=20)
    options = options.parse_args()
    peers = str(installed("--no-deps", PEER))
    folder = Path(tempfile.mkdtemp(prefix="dockerlab-bench-"))
    try:
        path = notebook(folder, options.cells)
        python = [sys.executable, "-m"]
        taken = measure.rounds(
            {
                "nbclient": timed([sys.executable, "-c", CLIENT, path], folder),
                "make notebooks": timed([*python, execute.__module__, path], folder),
                "nbval": timed([*python, "pytest", "-q", "-p", "no:cacheprovider", *NBVAL, path], folder),
                "nbmake": timed(
                    [*python, "pytest", "-q", "-p", "no:cacheprovider", "--nbmake", path],
                    folder, PYTHONPATH=peers,
                ),
            },
            n=options.rounds,
        )  # fmt: skip
    finally:
        shutil.rmtree(folder)
    show(f"One notebook of {options.cells} cells by different programs, {PEER}", taken, "nbclient")


if __name__ == "__main__":
    main()
