"""Which Dockerfiles a graded build takes: none that would have the engine fetch something from outside."""

from __future__ import annotations

import gzip
import io
import json
import tarfile

import pytest

from dockerlab.grading import dockerfiles
from dockerlab.grading.policy import Refused

OWN = ("dockerlab/tiny", "mine:1", "localhost:5000/web:1", "sha256:abc")


def base(name):
    if name not in OWN:
        raise Refused(name)


def packed(*files, kind=tarfile.REGTYPE):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, text in files:
            info = tarfile.TarInfo(name)
            info.size, info.type = len(text), kind
            if kind == tarfile.SYMTYPE:
                info.size, info.linkname = 0, "other"
            tar.addfile(info, io.BytesIO(text.encode()))
    return made.getvalue()


def inspect(text, **query):
    dockerfiles.inspect(io.BytesIO(packed(("Dockerfile", text))), query, base)


@pytest.mark.parametrize(
    "text",
    [
        "FROM dockerlab/tiny",
        "from dockerlab/tiny\nRUN echo FROM busybox",
        "# FROM busybox\nFROM mine:1 AS made\nFROM scratch\nCOPY --from=made /a /b",
        "FROM mine:1\nFROM dockerlab/tiny\nCOPY --from=0 /a /b\nADD a.txt /a/",
        "ARG wanted=mine\nFROM ${wanted}:1",
        "ARG wanted\nFROM $wanted",
        "FROM localhost:5000/web:1",
        "FROM \\\n  # a comment\n\n  sha256:abc",
        "FROM dockerlab/tiny AS Base\nFROM base",
        "FROM --platform=linux/amd64 dockerlab/tiny",
    ],
)
def test_what_stays_inside_is_built(text):
    inspect(text, buildargs=json.dumps({"wanted": "mine:1"}) if "ARG wanted\n" in text else None)


@pytest.mark.parametrize(
    "text",
    [
        "FROM busybox",
        "from busybox",
        "  FROM busybox",
        "FROM dockerlab/tiny\nFROM busybox",
        "FR\\\nOM busybox",
        "# escape=`\nFROM dockerlab/tiny`\nRUN a \\\nFROM busybox",
        "ARG wanted=busybox\nFROM $wanted",
        "ARG wanted=mine:1\nFROM ${wanted:-busybox}",
        "FROM $HTTP_PROXY",
        'FROM "busybox"',
        "FROM 0",
        "FROM",
        "FROM dockerlab/tiny\nCOPY --from=busybox /a /b",
        "FROM dockerlab/tiny\nCOPY --chown=1 --from=busybox /a /b",
        "FROM dockerlab/tiny\nONBUILD COPY --from=busybox /a /b",
        "FROM dockerlab/tiny\nCOPY --from=1 /a /b",
        "FROM later\nFROM dockerlab/tiny AS later",
        "FROM dockerlab/tiny\nADD http://192.0.2.1/a /a",
        "FROM dockerlab/tiny\nENV u=http://192.0.2.1\nADD $u /a",
        "FROM dockerlab/tiny\nADD ht\\tp:/\\/192.0.2.1/a /a",
        'FROM dockerlab/tiny\nADD ["http:\\u002f/192.0.2.1/a", "/a"]',
        "FROM dockerlab/tiny\nONBUILD ADD http://192.0.2.1/a /a",
    ],
)
def test_what_would_be_fetched_from_outside_is_refused(text):
    with pytest.raises(Refused):
        inspect(text)


def test_an_argument_of_the_build_does_not_lead_outside():
    with pytest.raises(Refused):
        inspect("ARG wanted=mine:1\nFROM $wanted", buildargs=json.dumps({"wanted": "busybox"}))


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (packed(("Dockerfile", "FROM dockerlab/tiny"), ("./Dockerfile", "FROM busybox")), ""),
        (packed(("dockerfile", "FROM busybox")), ""),
        (packed(("Dockerfile", "FROM busybox"), ("dockerfile", "FROM mine:1")), ""),
        (packed(("Dockerfile", "FROM mine:1"), ("other", "FROM busybox")), "./x/../other"),
        (packed(("Dockerfile", ""), kind=tarfile.SYMTYPE), ""),
        (packed(("Dockerfile", ""), kind=tarfile.LNKTYPE), ""),
        (packed(("readme", "FROM mine:1")), ""),
        (packed(("Dockerfile", "FROM mine:1\n#" + "x" * 300_000)), ""),
        (gzip.compress(packed(("Dockerfile", "FROM mine:1"))), ""),
        (b"FROM mine:1", ""),
        (b"", ""),
    ],
)
def test_the_file_that_counts_is_the_one_looked_at(content, name):
    with pytest.raises(Refused):
        dockerfiles.inspect(io.BytesIO(content), {"dockerfile": name}, base)
