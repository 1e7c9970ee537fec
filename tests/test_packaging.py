"""One list of dependencies, one lock made from it, and a package that imports lightly."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
HEAVY = {"IPython", "docker", "ipywidgets", "jupyterlab", "matplotlib", "numpy", "psutil", "requests", "tqdm"}


def declared() -> list[Requirement]:
    lists = (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    return [Requirement(text) for texts in lists for text in texts]


def locked() -> list[Requirement]:
    return [Requirement(line.rstrip(" \\")) for line in LOCK.splitlines() if re.match(r"[a-z0-9]", line)]


def version(requirement: Requirement) -> str:
    (pin,) = requirement.specifier
    assert pin.operator == "=="
    return pin.version


@pytest.mark.parametrize("wanted", declared(), ids=lambda requirement: requirement.name)
def test_every_dependency_is_locked_in_a_version_that_is_wanted(wanted):
    pins = [pin for pin in locked() if canonicalize_name(pin.name) == canonicalize_name(wanted.name)]
    assert pins, f"{wanted} is not in requirements.lock; run make lock"
    assert all(wanted.specifier.contains(version(pin)) for pin in pins)


def test_the_lock_holds_what_the_dependencies_need_and_nothing_else():
    needed: dict[str, set[str]] = {}
    queue = [(requirement, {""}) for requirement in declared()]
    while queue:
        requirement, extras = queue.pop()
        if requirement.marker and not any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            continue
        name = canonicalize_name(requirement.name)
        wanted = {"", *requirement.extras}
        if wanted <= needed.get(name, set()):
            continue
        needed[name] = needed.get(name, set()) | wanted
        requires = importlib.metadata.requires(name) or ()
        queue += [(Requirement(text), needed[name]) for text in requires]
    here = {canonicalize_name(pin.name) for pin in locked() if not pin.marker or pin.marker.evaluate()}
    assert here == set(needed)


def test_what_is_installed_is_what_is_locked():
    here = [pin for pin in locked() if not pin.marker or pin.marker.evaluate()]
    other = {
        f"{pin.name}: {importlib.metadata.version(pin.name)} is installed, {version(pin)} locked"
        for pin in here
        if importlib.metadata.version(pin.name) != version(pin)
    }
    assert not other


def test_the_lock_has_hashes_and_no_address():
    address = re.compile(r"://|\bfile:|^\s*(-i|-f|--index|--extra|--find)|@ ")
    assert not [line for line in LOCK.splitlines() if address.search(line)]
    entries = re.split(r"(?m)^(?=[a-z0-9])", LOCK)[1:]
    assert len(entries) == len(locked())
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)
    assert "torch" not in LOCK


def test_every_dependency_has_its_reason_in_contributing():
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert not [requirement.name for requirement in declared() if f"`{requirement.name}`" not in guide]


def test_the_import_is_light_and_touches_nothing(tmp_path):
    watch = (
        "import sys, json; touched = []\n"
        "events = ('socket.', 'subprocess.', 'os.fork', 'os.exec', 'os.posix_spawn', 'os.mkdir')\n"
        "sys.addaudithook(lambda event, args: event.startswith(events) and touched.append(event))\n"
        "import dockerlab; dir(dockerlab); dockerlab.__version__\n"
        "print(json.dumps([touched, sorted({name.split('.')[0] for name in sys.modules})]))"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", watch], capture_output=True, text=True, check=True, cwd=tmp_path,
        env={"DOCKERLAB_HOME": str(tmp_path / "home"), "PATH": ""},
    )  # fmt: skip
    touched, modules = json.loads(done.stdout)
    assert touched == []
    assert not HEAVY & set(modules)
    assert not (tmp_path / "home").exists()


def test_every_name_of_the_package_exists_and_says_in_korean_what_it_is():
    import dockerlab

    for name in dockerlab.__all__:
        assert re.search("[가-힣]", getattr(dockerlab, name).__doc__ or ""), name


def test_an_unknown_name_is_an_attribute_error():
    import dockerlab

    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = dockerlab.nothing
