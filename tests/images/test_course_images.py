"""The course images on a real engine: what is in them, where they come from, how they travel."""

import hashlib
import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from dockerlab import containers, images
from dockerlab import engine as engines
from dockerlab.errors import BundleBroken, ImageError, UsageMistake

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def debian(engine):
    return images.ensure("debian")


@pytest.fixture(scope="module")
def python(engine):
    return images.ensure("python")


def sh(image, script, **options):
    result = containers.run(image, ["sh", "-c", script], **options)
    assert result.exit_code == 0, (script, result.stdout, result.stderr)
    return result.stdout


def test_unknown_names_are_refused(engine):
    with pytest.raises(UsageMistake):
        images.ensure("ubuntu")


def test_tiny_does_not_crash_on_host_names(tiny):
    assert tiny.origin.startswith(("registry:", "built:")) and tiny.origin_text
    assert tiny.size < 20e6 and tiny.digest.startswith("sha256:")
    for name in ("localhost", "no-such-host.invalid"):
        result = containers.run("tiny", ["wget", "-q", "-T", "2", "-O", "/dev/null", f"http://{name}:1/"])
        assert 0 < result.exit_code < 128, result
    assert "uid=0(root)" in sh("tiny", "id; ps; ls / > /dev/null; date > /dev/null")


def test_debian_knows_its_packages(debian):
    listed = sh("debian", "dpkg -l | grep '^ii'")
    assert "base-files" in listed and "dpkg" in listed
    assert sh("debian", "dpkg -S /usr/bin/bash") == "bash: /usr/bin/bash\n"
    assert "13" in sh("debian", ". /etc/os-release; echo $VERSION_ID")
    assert sh("debian", "apt-get check 2>&1 > /dev/null; getent passwd nobody | cut -d: -f3") == "65534\n"
    assert sh("debian", "echo 1 2 | awk '{ print $2 }'") == "2\n"


def test_a_built_debian_is_consistent(debian):
    if not debian.origin.startswith("built:"):
        pytest.skip("the official image is here; it leaves documents out that dpkg misses")
    assert sh("debian", "dpkg --audit; dpkg --verify") == ""


def test_python_has_what_lessons_import(python):
    modules = "ssl, sqlite3, ctypes, lzma, bz2, zlib, venv, ensurepip, json, http.server"
    assert sh("python", f"python3 -c 'import {modules}; print(1 + 1)'; python -c 'print(3)'") == "2\n3\n"
    certificates = "import ssl; print(len(ssl.create_default_context().get_ca_certs()))"
    assert int(sh("python", f"python3 -c '{certificates}'")) > 50


def test_pip_installs_a_wheel_without_a_network(python, tmp_path):
    wheel = tmp_path / "greeting-1.0-py3-none-any.whl"
    info = "greeting-1.0.dist-info"
    files = {
        "greeting.py": "print('안녕')\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD")))
    command = f"pip install -q --no-index /given/{wheel.name} && python3 -c 'import greeting'"
    assert "안녕" in sh("python", command, files={f"/given/{wheel.name}": wheel.read_bytes()})


def test_available_lists_what_is_there(tiny, debian, python):
    # What is made on demand may be there too, after them.
    assert [image.name for image in images.available()][:3] == ["tiny", "debian", "python"]
    assert images.ensure("debian") == debian, "a second time nothing is made"


# --- the offline bundle ---------------------------------------------------------------------------
@pytest.fixture(scope="module")
def bundle(tiny, tmp_path_factory):
    return images.export_bundle(tmp_path_factory.mktemp("offline") / "class.tar", images=["tiny"])


def test_bundle_says_what_it_holds(bundle, tiny):
    assert bundle.images == ("tiny",) and bundle.size == bundle.path.stat().st_size
    assert [path.name for path in bundle.path.parent.iterdir()] == ["class.tar"], "no half-made file stays"
    import tarfile

    with tarfile.open(bundle.path) as tar:
        assert tar.getnames() == ["tiny.tar.gz", "bundle.json"]
        note = json.load(tar.extractfile("bundle.json"))
        stream = tar.extractfile("tiny.tar.gz").read()
    assert note["images"][0]["sha256"] == hashlib.sha256(stream).hexdigest()
    assert note["images"][0]["origin"] == tiny.origin


