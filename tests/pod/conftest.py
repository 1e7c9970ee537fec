"""The simulated Binder: an image built once of this very tree, and pods launched from it."""

from __future__ import annotations

import os
import secrets
import time
from contextlib import contextmanager

import binder_image
import pytest
from binder_pod import Pod

from dockerlab.packages import find_mirror

START = ["jupyter", "lab", "--ip=0.0.0.0", "--port=8888", "--no-browser"]
figures: list[str] = []


def pytest_terminal_summary(terminalreporter):
    if figures:
        terminalreporter.section("simulated Binder pod")
        for figure in figures:
            terminalreporter.write_line(figure)


@pytest.fixture(scope="session")
def note():
    """Keeps a measured figure for the end of the run."""

    def keep(pod: str, what: str, value: object) -> None:
        figures.append(f"{pod}: {what}: {value}")

    return keep


@pytest.fixture(scope="session")
def launchable(engine, root, note):
    """The id of the image as Binder would launch it: postBuild has run, nothing has been started."""
    api = engine.client.api
    began = time.monotonic()
    prepared = binder_image.prepared(api, (root / "requirements.lock").read_text())
    note("build", "dependencies", f"{time.monotonic() - began:.0f} s")
    settings = {"entrypoint": ["./binder/postBuild"], "environment": environment()}
    building = Pod(api, prepared, "default", [], **settings)
    building.put(binder_image.repository(root))
    began = time.monotonic()
    with building:
        done = building.wait()
        assert done.exit_code == 0, str(done)
        note("build", "postBuild", f"{time.monotonic() - began:.0f} s")
        image = building.commit(R2D_ENTRYPOINT=f"{binder_image.HOME}/binder/start")
    try:
        yield image
    finally:
        api.remove_image(image, force=True)


def environment() -> dict[str, str]:
    """What the pod cannot know: where this machine finds Debian."""
    return {"DOCKERLAB_DEBIAN_MIRROR": os.environ.get("DOCKERLAB_DEBIAN_MIRROR") or find_mirror()}


@pytest.fixture(scope="session")
def launch(engine, launchable):
    """Starts pods under a filter, with JupyterLab as Binder starts it."""

    @contextmanager
    def start(rule: str, **more: str):
        token = secrets.token_hex(8)
        settings = environment() | more
        pod = Pod(
            engine.client.api, launchable, rule,
            [*START, f"--IdentityProvider.token={token}"], environment=settings,
        )  # fmt: skip
        with pod:
            pod.token = token
            yield pod

    return start
