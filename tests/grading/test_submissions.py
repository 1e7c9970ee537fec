"""Hostile, broken and honest submissions get the verdicts they should, and nothing of them stays."""

from __future__ import annotations

import pytest
from honest import honest
from submissions import hostile
from verdicts import left, wrong

from dockerlab.errors import ToolMissing
from dockerlab.grading import classroom, examination, sandbox
from dockerlab.grading.report import REJECTED

BROKEN = [each for each in hostile() if each.expected == "rejected"]
RUN = [each for each in hostile() if each.expected == "fails"]
# One of every kind; make soak runs them all.
QUICK = {
    *("kernel-prints-the-verdict", "kernel-patches-the-asking", "kernel-kills-everybody"),
    *("kernel-endless-and-deaf", "kernel-fork-bomb", "kernel-reads-the-solution-file"),
    *("kernel-the-real-socket", "engine-privileged", "engine-another-case", "engine-removes-another"),
    *(
        "engine-retags-the-image",
        "value-equal-to-everything",
        "value-tries-them-all",
        "edited-checks-deleted",
    ),
    *("honest-as-the-solution", "honest-docker-command", "honest-leaves-a-process", "file-split-cell"),
    *("file-pasted-cells", "file-without-ids"),
}


def test_there_are_enough():
    assert len(hostile()) >= 80 and len(honest()) >= 40
    assert len({each.name for each in [*hostile(), *honest()]}) == len(hostile()) + len(honest())
    assert {each.name for each in [*hostile(), *honest()]} >= QUICK


@pytest.fixture
def decoy(engine, tiny):
    """Somebody else's container, which must be as it was."""
    from dockerlab.engine import labels

    made = engine.client.api.create_container(
        "dockerlab/tiny", ["sleep", "9999"], name="decoy", labels=labels(1800)
    )["Id"]
    engine.client.api.start(made)
    before = engine.client.api.inspect_container(made)["State"]
    yield made
    after = engine.client.api.inspect_container(made)["State"]
    engine.client.api.remove_container(made, force=True)
    assert after == before


def graded(submissions, folder, monkeypatch):
    monkeypatch.setattr(examination, "CELL", 8.0)
    monkeypatch.setattr(examination, "WHOLE", 90.0)
    paths = []
    for each in submissions:
        paths.append(folder / f"{each.name}.ipynb")
        paths[-1].write_bytes(each.content)
    return classroom.grade_all(paths, jobs=3)


@pytest.mark.parametrize("submission", BROKEN, ids=lambda each: each.name)
def test_a_broken_file_is_rejected_with_a_reason_in_korean(submission, tmp_path):
    path = tmp_path / "broken.ipynb"
    path.write_bytes(submission.content)
    report = examination.grade(path)
    assert report.status == REJECTED and report.reason and report.score == report.max == 0


@pytest.mark.engine
def test_one_of_every_kind_gets_its_verdict(engine, tiny, decoy, tmp_path, monkeypatch):
    chosen = [each for each in [*RUN, *honest()] if each.name in QUICK]
    reports = graded(chosen, tmp_path, monkeypatch)
    assert not [said for each, report in zip(chosen, reports, strict=True) if (said := wrong(each, report))]
    assert not left(engine)


def test_root_does_not_run_strangers_without_walls(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "isolation", lambda: "none")
    monkeypatch.setattr(sandbox.os, "geteuid", lambda: 0)
    with pytest.raises(ToolMissing):
        sandbox.run(tmp_path, 1, 1)


@pytest.mark.engine
@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_every_submission_gets_its_verdict(engine, tiny, decoy, tmp_path, monkeypatch):
    chosen = [*hostile(), *honest()]
    reports = graded(chosen, tmp_path, monkeypatch)
    assert not [said for each, report in zip(chosen, reports, strict=True) if (said := wrong(each, report))]
    assert not left(engine)
    names = {tag for image in engine.client.images.list() for tag in image.tags}
    assert {"dockerlab/tiny:latest", "dockerlab/debian:latest", "dockerlab/python:latest"} <= names
