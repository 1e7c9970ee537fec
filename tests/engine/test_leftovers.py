"""The sweep at the next start: who may be removed, judged by labels on real objects."""

import io
import json
import os
import subprocess
import sys
import tarfile
import time
import uuid

import pytest

from dockerlab import errors, places
from dockerlab.engine import clean, leftovers, objects, processes, session, sweep

pytestmark = pytest.mark.engine

MACHINE, HERE = session.host().split("-")[0], session.host()
ELSEWHERE = "0123456789abcdef-0123456789abcdef"
A_YEAR = 365 * 86400
OTHER_BOOT = f"{MACHINE}-0123456789abcdef"


@pytest.fixture
def dead():
    """The owner label of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = f"{process.pid}:{processes.started(process.pid)}"
    process.communicate()
    return owner


@pytest.fixture
def mine(monkeypatch, tmp_path):
    """Session folders of its own, so that no other test's are touched."""
    usual = places.runtime_dir

    def elsewhere(*parts):
        # Only what sessions left: the engine's own folder stays where the engine is.
        return made(tmp_path.joinpath("run", *parts)) if parts[:1] == ("session",) else usual(*parts)

    monkeypatch.setattr(places, "runtime_dir", elsewhere)
    return tmp_path / "run"


def made(path):
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture
def make(engine, tiny):
    """Makes labelled things; what the test does not sweep is removed afterwards."""
    api = engine.client.api
    things = []

    def one(kind, host, owner, deadline, name=None):
        name = name or f"dl-left-{uuid.uuid4().hex[:10]}"
        labels = {
            objects.SESSION: uuid.uuid4().hex,
            objects.HOST: host,
            objects.OWNER: owner,
            objects.DEADLINE: str(int(time.time() + deadline)),
            objects.OBJECT: f"{kind}-1",
        }
        if kind == "container":
            identity = api.create_container(tiny.reference, ["true"], labels=labels, name=name)["Id"]
        elif kind == "network":
            identity = api.create_network(name, labels=labels, internal=True)["Id"]
        elif kind == "volume":
            identity = api.create_volume(name, labels=labels)["Name"]
        elif kind == "plugin":
            identity = make_plugin(api, f"dockerlab/plugin-{name}:latest", labels)
        else:
            source = api.create_container(tiny.reference, ["true"])["Id"]
            identity = api.commit(source, name, "1", conf={"Labels": labels})["Id"]
            api.remove_container(source)
        things.append((kind, identity))
        return identity

    yield one
    # Containers first: they use the rest.
    for kind, identity in sorted(things):
        if exists(api, kind, identity):
            remove = {"container": api.remove_container, "network": api.remove_network}
            remove |= {"volume": api.remove_volume, "plugin": api.remove_plugin, "image": api.remove_image}
            remove[kind](identity)


def make_plugin(api, name, labels):
    """Never switched on; it carries the labels in its description, as plugins have none."""
    interface = {"types": ["docker.volumedriver/1.0"], "socket": "x.sock"}
    config = json.dumps({"description": json.dumps(labels), "entrypoint": ["/x"], "interface": interface})
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        # The engine refuses a second plugin with the same files.
        for path, text in (("rootfs/name", name), ("config.json", config)):
            entry = tarfile.TarInfo(path)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    api._raise_for_status(
        api._post(api._url("/plugins/create"), params={"name": name}, data=content.getvalue())
    )
    return api.inspect_plugin(name)["Id"]


def exists(api, kind, identity):
    import docker.errors

    look = {"container": api.inspect_container, "network": api.inspect_network}
    try:
        look |= {"volume": api.inspect_volume, "plugin": api.inspect_plugin, "image": api.inspect_image}
        look[kind](identity)
    except docker.errors.NotFound:
        return False
    return True


def living():
    return f"{os.getpid()}:{processes.started(os.getpid())}"


def test_only_what_a_dead_owner_of_this_host_left_goes(engine, make, dead, mine):
    gone = [(kind, make(kind, HERE, dead, 600)) for kind in objects.KINDS]
    reused = (
        f"{os.getpid()}:{int(processes.started(os.getpid()) or 0) + 7}" if sys.platform == "linux" else dead
    )
    gone.append(("container", make("container", HERE, reused, 600)))
    gone.append(("container", make("container", HERE, dead, A_YEAR)))  # as a wrong clock wrote it
    gone.append(("container", make("container", OTHER_BOOT, dead, A_YEAR)))
    gone.append(("volume", make("volume", OTHER_BOOT, "1:1", -3600)))
    stays = [(kind, make(kind, HERE, living(), 600)) for kind in objects.KINDS]
    stays += [(kind, make(kind, ELSEWHERE, dead, -3600)) for kind in objects.KINDS]
    stays += [("container", make("container", OTHER_BOOT, dead, 600))]
    # A living session may still use it; its own watcher keeps the deadlines, whatever the clock says now.
    stays += [(kind, make(kind, HERE, living(), -3600)) for kind in ("container", "volume")]
    stays += [("container", make("container", HERE, "garbage", 600))]
    stays += [("container", make("container", "", "", -3600))]
    ours = {identity for _, identity in gone + stays}

    told = [one for one in sweep(dry_run=True) if one.id in ours]
    assert {(one.kind, one.id) for one in told} == set(gone)
    assert all(one.why and one.name for one in told)
    assert all(exists(engine.client.api, *one) for one in gone + stays)

    swept = [one for one in sweep() if one.id in ours]
    assert {(one.kind, one.id) for one in swept} == set(gone)
    assert not any(exists(engine.client.api, *one) for one in gone)
    assert all(exists(engine.client.api, *one) for one in stays)


