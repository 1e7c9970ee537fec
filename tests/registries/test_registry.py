"""Real registries: pushed to, looked into, pulled from; with a login and TLS; and one that fails."""

import hashlib
import json
import subprocess
import urllib.error
import urllib.request

import pytest

from dockerlab import errors, registries
from dockerlab.diagnosis import engines
from dockerlab.registries import Remote, transfer

pytestmark = pytest.mark.engine

MIB = 2**20


def sha256(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def test_what_is_pushed_is_found_by_tag_digest_and_http(registry, engine, tiny):
    pushed = registry.push("tiny", "seen:1.0")
    assert "seen" in registry.catalog() and registry.tags("seen") == ("1.0",)
    assert registry.digest("seen:1.0") == pushed.digest
    manifest = registry.manifest("seen:1.0")
    assert manifest == registry.manifest(f"seen@{pushed.digest}")
    assert [layer.digest for layer in manifest.layers] == [layer.digest for layer in pushed.layers]
    for layer in manifest.layers:
        assert registry.size("seen", layer.digest) == layer.size == registry.blob("seen", layer.digest).size
    held = engine.client.api.inspect_image("dockerlab/tiny:latest")
    config = registry.config("seen:1.0")
    assert config.diff_ids == tuple(held["RootFS"]["Layers"])
    assert (config.architecture, config.os) == (held["Architecture"], held["Os"])
    assert config.labels == held["Config"]["Labels"]


def test_another_client_reads_the_same_and_a_digest_is_the_sha256_of_what_comes(registry):
    """urllib and hashlib, nothing of ours: the digest is the name of the bytes."""
    pushed = registry.push("tiny", "plain:1")
    base = f"http://{registry.address}/v2/plain"
    asked = urllib.request.Request(f"{base}/manifests/1", headers={"Accept": pushed_kind(registry)})
    with urllib.request.urlopen(asked) as answer:
        document = answer.read()
    assert sha256(document) == pushed.digest
    for told in (json.loads(document)["config"], *json.loads(document)["layers"]):
        with urllib.request.urlopen(f"{base}/blobs/{told['digest']}") as answer:
            content = answer.read()
        assert sha256(content) == told["digest"] and len(content) == told["size"]


def pushed_kind(registry):
    return registry.manifest("plain:1").media_type


def test_a_tag_is_a_pointer_and_a_digest_is_not(registry, grown):
    first = registry.push(grown(1000), "moving:latest")
    second = registry.push(grown(1000), "moving:latest")
    assert first.digest != second.digest
    assert registry.digest("moving:latest") == second.digest
    assert registry.manifest(f"moving@{first.digest}").digest == first.digest
    assert registry.pull("moving:latest").digest == second.digest
    assert registry.pull(f"moving@{first.digest}").digest == first.digest


def test_a_second_push_moves_only_the_new_layer(registry, grown):
    base = grown(2 * MIB)
    larger = grown(MIB, base)
    before = registry.traffic()
    first = registry.push(base, "twice:1")
    between = registry.traffic()
    second = registry.push(larger, "twice:2")
    after = registry.traffic()

    *old, new = second.layers
    assert [layer.digest for layer in old] == [layer.digest for layer in first.layers]
    assert new.state == "pushed" and not [layer for layer in old if layer.state == "pushed"]
    # The server's own record: the new layer and the new config were stored, nothing else.
    stored = after.since(between).stored
    assert new.digest in stored and not {layer.digest for layer in old} & set(stored)
    assert len(stored) == 2
    # And its network card: the second push carried its one layer, and little beside it.
    assert second.sent == new.size
    assert between.since(before).received > 2 * MIB
    assert MIB < after.since(between).received < 1.5 * MIB


def test_a_push_of_the_same_moves_nothing(registry, grown):
    image = grown(MIB)
    registry.push(image, "same:1")
    before = registry.traffic()
    again = registry.push(image, "same:2")
    assert again.sent == 0 and {layer.state for layer in again.layers} == {"exists"}
    assert registry.traffic().since(before).received < MIB / 4


def test_a_layer_of_another_repository_is_borrowed(registry, grown):
    image = grown(MIB)
    registry.push(image, "lender:1")
    before = registry.traffic()
    borrowed = registry.push(image, "borrower:1")
    assert {layer.state for layer in borrowed.layers} <= {"mounted", "exists"}
    assert registry.traffic().since(before).received < MIB / 4


def test_a_round_trip_gives_the_same_image(registry, engine, grown):
    api = engine.client.api
    image = grown(1000)
    layers = api.inspect_image(image)["RootFS"]["Layers"]
    pushed = registry.push(image, "trip:1")
    api.remove_image(image)
    pulled = registry.pull("trip:1")
    assert pulled.digest == pushed.digest
    assert api.inspect_image(pulled.id)["RootFS"]["Layers"] == layers
    api.tag(pulled.id, *image.split(":"))  # the fixture removes it
    assert dict(pulled.layers), "the layer that had gone came back"


def test_pushing_leaves_no_name_on_the_engine(registry, engine):
    registry.push("tiny", "nameless:1")
    names = engine.client.api.inspect_image("dockerlab/tiny:latest")["RepoTags"]
    assert not [name for name in names if registry.address in name]


def test_what_was_pulled_goes_with_the_registry(engine, tiny):
    with registries.registry() as mine:
        mine.push("tiny", "brief:1")
        pulled = str(mine.pull("brief:1").reference)
        assert transfer.held(pulled)
        container = mine._container.id
    assert transfer.held(pulled) is None
    assert container not in [each["Id"] for each in engine.client.api.containers(all=True)]


def test_unknown_things_are_told_apart(registry):
    registry.push("tiny", "known:1")
    for name in ("nobody:1", "known:2"):
        with pytest.raises(errors.ImageUnknown, match="MANIFEST_UNKNOWN"):
            registry.manifest(name)
        with pytest.raises(errors.ImageUnknown):
            registry.pull(name)
    with pytest.raises(errors.ImageUnknown, match="BLOB_UNKNOWN"):
        registry.blob("known", "sha256:" + "0" * 64)
    with pytest.raises(errors.UsageMistake):
        registry.push("tiny", "known@sha256:" + "0" * 64)
    with pytest.raises(errors.ImageError):
        registry.push("dockerlab-test/there-is-none:1", "known:3")


@pytest.fixture(scope="module")
def guarded(engine, tiny):
    """A registry with a login and TLS."""
    with registries.registry(auth=("student", "s3cret 비밀"), tls=True) as started:
        yield started


def test_with_login_and_tls_a_round_trip_works(guarded, engine):
    pushed = guarded.push("tiny", "private/app:1")
    assert guarded.pull("private/app:1").digest == pushed.digest
    assert guarded.manifest("private/app:1").digest == pushed.digest


def test_without_the_login_nothing_is_shown(guarded):
    guarded.push("tiny", "private/app:1")
    for auth in (None, ("student", "wrong"), ("nobody", "s3cret 비밀")):
        with Remote(guarded.address, auth, ca=guarded.ca) as stranger:
            for ask in (stranger.check, stranger.catalog, lambda one=stranger: one.pull("private/app:1")):
                with pytest.raises(errors.LoginRequired) as caught:
                    ask()
                assert "s3cret" not in str(caught.value) and "wrong" not in str(caught.value)
            with pytest.raises(errors.LoginRequired):
                stranger.push("tiny", "private/app:2")
    assert guarded.tags("private/app") == ("1",)


def test_the_certificate_is_checked_against_its_ca_alone(guarded):
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(f"https://{guarded.address}/v2/")
    asked = ["curl", "--silent", "--cacert", str(guarded.ca), f"https://{guarded.address}/v2/"]
    shown = subprocess.run([*asked, "--write-out", "%{http_code}"], capture_output=True, text=True)
    assert shown.stdout.endswith("401")
    with Remote(guarded.address, guarded.login) as plain, pytest.raises(errors.ImageError):
        plain.check()  # a registry with TLS does not answer without


PULLS = [
    ("private", errors.LoginRequired),
    ("denied", errors.RegistryDenied),
    ("nobody", errors.ImageUnknown),
    ("limited", errors.RegistryLimitReached),
    ("portal", errors.RegistryBroken),
    ("down", errors.RegistryBroken),
    ("broken", errors.ImageDamaged),
    ("hangs", errors.RegistryNotAnswering),
    ("stalls", errors.RegistryNotAnswering),
]


@pytest.mark.parametrize(("name", "kind"), PULLS, ids=[pull[0] for pull in PULLS])
def test_a_failing_pull_says_why_and_leaves_no_image(faulty_beside, engine, name, kind):
    with Remote(faulty_beside, patience=1.5) as remote:
        with pytest.raises(errors.ImageError) as caught:
            remote.pull(f"{name}:latest")
        assert type(caught.value) is kind and caught.value.todo
        assert transfer.held(str(remote.reference(f"{name}:latest"))) is None


def test_no_two_failing_pulls_say_the_same(faulty_beside):
    said = {}
    with Remote(faulty_beside, patience=5) as remote:
        for name in ("private", "denied", "nobody", "limited", "portal", "down", "broken"):
            with pytest.raises(errors.ImageError) as caught:
                remote.pull(f"{name}:latest")
            said[name] = caught.value.what
    assert len(set(said.values())) == len(said), said


def test_what_the_same_registry_does_not_spoil_arrives(faulty_beside, engine, request):
    if engines.image_store(engine.info) == "containerd":
        request.applymarker(pytest.mark.xfail(reason="containerd resumes the damaged download of that layer"))
    with Remote(faulty_beside) as remote:
        pulled = remote.pull("good:latest")
        try:
            assert pulled.digest == remote.digest("good:latest")
        finally:
            transfer.forget(str(pulled.reference))


@pytest.mark.soak
def test_a_layer_that_is_cut_again_and_again_ends_the_pull(faulty_beside, engine):
    """The engine waits five and ten seconds in between: too long for every run."""
    with Remote(faulty_beside) as remote:
        with pytest.raises(errors.TransferInterrupted):
            remote.pull("cut:latest")
        assert transfer.held(str(remote.reference("cut:latest"))) is None
