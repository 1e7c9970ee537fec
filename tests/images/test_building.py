"""build and %%dockerfile on a real engine: steps, cache, errors, and nothing left."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import tarfile
import time
import uuid

import docker.errors
import pytest

from dockerlab.errors import (
    BuildFailed,
    DockerfileInvalid,
    ImageError,
    ImageUnknown,
    InvalidReference,
    RegistryUnreachable,
    UsageMistake,
)
from dockerlab.images import context
from dockerlab.images.building import build

BASE = "FROM dockerlab/tiny\n"


@pytest.fixture
def tag(tiny, no_new_images):
    """A name of this test alone, which is also in the text: the cache of another run must not help."""
    with no_new_images():
        yield f"dockerlab-test/built-{uuid.uuid4().hex[:8]}:1"


def wait(until):
    end = time.monotonic() + 30
    while not until() and time.monotonic() < end:
        time.sleep(0.02)
    assert until()


def marked(api, marker):
    """Everything on the engine whose history has ``marker``: images, and the cache of half-made ones."""
    found = []
    for image in api.images(all=True):
        with contextlib.suppress(docker.errors.ImageNotFound):  # gone since it was listed
            if any(marker in step["CreatedBy"] for step in api.history(image["Id"])):
                found.append(image["Id"])
    return found


@pytest.mark.engine
def test_each_step_says_what_it_cost(engine, tag):
    text = f"{BASE}ENV MADE={tag}\nRUN echo out; echo err >&2; dd if=/dev/zero of=/x bs=1000 count=300\n"
    text += 'COPY app.sh data/a /app/\nCMD ["/app/app.sh"]\n'
    told = []
    built = build(
        text,
        tag,
        files={"app.sh": "#!/bin/sh\necho 안녕\n", "data/a": b"12345"},
        report=lambda *each: told.append(each),
    )
    assert [step.number for step in built.steps] == [1, 2, 3, 4, 5]
    assert [step.cached for step in built.steps] == [False] * 5
    assert built.steps[2].instruction.startswith("RUN echo out")
    assert "out\n" in built.steps[2].output
    assert "err\n" in built.steps[2].output
    base = engine.client.api.inspect_image("dockerlab/tiny")["Size"]
    least = [base, 0, 300_000, 22 + 5, 0]
    if engine.info["Driver"] == "overlayfs":  # containerd's store counts the blocks of the disk
        assert all(0 <= step.size - size <= 32_768 for step, size in zip(built.steps, least, strict=True))
    else:
        assert [step.size for step in built.steps] == least
        assert built.size == sum(step.size for step in built.steps)
    assert all(step.seconds > 0 for step in built.steps)
    assert sum(step.seconds for step in built.steps) <= built.seconds
    assert told[0] == (f"[1/5] {BASE.strip()}", 0, 1)
    assert told[-1] == ('[5/5] CMD ["/app/app.sh"]', 1, 1)
    from dockerlab import containers

    assert containers.run(tag).stdout == "안녕\n"


@pytest.mark.engine
def test_the_shortest_dockerfile_is_a_name_of_its_own_for_the_base(engine, tag):
    built = build("from dockerlab/tiny\n", tag)
    assert [(step.base, step.cached) for step in built.steps] == [(True, False)]
    assert (built.cached, built.ran) == ((), ())
    base, own = (engine.client.api.inspect_image(name) for name in ("dockerlab/tiny", tag))
    assert own["RootFS"] == base["RootFS"]
    assert own["Id"] == built.id != base["Id"]


@pytest.mark.engine
def test_the_cache_serves_until_the_first_change(tag):
    text = f"{BASE}RUN echo {tag} > /made\nCOPY app /app\nRUN cp /app /copy\n"
    first = build(text, tag, files={"app": "1"})
    again = build(text, tag, files={"app": "1"})
    changed = build(text, tag, files={"app": "2"})
    fresh = build(text, tag, files={"app": "2"}, cache=False)
    assert [len(each.cached) for each in (first, again, changed, fresh)] == [0, 3, 1, 0]
    assert [step.number for step in changed.ran] == [3, 4]
    assert again.steps[-1].image == first.steps[-1].image


BUILDS = """
from dockerlab.errors import BuildFailed
from dockerlab.images.building import build
BASE = "FROM dockerlab/tiny\\n"
stages = f"RUN echo {marker}-1 > /a\\nFROM scratch\\nCOPY --from=0 /a /b\\nLABEL made={marker}\\n"
build(BASE + stages, f"{marker}:1")
build(f"FROM {marker}:1\\nENV again={marker}\\n", f"{marker}:2")
try:
    build(f"{BASE}RUN echo {marker}-3 > /a\\nRUN exit 3\\n", f"{marker}:1")
