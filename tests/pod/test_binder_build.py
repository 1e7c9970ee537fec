"""What repo2docker, the program behind Binder, makes of this repository: its own dry run."""

from __future__ import annotations

import subprocess

import pytest
import yaml
from binder_image import repo2docker


@pytest.fixture(scope="module")
def plan(root):
    command = [repo2docker(), "-m", "repo2docker", "--no-build", "--debug", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout + done.stderr


def test_repo2docker_takes_the_conda_environment_with_its_pinned_python(plan):
    assert "Building conda environment for python=3.11" in plan
    assert '--file "binder/environment.yml"' in plan


def test_repo2docker_runs_what_prepares_and_what_starts(plan):
    assert "RUN ./binder/postBuild" in plan
    assert 'ENV R2D_ENTRYPOINT="${REPO_DIR}/binder/start"' in plan


def test_the_environment_pins_python_and_takes_every_package_from_the_lock(root):
    environment = yaml.safe_load((root / "binder" / "environment.yml").read_text())
    python, *rest = environment["dependencies"]
    assert python.startswith("python=3.")
    assert rest == ["pip", {"pip": ["-r requirements.lock"]}]
    # conda and mamba read what environment.yml names beside it, and both are links to the only copy.
    for name in ("environment.yml", "requirements.lock"):
        assert (root / "binder" / name).resolve() == (root / name).resolve()