def test_labels_are_read_again_right_before_removal(engine, make, dead):
    container = make("container", HERE, dead, 600)
    thing = next(
        one for one in objects.listed(engine.endpoint, "container", objects.SESSION) if one.id == container
    )
    assert not objects.remove(engine.endpoint, thing, lambda labels: False)
    other = objects.Thing("container", thing.id[:12], thing.name, thing.labels)
    assert not objects.remove(engine.endpoint, other, lambda labels: True)  # not the full id
    assert exists(engine.client.api, "container", container)
    assert objects.remove(engine.endpoint, thing, lambda labels: True)
    assert objects.remove(engine.endpoint, thing, lambda labels: True)  # gone already: as good


def test_a_volume_the_learner_uses_stays(engine, make, dead, mine, tiny):
    api = engine.client.api
    volume = make("volume", HERE, dead, 600)
    host = api.create_host_config(binds=[f"{volume}:/data"])
    container = api.create_container(tiny.reference, ["true"], host_config=host, volumes=["/data"])["Id"]
    try:
        assert volume not in [one.id for one in sweep()]
        assert exists(api, "volume", volume)
    finally:
        api.remove_container(container)


def test_clean_takes_this_session_along_but_no_other(engine, make, mine, tiny):
    api = engine.client.api
    own = api.create_container(tiny.reference, ["true"], labels=session.labels(deadline=600))["Id"]
    other = make("container", HERE, living(), 600)
    assert own not in [one.id for one in sweep()]
    found = clean(dry_run=True)
    assert [one.kind for one in found if one.id == own] == ["container"]
    assert exists(api, "container", own)
    assert own in [one.id for one in clean()]
    assert not exists(api, "container", own)
    assert exists(api, "container", other)


def test_course_images_stay_until_asked_and_the_learners_stay_always(engine, mine, tiny):
    api = engine.client.api
    name = f"probe{uuid.uuid4().hex[:8]}"
    source = api.create_container(tiny.reference, ["true"])["Id"]
    label = {"Labels": {objects.COURSE_IMAGE: name}}
    course = api.commit(source, f"dockerlab/{name}", "latest", conf=label)["Id"]
    derived = api.commit(source, f"learner-{name}", "1", conf=label)["Id"]  # as if built FROM the former
    api.remove_container(source)
    try:
        assert course not in [one.id for one in clean()]
        found = [one.id for one in clean(dry_run=True, images=True)]
        assert course in found and derived not in found
        endpoint, before = engine.endpoint, objects.listed
        objects_of_test = [one for one in before(endpoint, "image", objects.COURSE_IMAGE) if name in one.name]
        with pytest.MonkeyPatch.context() as patch:  # the real course images are other tests' business
            patch.setattr(leftovers, "listed", lambda *_: objects_of_test)
            removed = leftovers._remove_course_images(endpoint, dry_run=False)
        assert [one.id for one in removed] == [course]
        assert exists(api, "image", derived) and not exists(api, "image", course)
    finally:
        for tag in (f"dockerlab/{name}:latest", f"learner-{name}:1"):
            if exists(api, "image", tag):
                api.remove_image(tag)


def test_stray_processes_and_folders_of_dead_sessions_go(mine, dead):
    stray = subprocess.Popen(["sleep", "600"], start_new_session=True)
    bystander = subprocess.Popen(["sleep", "600"])
    try:
        for name, owner, lines in (
            (
                "dead",
                dead,
                [f"{stray.pid}:{processes.started(stray.pid)}", f"{bystander.pid}:12", "junk", ":"],
            ),
            ("living", living(), []),
        ):
            folder = made(mine / "session" / name)
            (folder / "owner").write_text(json.dumps({objects.HOST: HERE, objects.OWNER: owner}))
            (folder / "processes").write_text("\n".join(lines))
            (folder / "disk.img").write_text("x")
        young, old = made(mine / "session" / "young"), made(mine / "session" / "old")
        future = made(mine / "session" / "future")  # made while the clock was wrong
        (old / "owner").write_text("{")
        os.utime(old, (1, 1))
        os.utime(future, (time.time() + A_YEAR,) * 2)
        kinds = [(one.kind, one.name) for one in leftovers._sweep_directories(dry_run=True)]
        folders = [("directory", name) for name in ("dead", "future", "old")]
        assert kinds == [("process", f"pid {stray.pid}"), *folders]
        assert stray.poll() is None
        leftovers._sweep_directories(dry_run=False)
        assert stray.wait(3) == -9
        assert bystander.poll() is None
        assert sorted(one.name for one in (mine / "session").iterdir()) == ["living", "young"]
        assert young.exists()
    finally:
        for one in (stray, bystander):
            one.kill()
            one.wait()


def test_a_sick_engine_is_told_and_none_at_all_is_no_error(nowhere, fake_engine, mine):
    folder = made(mine / "session" / "old")
    os.utime(folder, (1, 1))
    assert [one.kind for one in sweep()] == ["directory"]  # no engine anywhere
    fake_engine(nowhere / "docker.sock")  # answers /containers/json with its version
    with pytest.raises(errors.EngineLost):
        clean()
    nowhere.joinpath("docker.sock").unlink()
    fake_engine(nowhere / "docker.sock", ping=500)
    with pytest.raises(errors.EngineNotAnswering):
        clean()


def test_a_zombie_counts_as_gone():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    since = processes.started(process.pid)
    assert since and processes.alive(process.pid, since)
    os.kill(process.pid, 9)
    deadline = time.monotonic() + 5
    while processes.alive(process.pid, since) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.returncode is None and not processes.alive(process.pid, since)
    process.communicate()
