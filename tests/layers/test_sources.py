"""One image built here, read from everywhere: the engine, its file lists, tars, a layout, a registry."""

from __future__ import annotations

import io
import json
import tarfile

import pytest

from dockerlab import engine as engines
from dockerlab import layering
from dockerlab.diagnosis.engines import image_store
from dockerlab.errors import ImageMissing, ImageUnclear, RegistryDenied, RegistryUnreachable
from dockerlab.layering import tarsplit

BUILT = "dockerlab-test/layers:1"
DOCKERFILE = b"""
FROM dockerlab/tiny:latest
ENV A=1
RUN mkdir -p /app/data && dd if=/dev/zero of=/app/big bs=1000 count=300 && ln /app/big /app/data/twin
RUN rm /app/big && echo hello > /app/hello && chmod 700 /app/data
RUN rm -r /app/data && mkdir /app/data && echo again > /app/data/new
CMD ["sh"]
"""


@pytest.fixture(scope="module")
def built(engine, tiny):
    api = engine.client.api
    for event in api.build(fileobj=io.BytesIO(DOCKERFILE), tag=BUILT, rm=True, forcerm=True, decode=True):
        assert "error" not in event, event
    yield BUILT
    api.remove_image(BUILT)


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """Call it to forget what was read before, without losing the engine."""
    count = iter(range(100))

    def forget():
        folder = tmp_path / f"memory-{next(count)}"
        folder.mkdir()
        monkeypatch.setattr("dockerlab.layering.stored.cache_dir", lambda *parts: folder)

    forget()
    return forget


@pytest.mark.engine
def test_the_built_image_says_what_its_dockerfile_did(built, fresh):
    image = layering.layers(built)
    first, _, third = image.layers[-3:]
    assert first.instruction.startswith("RUN mkdir -p /app/data")
    assert third.instruction.startswith("RUN rm -r /app/data")
    assert first.size_unpacked == 300_000
    assert image.changes[-3].added == ("/app", "/app/big", "/app/data", "/app/data/twin")
    assert image.changes[-2].added == ("/app/hello",)
    assert image.changes[-2].deleted == ("/app/big",)
    assert "/app/data" in image.changes[-2].changed
    assert image.changes[-1].added == ("/app/data/new",)
    assert image.changes[-1].deleted == ("/app/data/twin",)
    last = len(image.layers) - 1
    assert [(waste.size, waste.hidden) for waste in image.wasted if waste.path.startswith("/app")] == [
        (300_000, last)
    ]


@pytest.mark.engine
def test_every_source_gives_the_identical_model(engine, built, fresh, tmp_path, monkeypatch):
    from dockerlab import registries

    api = engine.client.api
    images = {"engine": layering.layers(built)}
    saved = tmp_path / "saved.tar"
    saved.write_bytes(b"".join(api.get_image(built)))
    fresh()
    images["tar"] = layering.layers(str(saved))
    fresh()
    with tarfile.open(saved) as tar:
        tar.extractall(tmp_path / "layout", filter="data")
    told = (tmp_path / "layout/index.json").exists()
    assert told or int(engine.version.split(".")[0]) < 25  # before, engines save in their old way alone
    if told:
        (tmp_path / "layout/manifest.json").unlink()
        images["layout"] = layering.layers(str(tmp_path / "layout"))
        fresh()
    monkeypatch.setattr(tarsplit, "config", lambda info, image: None)
    images["stream"] = layering.layers(built)
    fresh()
    with registries.registry() as registry:
        registry.push(built, "app:1")
        images["registry"] = layering.layers(f"registry://{registry.address}/app:1")
        again = layering.layers(f"registry://{registry.address}/app:1")
        content = layering.read_file(f"registry://{registry.address}/app:1", "/app/hello").data
    assert {name: image.id for name, image in images.items() if image != images["engine"]} == {}
    assert content == b"hello\n"
    assert again.as_dict() == images["registry"].as_dict()
    # containerd's store keeps the blobs as they came, and so they are as large as in the registry.
    as_they_came = image_store(engine.info) == "containerd"
    sizes = {name: images[name].size_compressed for name in ("registry", "engine")}
    assert sizes["registry"] == sizes["engine"] if as_they_came else sizes["registry"] < sizes["engine"]


