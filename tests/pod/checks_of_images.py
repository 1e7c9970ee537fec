"""What the course asks of images: to come, to be built, to be told of, to be kept."""

import io
import json
import tarfile

import docker.errors
from probe import RUN, MiB, build, check, client, container, name, packed, run, tiny

DOCKERFILE = (
    f"FROM {tiny}\nENV PROBE={RUN}\nWORKDIR /app\nCOPY a.txt .\nRUN cat a.txt > b.txt\nCMD cat b.txt\n"
)


@check
def import_image():
    made = client.api.import_image_from_data(packed(word="x"), repository=name("imported"))
    client.images.remove(json.loads(made.splitlines()[-1])["status"])


@check
def image_inspect_and_list():
    image = client.images.get(tiny)
    assert image.attrs["Size"] > MiB and image.id in {each.id for each in client.images.list()}


@check
def image_history():
    assert sum(step["Size"] for step in client.images.get(tiny).history()) > MiB


@check
def image_missing():
    try:
        client.images.get(name("nosuch"))
    except docker.errors.ImageNotFound:
        return
    raise AssertionError("an image that does not exist was found")


@check
def build_image():
    tag, log = build(DOCKERFILE, "built", a__txt="AAA\n")
    assert "Step 1/" in log and run(["cat", "/app/b.txt"], tag) == "AAA\n"


@check
def build_from_the_cache():
    _, log = build(DOCKERFILE, "built", a__txt="AAA\n")
    assert log.count("Using cache") >= 4


@check
def build_from_scratch():
    with container(["true"]) as it:
        tag, _ = build(
            'FROM scratch\nADD root.tar /\nCMD ["true"]\n', "scratch", root__tar=b"".join(it.export())
        )
    assert run("echo scratch", tag) == "scratch\n"


@check
def build_in_stages():
    stages = f"FROM {tiny} AS one\nRUN echo {RUN} > /x\nFROM {tiny}\nCOPY --from=one /x /y\n"
    assert run("cat /y", build(stages, "staged")[0]) == f"{RUN}\n"


@check
def build_fails():
    try:
        build(f"FROM {tiny}\nRUN exit 5\n", "failed")
    except docker.errors.BuildError as error:
        assert "5" in error.msg
    else:
        raise AssertionError("a failing step built an image")


@check
def history_of_the_built():
    assert any("COPY" in step["CreatedBy"] for step in client.images.get(name("built")).history())


@check
def save_and_load():
    saved = b"".join(client.images.get(name("built")).save(named=True))
    client.images.remove(name("built"), force=True)
    client.images.load(saved)
    assert run(["cat", "/app/b.txt"], name("built")) == "AAA\n"


@check
def saved_file_has_layers():
    saved = io.BytesIO(b"".join(client.images.get(tiny).save()))
    with tarfile.open(fileobj=saved) as tar:
        (manifest,) = json.load(tar.extractfile("manifest.json"))
        assert all(tar.getmember(layer).size for layer in manifest["Layers"])


@check
def tag_and_untag():
    client.images.get(tiny).tag(name("tagged"))
    client.images.remove(name("tagged"))
    assert not client.images.list(name("tagged"))
