"""What a learner waits for before the first measured cell: the extension, JupyterLab, the first widget.

    python bench/bench_opening.py [--rounds 10] [--cold]

Three pairs, each interleaved: `%load_ext dockerlab` and a bare IPython; `dockerlab lab` until it says its
address (the warm `make lab`) and a bare `jupyter lab` until it does; a quiz on the screen of a real
Chromium and an IntSlider of ipywidgets in the same notebook. With --cold also `make setup` once, in a clone
with a data folder of its own: it downloads everything. Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from ratios import against, heading, keep, table

from dockerlab import measure

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = os.environ.get("DOCKERLAB_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\S*token=\S+")
CELLS = {
    "IntSlider": ("import ipywidgets\nipywidgets.IntSlider()", ".widget-slider"),
    "quiz": ("lab.quiz('03-one-root')", ".quiz fieldset"),
}


def ipython(line: str):
    """A bare IPython that runs one line and ends."""

    def run() -> float:
        start = time.perf_counter()
        command = [sys.executable, "-m", "IPython", "--quick", "--no-banner", "-c", line]
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - start

    return run


@contextmanager
def serving(*command: object, **environment: str):
    """The address that a starting server tells, and the seconds until it did."""
    start = time.perf_counter()
    server = subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=os.environ | environment, cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    try:
        told = ""
        while not (found := ADDRESS.search(told)):
            if select.select([server.stdout], [], [], 1)[0]:
                told += os.read(server.stdout.fileno(), 65536).decode(errors="replace")
            if server.poll() is not None:
                raise SystemExit(f"{command} ended\n{told}")
        yield found.group(), time.perf_counter() - start
    finally:
        os.killpg(server.pid, signal.SIGINT)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def opening(*command: object, **environment: str):
    def run() -> float:
        with serving(*command, **environment) as (_, seconds):
            return seconds

    return run


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def widgets(rounds: int, config: Path) -> dict[str, measure.Timing]:
    """Both widgets in one notebook: from running the cell until it is on the screen."""
    from playwright.sync_api import sync_playwright

    sys.path.append(str(ROOT / "tests" / "browser"))
    import labpage

    start = "import dockerlab as lab\n%load_ext dockerlab\nlab.lesson('03')"
    path = labpage.write(ROOT, "widgets.ipynb", [start, *(source for source, _ in CELLS.values())])
    (config / "jupyter_lab_config.json").write_text('{"LabApp": {"expose_app_in_browser": true}}')
    settings = {"JUPYTER_CONFIG_DIR": str(config), "DOCKERLAB_RECORD": str(config / "record")}
    lab = (sys.executable, "-m", "dockerlab", "lab", "--no-browser", ROOT)
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with serving(*lab, **settings) as (address, _), sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=CHROMIUM, args=options).new_page()
        labpage.open_notebook(page, address, path)
        labpage.run(page, 0)

        def seen(at: int, selector: str):
            def shown() -> float:
                labpage.command(page, "notebook:clear-all-cell-outputs")
                page.locator(selector).wait_for(state="detached")
                began = time.perf_counter()
                labpage.run(page, at)
                page.locator(selector).first.wait_for()
                return time.perf_counter() - began

            return shown

        cases = {name: seen(at, selector) for at, (name, (_, selector)) in enumerate(CELLS.items(), start=1)}
        return measure.rounds(cases, n=rounds)


def cold() -> float:
    """`make setup` in a clone whose data folder is empty."""
    folder = Path(tempfile.mkdtemp(prefix="dockerlab-cold-"))
    try:
        subprocess.run(["git", "clone", "--quiet", ROOT, folder / "clone"], check=True)
        began = time.perf_counter()
        environment = os.environ | {"DOCKERLAB_HOME": str(folder / "home")}
        subprocess.run(["make", "--quiet", "setup"], cwd=folder / "clone", env=environment, check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        return time.perf_counter() - began
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=10)
    options.add_argument("--cold", action="store_true", help="also time `make setup` from nothing, once")
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as config:
        bare = (sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={free_port()}")
        pairs = [
            ("IPython", {"IPython": ipython("pass"), "%load_ext": ipython("%load_ext dockerlab")}),
            ("jupyter lab", {
                "jupyter lab": opening(*bare, JUPYTER_CONFIG_DIR=config),
                "dockerlab lab": opening(sys.executable, "-m", "dockerlab", "lab", "--no-browser", ROOT),
            }),
        ]  # fmt: skip
        taken = [(peer, measure.rounds(cases, n=options.rounds)) for peer, cases in pairs]
        taken.append(("IntSlider", widgets(options.rounds, Path(config))))
    last_peer, last = taken[-1]
    print(heading("Opening the course", last[last_peer]))
    kept = []
    for peer, timings in taken:
        print(table(timings, peer) + "\n")
        kept += against(timings, peer)
    if options.cold:
        print(f"`make setup` with nothing there, once: {cold():.0f} s")
    keep(kept)


if __name__ == "__main__":
    main()
