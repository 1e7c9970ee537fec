"""JupyterLab as `dockerlab lab` starts it, and a Chromium to look at it with."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import labpage
import pytest

START = 60.0  # seconds; 3 are usual


@pytest.fixture(scope="session")
def lab(root, tmp_path_factory):
    """The address of a running JupyterLab. Its end is checked: one SIGINT, exit code 0."""
    config = tmp_path_factory.mktemp("config")
    # The page hands its application to the test: nothing else says when a notebook is ready.
    (config / "jupyter_lab_config.json").write_text(json.dumps({"LabApp": {"expose_app_in_browser": True}}))
    # Not a learner who checks a notebook by pytest: a check that is not passed is then an error.
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment = outside | {
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTERLAB_WORKSPACES_DIR": str(config / "workspaces"),
        "JUPYTERLAB_SETTINGS_DIR": str(config / "settings"),
        "DOCKERLAB_RECORD": str(config / "record"),  # the developer's own is left alone
    }
    with (config / "errors.txt").open("w+", encoding="utf-8") as errors:
        server = subprocess.Popen(
            [sys.executable, "-m", "dockerlab", "lab", "--no-browser", str(root)],
            stdout=subprocess.PIPE, stderr=errors, text=True, cwd=root, env=environment,
        )  # fmt: skip
        try:
            yield address(server, config / "errors.txt")
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
                raise
            finally:
                server.stdout.close()
    assert server.returncode == 0


def address(server: subprocess.Popen, errors: Path) -> str:
    told, deadline = "", time.monotonic() + START
    while time.monotonic() < deadline and server.poll() is None:
        if select.select([server.stdout], [], [], 0.5)[0]:
            told += os.read(server.stdout.fileno(), 4096).decode()
            if found := re.search(r"http://127\.0\.0\.1:\d+/\S+\?token=\S+\n", told):
                return found.group().strip()
    pytest.fail(f"dockerlab lab told no address: {told}\n{errors.read_text(encoding='utf-8')}")


@pytest.fixture(scope="session")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    # Chromium's own sandbox does not work for root.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    with labpage.window(browser, 1440, 1000) as page:
        yield page


@pytest.fixture(scope="session")
def screenshots(root):
    folder = root / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