def test_bundle_imports_to_the_same_image(bundle, tiny):
    seen = []
    [again] = images.import_bundle(bundle.path, lambda what, done, total: seen.append((what, done, total)))
    assert again.id == tiny.id and again.origin == tiny.origin
    assert seen and seen[-1][1] == seen[-1][2]


def spoil_middle(data):
    data[len(data) // 2] ^= 1


def truncate(data):
    del data[-3000:]


def rename_image(data):
    at = data.index(b'"name": "tiny"')
    data[at : at + 14] = b'"name": "tinx"'


def other_digest(data):
    at = data.index(b'"sha256": "') + 11
    data[at : at + 4] = b"0000" if data[at : at + 4] != b"0000" else b"1111"


def other_format(data):
    at = data.index(b"dockerlab-images")
    data[at : at + 16] = b"dockerlab-wheels"


def cut_short(data):
    del data[600:]


def empty(data):
    data.clear()


def another_file(data):
    data[:] = b"PK\x03\x04" + bytes(5000)


SPOILERS = [
    *(spoil_middle, truncate, rename_image, other_digest),
    *(other_format, cut_short, empty, another_file),
]


@pytest.mark.parametrize("spoil", SPOILERS)
def test_spoilt_bundle_is_refused_and_loads_nothing(bundle, tmp_path, spoil, engine):
    data = bytearray(bundle.path.read_bytes())
    spoil(data)
    spoilt = tmp_path / "spoilt.tar"
    spoilt.write_bytes(data)
    before = engine.client.api.images(all=True)
    with pytest.raises(BundleBroken) as caught:
        images.import_bundle(spoilt)
    assert "spoilt.tar" in str(caught.value)
    assert {image["Id"] for image in engine.client.api.images(all=True)} == {image["Id"] for image in before}


def test_missing_bundle(tmp_path, engine):
    with pytest.raises(BundleBroken):
        images.import_bundle(tmp_path / "none.tar")


def test_bundle_for_another_cpu(bundle, tmp_path):
    data = bundle.path.read_bytes()
    machine = engines.connect().info["Architecture"].encode()
    other = tmp_path / "other.tar"
    other.write_bytes(data.replace(b'"machine": "' + machine, b'"machine": "' + b"z" * len(machine)))
    with pytest.raises(ImageError, match="CPU"):
        images.import_bundle(other)


# --- making them, on an engine that has none ------------------------------------------------------
def share_packages(home):
    """The packages once fetched: what is made of them is made anew."""
    from dockerlab.places import cache_dir

    (home / "cache").mkdir()
    (home / "cache/packages").symlink_to(cache_dir("packages"))


MAKE = """
from dockerlab.images import official
import dataclasses, logging
os.environ.pop("DOCKERLAB_IMAGES", None)
embedded.ensure()
# Nobody answers at this address, and nobody refuses either.
nowhere = dataclasses.replace(official.OFFICIAL["tiny"], repository="192.0.2.1:5000/library/busybox")
official.OFFICIAL["tiny"] = nowhere
os.environ["DOCKERLAB_IMAGES"] = "registry"
attempt(lambda: images.ensure("tiny"))
tell(images=engine.connect().client.api.images(all=True))
os.environ["DOCKERLAB_IMAGES"] = "auto"
began = time.perf_counter()
made = images.ensure("tiny")
tell(origin=made.origin, seconds=time.perf_counter() - began)
engine.connect().client.api.remove_image(made.id)
began = time.perf_counter()
again = images.ensure("tiny")
tell(origin=again.origin, seconds=time.perf_counter() - began)
tell(out=containers.run("tiny", "echo works").stdout, left=left())
# Made by a former version of the course: it is made anew, and the old one goes.
from dockerlab.images import recipes
recipes.VERSION += 1
os.environ["DOCKERLAB_IMAGES"] = "packages"
newer = images.ensure("tiny")
tell(renewed=newer.id != again.id, images=len(engine.connect().client.api.images(all=True)))
recipes.VERSION += 1
os.environ["DOCKERLAB_DEBIAN_MIRROR"] = "http://127.0.0.1:9/debian"
os.rename(os.environ["DOCKERLAB_HOME"] + "/cache/packages", os.environ["DOCKERLAB_HOME"] + "/cache/away")
tell(kept=images.ensure("tiny").id == newer.id)
again = newer
os.environ["DOCKERLAB_IMAGES"] = "nonsense"
engine.connect().client.api.remove_image(again.id)
attempt(lambda: images.ensure("tiny"))
# A stranger's image under our name is not ours to use or remove.
api = engine.connect().client.api
api.import_image_from_data(b"", repository="dockerlab/tiny", tag="latest")
attempt(lambda: images.ensure("tiny"))
tell(images=len(api.images()))
"""


def test_made_from_packages_when_no_registry_answers(in_private_engine):
    share_packages(in_private_engine.home)
    refused, none, made, again, ran, newer, offline, nonsense, stranger, kept = in_private_engine(MAKE)
    assert refused["error"] == "RegistryUnreachable" and refused["seconds"] < 8
    assert none["images"] == []
    assert made["origin"].startswith("built:debian-trixie") and made["seconds"] < 60
    assert again["origin"] == made["origin"], "the same bytes, from what was kept"
    assert again["seconds"] < made["seconds"]
    assert ran == {"out": "works\n", "left": []}
    assert newer == {"renewed": True, "images": 1}
    assert offline == {"kept": True}
    assert nonsense["error"] == "UsageMistake"
    assert stranger["error"] == "ImageError" and kept["images"] == 1


PULL = """
import dataclasses, subprocess
from dockerlab.images import course, names, official, rootfs
embedded.ensure()
api = engine.connect().client.api
arch = {"x86_64": "amd64", "aarch64": "arm64"}[engine.connect().info["Architecture"]]
layer = rootfs.make("tiny", arch).path
registry = subprocess.Popen(
    ["nsenter", "--net", "--target", str(embedded.pid()),
     sys.executable, REGISTRY, "5005", str(layer), arch],
    stdout=subprocess.PIPE, text=True,
)
digest = registry.stdout.readline().strip()
os.environ["DOCKERLAB_IMAGES"] = "registry"
def use(repository, digest=digest):
    official.OFFICIAL["tiny"] = official.Official(f"127.0.0.1:5005/{repository}", "1", digest)
for name in ("limited", "portal", "secret", "broken", "hangs"):
    use(name)
    attempt(lambda: images.ensure("tiny"))
use("good", "sha256:" + "0" * 64)
attempt(lambda: images.ensure("tiny"))
tell(images=api.images(all=True), left=left())
use("good")
seen = []
made = images.ensure("tiny", lambda *told: seen.append(told))
tell(origin=made.origin, digest=made.digest, wanted=digest, text=made.origin_text)
tell(out=containers.run("tiny", "echo pulled").stdout, tags=[i["RepoTags"] for i in api.images()])
# What the learner had pulled stays the learner's.
api.remove_image(made.id)
api.pull("127.0.0.1:5005/good", tag=digest)
images.ensure("tiny")
tell(kept=[digest in name for i in api.images() for name in i["RepoDigests"] or ()])
registry.kill()
registry.wait()
"""


def test_official_image_is_pulled_by_digest(in_private_engine):
    if shutil.which("nsenter") is None or os.geteuid() != 0:
        pytest.skip("putting a registry into the engine's network needs root and nsenter")
    share_packages(in_private_engine.home)
    script = f"REGISTRY = {str(Path(__file__).with_name('fake_registry.py'))!r}\n" + PULL
    limited, portal, secret, broken, hangs, unknown, left, made, ran, kept = in_private_engine(script)
    assert limited["error"] == "RegistryLimitReached", limited
    assert portal["error"] == "RegistryBroken", portal
    assert secret["error"] == "LoginRequired", secret
    assert broken["error"] == "ImageDamaged", broken
    assert hangs["error"] == "RegistryUnreachable" and hangs["seconds"] < 8, hangs
    assert unknown["error"] == "ImageUnknown", unknown
    assert left == {"images": [], "left": []}
    assert made["origin"] == f"registry:127.0.0.1:5005/good@{made['wanted']}"
    assert made["digest"] == made["wanted"] and "공식 이미지" in made["text"]
    assert ran == {"out": "pulled\n", "tags": [["dockerlab/tiny:latest"]]}
    assert kept["kept"] == [True]
