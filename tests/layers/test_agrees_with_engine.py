"""The merged view is what the engine itself shows: 200 generated stacks, loaded and exported again."""

from __future__ import annotations

import hashlib
import io
import json
import random
import tarfile

import pytest
from crafted import config, files

from dockerlab import layering
from dockerlab.layering.model import FILE, FOLDER, SYMLINK

pytestmark = pytest.mark.engine

STACKS, AT_ONCE = 200, 40
NAMES = ("a", "b", "c", "d", "가나")


class Writer:
    """One layer, written in an order that engines accept."""

    def __init__(self, number, chance):
        self.buffer = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.buffer, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self.number, self.chance = number, chance
        self.kinds = {}

    def add(self, path, kind=tarfile.REGTYPE, link="", mode=0o644):
        if path in self.kinds:
            return  # engines refuse a path that is there twice
        if kind != tarfile.DIRTYPE and any(each.startswith(f"{path}/") for each in self.kinds):
            return  # and nothing in one layer is a folder and a file
        info = tarfile.TarInfo(path)
        info.type, info.linkname, info.mode = kind, link, mode
        content = (
            f"{self.number} {path} ".encode() * self.chance.randint(1, 9) if kind == tarfile.REGTYPE else b""
        )
        info.size = len(content)
        self.tar.addfile(info, io.BytesIO(content))
        self.kinds[path] = kind

    def add_folders(self, paths, below):
        """Layers of engines say every folder on the way. One that is there and left out keeps its mode by
        the specification; overlay2 resets it."""
        for path in paths:
            if path in below or self.chance.random() < 0.7:
                self.add(path, tarfile.DIRTYPE, mode=self.chance.choice((0o755, 0o700)))

    def done(self):
        self.tar.close()
        return self.buffer.getvalue()


def grown(chance, number, below):
    """A layer over the paths ``below`` (path -> whether a folder), and what is there afterwards."""
    writer = Writer(number, chance)
    hidden = []
    for path in chance.sample(sorted(below), min(len(below), chance.randint(0, 3))):
        folder, _, name = path.rpartition("/")
        nested = any(path.startswith(f"{each}/") or each.startswith(f"{path}/") for each in hidden)
        if below.get(folder) and not nested:
            writer.add_folders(
                ["/".join(folder.split("/")[: at + 1]) for at in range(folder.count("/") + 1)], below
            )
            writer.add(f"{folder}/.wh.{name}")
            hidden.append(path)
    for _ in range(chance.randint(1, 7)):
        parts = ["w", *chance.choices(NAMES, k=chance.randint(1, 4))]
        path = "/".join(parts)
        above = ["/".join(parts[:at]) for at in range(1, len(parts))]
        # Engines do not unpack below a file or a link of the same layer, and overlay2 loses a whiteout
        # when the same layer makes a folder of that name.
        if any(writer.kinds.get(each, tarfile.DIRTYPE) != tarfile.DIRTYPE for each in above):
            continue
        if any(each in hidden for each in above):
            continue
        writer.add_folders(above, below)
        kind = chance.choice("ffffddslo")
        if kind == "d" and path not in hidden:
            writer.add(path, tarfile.DIRTYPE, mode=chance.choice((0o755, 0o711)))
        elif (
            kind == "o" and path not in hidden and writer.kinds.get(path, tarfile.DIRTYPE) == tarfile.DIRTYPE
        ):
            writer.add(path, tarfile.DIRTYPE, mode=0o755)
            if chance.random() < 0.5:
                writer.add(f"{path}/{chance.choice(NAMES)}")
            writer.add(f"{path}/.wh..wh..opq")
        elif kind == "s":
            writer.add(path, tarfile.SYMTYPE, link=chance.choice(NAMES))
        elif kind == "l" and path not in writer.kinds:
            regular = [
                each for each, of in writer.kinds.items() if of == tarfile.REGTYPE and "/.wh." not in each
            ]
            if regular:
                writer.add(path, tarfile.LNKTYPE, link=chance.choice(regular))
        elif kind == "f":
            writer.add(path)
    return writer.done()


