"""Fixtures and rules for every test.

``--require engine,vm,browser`` turns a skip of such a test into a failure, and fails when no such test was
collected: a green run cannot hide that nothing real ran. Without it a test that lacks what it needs is
skipped and says why.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from homes import new_home, processes_of, told_in

ROOT = Path(__file__).resolve().parent.parent
NEEDS = ("engine", "vm", "browser")
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def pytest_addoption(parser):
    parser.addoption(
        "--require",
        default="",
        metavar="NEEDS",
        help="comma-separated list of engine, vm, browser: skipping such a test is a failure",
    )


def pytest_configure(config):
    unknown = set(required(config)) - set(NEEDS)
    if unknown:
        raise pytest.UsageError(f"--require knows {', '.join(NEEDS)}; not {', '.join(sorted(unknown))}")


def required(config) -> list[str]:
    return [need for need in config.getoption("--require").split(",") if need]


def pytest_collection_modifyitems(config, items):
    # Soak tests take minutes: they run only when asked for by name (make soak).
    if "soak" in (config.getoption("markexpr") or ""):
        return
    soak = [item for item in items if item.get_closest_marker("soak")]
    if soak:
        config.hook.pytest_deselected(items=soak)
        items[:] = [item for item in items if item not in soak]


def pytest_collection_finish(session):
    config = session.config
    narrowed = config.getoption("keyword") or config.getoption("markexpr") or config.getoption("lf", False)
    whole = [Path(argument).resolve() for argument in config.args] == [ROOT / "tests"]
    if narrowed or not whole:
        return
    present = {mark.name for item in session.items for mark in item.iter_markers()}
    missing = [need for need in required(config) if need not in present]
    if missing:
        raise pytest.UsageError(f"--require {','.join(missing)}: no such test was collected")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    needs = [need for need in required(item.config) if item.get_closest_marker(need)]
    if report.skipped and needs and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} needs {', '.join(needs)}, which --require asks for, but: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    if report.skipped and required(collector.config):
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid}: a whole module was skipped under --require: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def engine():
    """A real engine, found the way a learner's is."""
    from dockerlab.engine import connect
    from dockerlab.errors import EngineError

    try:
        return connect()
    except EngineError as error:
        pytest.skip(f"no engine: {error}")


@pytest.fixture(scope="session", autouse=True)
def nothing_left():
    """After the last test, nothing that this process made is on its engine."""
    yield
    connection = sys.modules.get("dockerlab.engine.connection")
    if connection is None or connection._connected is None:
        return
    from dockerlab.engine import session
    from dockerlab.engine.objects import SESSION, listed

    api = connection.connect().client.api
    mine = {"label": [f"{SESSION}={session.current_id()}"]}
    left = [container["Id"] for container in api.containers(all=True, filters=mine)]
    left += [network["Id"] for network in api.networks(filters=mine)]
    left += [volume["Name"] for volume in api.volumes(filters=mine)["Volumes"] or ()]
    endpoint = connection.connect().endpoint
    left += [one.name for one in listed(endpoint, "plugin", f"{SESSION}={session.current_id()}")]
    assert not left


@pytest.fixture(scope="session")
def tiny(engine):
    """The course image ``tiny``, prepared on the engine."""
    from dockerlab import images
    from dockerlab.errors import DockerlabError

    try:
        return images.ensure("tiny")
    except DockerlabError as error:
        pytest.skip(f"course image tiny cannot be prepared: {error}")


@pytest.fixture
def private_home():
    """A home for an engine that may be killed; nothing of it stays."""
    home = new_home()
    yield home
    for process in processes_of(home):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    deadline = time.monotonic() + 20
    while processes_of(home) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not processes_of(home)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def tiny_bundle(tiny, tmp_path_factory):
    """The course image ``tiny`` in a file, for an engine that has none."""
    from dockerlab import images

    return images.export_bundle(tmp_path_factory.mktemp("bundle") / "tiny.tar", images=["tiny"]).path


@pytest.fixture
def in_private_engine(private_home, tiny_bundle):
    """Runs a script on an engine of its own; returns what it told, line by line."""

    def run(script, timeout=120):
        return told_in(private_home, tiny_bundle, script, timeout)

    run.home = private_home
    return run


@pytest.fixture(scope="session")
def no_new_images(engine):
    """A context after which this process has no image on the engine that it did not have before."""
    from dockerlab.engine import objects, session_id

    def mine() -> list[objects.Thing]:
        return objects.listed(engine.endpoint, "image", f"{objects.SESSION}={session_id()}")

    @contextmanager
    def context():
        earlier = {each.id for each in mine()}  # other tests' fixtures may hold some
        yield
        for each in mine():
            if each.id not in earlier:
                objects.remove(engine.endpoint, each, lambda labels: labels[objects.SESSION] == session_id())

    return context


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; ``DOCKERLAB_CHROMIUM`` names another one."""
    names = (os.environ.get("DOCKERLAB_CHROMIUM", ""), *CHROMIUM_NAMES)
    found = next(filter(None, (shutil.which(name) for name in names if name)), None)
    if found is None and sys.platform == "darwin":
        app = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
        found = str(app) if app.exists() else None
    if found is None:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            own = playwright.chromium.executable_path
        found = own if Path(own).exists() else None
    if found is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    return found
