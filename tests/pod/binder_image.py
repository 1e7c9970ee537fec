"""An image like the one Binder builds of this repository, made without a registry and without conda.

repo2docker starts from Ubuntu and lets conda make the Python; neither can be had everywhere. Here Debian and
its Python 3.13 take their place (the course image ``python``), and the locked wheels come from this machine's
own pip. All the rest is as repo2docker does it: the user, the folders, the entry point, the order of steps.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import venv
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement

from dockerlab import images
from dockerlab.images.names import IMAGE_LABEL
from dockerlab.images.rootfs import locked
from dockerlab.places import cache_dir

HOME = "/home/jovyan"
PREFIX = "/srv/conda/envs/notebook"
PYTHON = "3.13"
UID = 1000
ENVIRONMENT = {
    "HOME": HOME,
    "USER": "jovyan",
    "REPO_DIR": HOME,
    "SHELL": "/bin/bash",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "NB_PYTHON_PREFIX": PREFIX,
    "PYTHONUNBUFFERED": "1",
    "PATH": f"{HOME}/.local/bin:{PREFIX}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}
ENTRYPOINT = ["/usr/local/bin/repo2docker-entrypoint"]
REPO2DOCKER = "jupyter-repo2docker==2026.4.0"
# One layer: what is removed in the step that brought it takes no room.
BUILD = f"""
set -eu
grep -q ^jovyan: /etc/passwd || echo jovyan:x:{UID}:{UID}:Default user:{HOME}:/bin/bash >> /etc/passwd
grep -q ^jovyan: /etc/group || echo jovyan:x:{UID}: >> /etc/group
mkdir -p {HOME} && chown {UID}:{UID} {HOME}
python3 -m venv {PREFIX}
{PREFIX}/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir \
  --no-index --find-links /build/wheels --require-hashes -r /build/requirements.txt
chown -R {UID}:{UID} /srv/conda
echo 'export PATH={ENVIRONMENT["PATH"]}' > /etc/profile.d/activate-conda.sh
mv /build/python3-login /build/repo2docker-entrypoint /usr/local/bin/
rm -rf /build
"""
_COMPATIBLE = [f"manylinux_2_{minor}_x86_64" for minor in range(41, 4, -1)]
_PLATFORMS = [*_COMPATIBLE, "manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64"]


def repo2docker() -> Path:
    """The Python of an environment with repo2docker, which is no dependency of the course."""
    home = cache_dir("tests") / REPO2DOCKER
    python = home / "bin" / "python"
    if not (home / "made").exists():
        venv.create(home, clear=True, with_pip=True)
        run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", REPO2DOCKER)
        (home / "made").touch()
    return python


def run(*command: object) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def prepared(api, lock: str) -> str:
    """The id of the image with everything but the repository; made once for a lock file."""
    requirements = locked_for_pod(lock)
    base = images.ensure("python")
    key = digest(f"{requirements}{BUILD}{ENVIRONMENT}{REPO2DOCKER}{base.id}")
    tag = f"dockerlab/pod:{key}"
    with locked("pod"):
        found = api.images(tag)
        if found:
            return found[0]["Id"]
        for outdated in api.images("dockerlab/pod", filters={"label": f"{IMAGE_LABEL}=pod"}):
            api.remove_image(outdated["Id"])
        return _made(api, base.reference, requirements, key)


def locked_for_pod(lock: str) -> str:
    """The entries of the lock file that apply to the pod's Python: pip judges them by its own."""
    here = {"python_version": PYTHON, "python_full_version": f"{PYTHON}.0"}
    entries = re.split(r"(?m)^(?=[a-z0-9])", lock)[1:]
    chosen = []
    for entry in entries:
        first, _, hashes = entry.partition(" \\\n")
        wanted = Requirement(first)
        if wanted.marker is None or wanted.marker.evaluate(here):
            chosen.append(f"{wanted.name}{wanted.specifier} \\\n{hashes}")
    return "".join(chosen)


def _made(api, base: str, requirements: str, key: str) -> str:
    # Not with the session's label: the image stays for the next run, as a course image does.
    made = api.create_container(base, ["sh", "-c", BUILD], user="0", labels={IMAGE_LABEL: "pod"})
    try:
        api.put_archive(made["Id"], "/", _ingredients(requirements))
        api.start(made["Id"])
        status = api.wait(made["Id"])["StatusCode"]
        assert status == 0, api.logs(made["Id"]).decode()
        changes = [f"ENV {name}={value}" for name, value in ENVIRONMENT.items()]
        changes += [f"USER {UID}", f"WORKDIR {HOME}", f"LABEL {IMAGE_LABEL}=pod"]
        return api.commit(made["Id"], repository="dockerlab/pod", tag=key, changes="\n".join(changes))["Id"]
    finally:
        api.remove_container(made["Id"], force=True, v=True)


def _ingredients(requirements: str):
    """The build folder as a tar, on disk: the wheels are 200 MB."""
    folder = cache_dir("tests", f"wheels-{digest(requirements)}")
    (folder / "requirements.txt").write_text(requirements)
    run(
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--require-hashes", "--no-deps", "--prefer-binary", "--python-version", PYTHON),
        *(option for platform in _PLATFORMS for option in ("--platform", platform)),
        *("--dest", folder / "wheels", "--find-links", folder / "wheels", "-r", folder / "requirements.txt"),
    )
    where = "import pathlib, repo2docker; print(pathlib.Path(repo2docker.__file__).parent / 'buildpacks')"
    entry = Path(run(repo2docker(), "-c", where).strip())
    packed = folder / "build.tar"
    with tarfile.open(packed, "w") as tar:
        tar.add(folder / "wheels", "build/wheels")
        tar.add(folder / "requirements.txt", "build/requirements.txt")
        for name in ("python3-login", "repo2docker-entrypoint"):
            tar.add(entry / name, f"build/{name}", filter=_executable)
    return packed.open("rb")


def _executable(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.mode = 0o755
    return entry


def repository(root: Path) -> bytes:
    """The repository as git would give it, with what is not committed yet: a tar owned by the pod's user."""
    listed = run("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = [name for name in filter(None, listed.split("\0")) if os.path.lexists(root / name)]
    folders = {parent.as_posix() for name in names for parent in PurePosixPath(name).parents} - {"."}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name in sorted(folders) + names:  # a folder that is only implied would be root's
            tar.add(root / name, name, recursive=False, filter=_owned)
    return packed.getvalue()


def _owned(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = UID
    entry.uname = entry.gname = "jovyan"
    return entry