def generated(seed):
    """The layers of one image."""
    chance = random.Random(seed)
    layers = [files("w")]
    for number in range(1, chance.randint(3, 6)):
        seen = layering.Image("", tuple(made_layer(data) for data in layers)).tree()
        below = {path[1:]: file.kind == FOLDER for path, (file, _) in seen.items()}
        layers.append(grown(chance, number, below))
    return layers


def made_layer(data):
    from dockerlab.layering.budget import Budget
    from dockerlab.layering.contents import scan
    from dockerlab.layering.cursor import Cursor

    told = scan(Cursor([data]), Budget())
    return layering.Layer("", "", told.files, told.whiteouts, told.opaque)


def together(stacks):
    """One file for docker load with many images."""
    members, manifest = {}, []
    for seed, layers in stacks.items():
        settings = config(layers, [{"created_by": f"layer {at}"} for at in range(len(layers))])
        name = f"{hashlib.sha256(settings).hexdigest()}.json"
        places = [f"{hashlib.sha256(data).hexdigest()}/layer.tar" for data in layers]
        members |= {name: settings} | dict(zip(places, layers, strict=True))
        manifest.append({"Config": name, "RepoTags": [f"dockerlab-test/stack:{seed}"], "Layers": places})
    return files(*members.items(), ("manifest.json", json.dumps(manifest).encode()))


def exported(api, reference):
    """What the engine shows of an image, read by the standard library."""
    from dockerlab.engine import labels

    container = api.create_container(reference, ["true"], labels=labels())["Id"]
    try:
        whole = io.BytesIO(b"".join(api.export(container)))
    finally:
        api.remove_container(container)
    found = {}
    with tarfile.open(fileobj=whole) as tar:
        for member in tar:
            path = "/" + member.name.rstrip("/")
            if not path.startswith("/w"):
                continue  # what an engine puts into every container
            if member.isdir():
                found[path] = (FOLDER, member.mode & 0o7777)  # 20.10 writes the kind there, too
            elif member.issym():
                found[path] = (SYMLINK, member.linkname)
            else:
                found[path] = (FILE, member.mode & 0o7777, tar.extractfile(member).read())
    return found


def expected(image, layers):
    """The same from our model, contents taken from the layer that it names."""
    stored = []
    for data in layers:
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            stored.append(
                {"/" + member.name: tar.extractfile(member).read() for member in tar if member.isreg()}
            )
    found = {}
    for path, (file, number) in image.tree().items():
        if file.kind == FOLDER:
            found[path] = (FOLDER, file.mode)
        elif file.kind == SYMLINK:
            found[path] = (SYMLINK, file.link)
        else:
            content = stored[number][file.twin or path]
            assert len(content) == file.size
            found[path] = (FILE, file.mode, content)
    return found


@pytest.mark.parametrize("first", range(0, STACKS, AT_ONCE))
def test_the_merged_view_is_the_engines_own(engine, first, tmp_path):
    api = engine.client.api
    stacks = {seed: generated(seed) for seed in range(first, first + AT_ONCE)}
    saved = tmp_path / "stacks.tar"
    saved.write_bytes(together(stacks))
    references = [f"dockerlab-test/stack:{seed}" for seed in stacks]
    differences = {}
    try:
        told = [event for event in api.load_image(saved.read_bytes()) if "error" in event]
        assert not told
        for seed, reference in zip(stacks, references, strict=True):
            image = layering.layers(f"{saved}#{reference}")
            ours, theirs = expected(image, stacks[seed]), exported(api, reference)
            for path, what in ours.items():
                # Nobody wrote down the mode of such a folder; an engine has to choose one.
                if what == (FOLDER, -1) and theirs.get(path, ("",))[0] == FOLDER:
                    theirs[path] = what
            if ours != theirs:
                differences[seed] = sorted(set(ours.items()) ^ set(theirs.items()))
            assert layering.layers(reference) == image
    finally:
        for reference in references:
            remove(api, reference)
    assert not differences


def remove(api, reference):
    import docker.errors

    try:
        api.remove_image(reference)
    except docker.errors.ImageNotFound:
        pass