@pytest.mark.engine
def test_the_engines_own_lists_are_its_tars(engine, built, fresh, monkeypatch):
    if tarsplit.config(engine.info, engine.client.api.inspect_image(built)["Id"]) is None:
        pytest.skip("this engine keeps no file lists that we may read")
    listed = layering.layers(built)
    fresh()
    monkeypatch.setattr(tarsplit, "config", lambda info, image: None)
    assert layering.layers(built).as_dict() == listed.as_dict()


@pytest.mark.engine
def test_a_registry_with_tls_and_a_login(engine, built, fresh, tmp_path, monkeypatch):
    import base64

    from dockerlab import registries

    with registries.registry(auth=("me", "secret"), tls=True) as registry:
        registry.push(built, "app:1")
        name = f"registry://{registry.address}/app:1"
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(registry.ca))
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        with pytest.raises(RegistryDenied):
            layering.layers(name)
        known = {"auth": base64.b64encode(b"me:secret").decode()}
        (tmp_path / "config.json").write_text(json.dumps({"auths": {registry.address: known}}))
        assert layering.layers(name) == layering.layers(built)


@pytest.mark.engine
def test_the_content_of_a_file_that_a_later_layer_hides(built, fresh):
    image = layering.layers(built)
    hidden = len(image.layers) - 3
    content = layering.read_file(built, "/app/big", layer=hidden, limit=10)
    assert (content.data, content.size, content.layer) == (bytes(10), 300_000, hidden)
    with pytest.raises(ImageUnclear):
        layering.read_file(built, "/app/big")


@pytest.mark.engine
def test_a_containers_own_layer_fills_and_goes(engine, built, fresh):
    api = engine.client.api
    script = "echo 12345 > /app/hello; mkdir /made; echo x > /made/x; ln /made/x /made/y; "
    script += "rm /app/data/new; ln -s a /l"
    container = api.create_container(built, ["sh", "-c", script], labels=engines.labels())["Id"]
    try:
        below = layering.layers(built)
        assert layering.layers(f"container://{container}").changes[-1].added == ()
        api.start(container)
        api.wait(container)
        live = layering.layers(f"container://{container}")
        assert live.layers[:-1] == below.layers
        top, changes = live.layers[-1], live.changes[-1]
        assert top.writable
        assert changes.added == ("/l", "/made", "/made/x", "/made/y")
        assert changes.changed == ("/app/hello",)
        assert changes.deleted == ("/app/data/new",)
        assert top.size_unpacked == 6 + 2
        assert live.tree()["/l"][0].link == "a"
        assert layering.read_file(f"container://{container}", "/app/hello").data == b"12345\n"
        committed = api.commit(container, "dockerlab-test/layers", "committed")["Id"]
    finally:
        api.remove_container(container, force=True)
    try:
        frozen = layering.layers(committed)
        # What was live is a layer now, with the empty files on which an engine mounts its own.
        mounted = {"/etc", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf"}
        assert set(frozen.changes[-1].added) - mounted == set(changes.added)
        assert set(frozen.changes[-1].changed) - mounted == set(changes.changed)
        assert frozen.changes[-1].deleted == changes.deleted
        assert frozen.layers[-1].size_unpacked == top.size_unpacked
    finally:
        api.remove_image("dockerlab-test/layers:committed")


@pytest.mark.engine
def test_an_image_that_is_not_there(engine, fresh):
    with pytest.raises(ImageMissing):
        layering.layers("dockerlab-test/nobody-made-this:1")


def test_a_registry_that_is_not_there(fresh):
    with pytest.raises(RegistryUnreachable):
        layering.layers("registry://localhost:1/x:1")