except BuildFailed as error:
    assert error.step.number == 3
# What was done before the failure serves the next try.
assert build(f"{BASE}RUN echo {marker}-3 > /a\\nRUN true\\n", f"{marker}:1").steps[1].cached
print("built", flush=True)
input()
"""


@pytest.mark.engine
@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_of_builds_that_worked_or_failed_when_their_process_ends(engine, tag, way):
    api = engine.client.api
    marker = tag.partition(":")[0]
    script = f"marker = {marker!r}{BUILDS}"
    child = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout.readline() == "built\n"
        assert len(marked(api, marker)) > 5
    finally:
        os.kill(child.pid, way)
        child.communicate()
    wait(lambda: not marked(api, marker))


FAILURES = {
    "exit code": ("RUN echo before; echo why >&2; exit 3", {}, 2, "why", "캐시"),
    "no such command": ("RUN nosuchcommand", {}, 2, "127", "철자"),
    "exec form": ('RUN ["/nosuch"]', {}, 2, "/nosuch", "철자"),
    "memory": ("RUN head -c 200m /dev/zero | tail", {"memory": 32 << 20}, 2, "137", "메모리"),
    "not copied": ("COPY nothing /x", {}, 2, "nothing", "--file"),
    "buildkit": ("RUN --mount=type=cache,target=/x true", {}, 2, "BuildKit", "기본 빌더"),
    "no network": ("RUN wget -T 2 http://example.com", {}, 2, "example.com", "--network bridge"),
    "too late": ("RUN echo begun; sleep 600", {"timeout": 2}, 2, "begun", "timeout"),
    "control characters": (r"RUN printf 'a\033[2Jb'; exit 1", {}, 2, r"a\x1b[2Jb", "캐시"),
}


@pytest.mark.engine
@pytest.mark.parametrize("name", FAILURES)
def test_a_failing_step_says_which_what_and_what_to_do(tag, name):
    line, options, number, seen, todo = FAILURES[name]
    with pytest.raises(BuildFailed) as failed:
        build(f"{BASE}{line}\n", tag, **options)
    error = failed.value
    assert error.step.number == number
    assert f"{number}번째 단계" in error.what
    assert seen in error.seen
    assert todo in error.todo


@pytest.mark.engine
@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("", "empty"),
        ("RUN true", "no build stage"),
        (f"{BASE}RUNN true", "RUNN"),
    ],
)
def test_a_text_that_is_no_dockerfile(tag, text, seen):
    with pytest.raises(DockerfileInvalid) as invalid:
        build(text, tag)
    assert seen in invalid.value.seen


@pytest.mark.engine
def test_a_base_image_that_cannot_be_had(tag):
    with pytest.raises(RegistryUnreachable) as unreachable:
        build("FROM localhost:1/nobody/made:1\n", tag)
    assert "1번째 단계: FROM localhost:1" in unreachable.value.what
    assert "dockerlab/tiny" in unreachable.value.todo
    with pytest.raises(InvalidReference):
        build("FROM Capital@@\n", tag)


@pytest.mark.engine
def test_a_base_image_that_its_registry_has_not(tag):
    from dockerlab import registries

    with registries.registry() as registry, pytest.raises(ImageUnknown):
        build(f"FROM {registry.address}/nobody/made:1\n", tag)


@pytest.mark.engine
def test_a_name_that_is_somebody_elses_is_not_taken(engine, tag):
    api = engine.client.api
    with pytest.raises(ImageError):
        build(f"{BASE}ENV a={tag}\n", "dockerlab/tiny")
    mine = api.import_image(src=context.packed("", {"a": "1"}), repository=tag.partition(":")[0], tag="1")
    assert "error" not in mine
    before = api.inspect_image(tag)["Id"]
    try:
        with pytest.raises(ImageError):
            build(f"{BASE}ENV a={tag}\n", tag)
        assert api.inspect_image(tag)["Id"] == before
    finally:
        api.remove_image(tag)
    for wrong in ("A B", "a/Upper", f"a@sha256:{'0' * 64}"):
        with pytest.raises((InvalidReference, UsageMistake)):
            build(BASE, wrong)
    with pytest.raises(UsageMistake):
        build(BASE, tag, network="host")


@pytest.mark.engine
@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGINT])
def test_a_build_that_is_broken_off_leaves_no_container(engine, tag, way):
    api = engine.client.api
    text = f"{BASE}RUN echo {tag}; sleep 600"
    script = f"from dockerlab.images.building import build; build({text!r}, {tag!r})"
    child = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)

    def running():
        return [each["Id"] for each in api.containers(all=True) if tag in each["Command"]]

    try:
        wait(running)
        os.kill(child.pid, way)
        child.wait(30)
    finally:
        child.kill()
    wait(lambda: not running())


def test_the_context_holds_what_was_named_and_nothing_else():
    packed = context.packed("FROM scratch\n", {"b/c.sh": "#!/bin/sh\n", "a": b"\x00"})
    assert packed == context.packed("FROM scratch\n", {"a": b"\x00", "b/c.sh": "#!/bin/sh\n"})
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        members = {member.name: (member.mode, member.uid, member.mtime) for member in tar}
    assert members == {
        "Dockerfile": (0o644, 0, context.EPOCH),
        "a": (0o644, 0, context.EPOCH),
        "b/c.sh": (0o755, 0, context.EPOCH),
    }


def test_files_are_read_only_below_the_folder(tmp_path):
    home, outside = tmp_path / "lesson", tmp_path / "secret"
    (home / "app/sub").mkdir(parents=True)
    outside.write_text("secret")
    (home / "app/a.py").write_text("1")
    (home / "app/sub/b.py").write_text("2")
    (home / "alias").symlink_to("app/a.py")
    assert context.read_files(home, ["app", "alias"]) == {
        "app/a.py": b"1",
        "app/sub/b.py": b"2",
        "alias": b"1",
    }
    (home / "link").symlink_to(outside)
    (home / "app/sub/link").symlink_to(tmp_path)
    for name in ("../secret", str(outside), "link", "app/../../secret", "app/sub/link/secret", "", "missing"):
        with pytest.raises(UsageMistake):
            context.read_files(home, [name])
    assert "secret" not in str(context.read_files(home, ["app"]))
    (home / "app/sub/also").symlink_to(outside)
    with pytest.raises(UsageMistake):
        context.read_files(home, ["app"])


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "", "Dockerfile", "a\0b"])
def test_contents_are_put_only_inside_the_context(name):
    with pytest.raises(UsageMistake):
        context.packed("FROM scratch\n", {name: "x"})


def test_a_context_has_a_limit(monkeypatch, tmp_path):
    monkeypatch.setattr(context, "LARGEST", 1000)
    (tmp_path / "big").write_bytes(bytes(2000))
    with pytest.raises(UsageMistake):
        context.read_files(tmp_path, ["big"])
    with pytest.raises(UsageMistake):
        context.packed("FROM scratch\n", {"big": bytes(2000)})
