"""A class: in parallel, resumed after a kill, on a cluster that loses a worker, none of it stopped by one."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from xml.etree import ElementTree

import pytest
from honest import honest
from submissions import hostile

from dockerlab.errors import UsageMistake
from dockerlab.grading import classroom
from dockerlab.grading.report import GRADED, REJECTED

BY_NAME = {each.name: each for each in [*hostile(), *honest()]}


def handed_in(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}.ipynb").write_bytes(BY_NAME[name].content)
    return folder


def test_a_folder_is_searched_below_and_checkpoints_are_not_handed_in(tmp_path):
    handed_in(tmp_path / "kim", "broken-empty")
    handed_in(tmp_path / "lee" / "deep", "broken-null")
    handed_in(tmp_path / "lee" / ".ipynb_checkpoints", "broken-list")
    found = classroom.submissions([tmp_path])
    assert [str(path.relative_to(tmp_path)) for path in found] == [
        "kim/broken-empty.ipynb",
        "lee/deep/broken-null.ipynb",
    ]
    for nothing in (tmp_path / "no", tmp_path / "lee" / ".ipynb_checkpoints" / "x"):
        with pytest.raises(UsageMistake):
            classroom.submissions([nothing])


def test_no_submission_stops_the_others_and_their_order_is_kept(tmp_path):
    names = [each.name for each in hostile() if each.expected == "rejected"]
    paths = classroom.submissions([handed_in(tmp_path, *names)])
    (tmp_path / "pipe.ipynb").unlink(missing_ok=True)
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "link.ipynb").symlink_to("/dev/zero")
    paths += [tmp_path / "pipe.ipynb", tmp_path / "link.ipynb"]
    reports = classroom.grade_all(paths, jobs=4)
    assert [report.file for report in reports] == [path.name for path in paths]
    assert {report.status for report in reports} == {REJECTED}


def test_a_journal_forgets_what_was_torn_or_changed(tmp_path):
    folder, journal = handed_in(tmp_path / "in", "broken-null", "broken-list"), tmp_path / "x.partial"
    paths = classroom.submissions([folder])
    first = classroom.grade_all(paths, journal=journal)
    lines = journal.read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line]) == 2
    told = [json.loads(line) for line in lines if line]
    told[0]["report"]["reason"] = "kept"
    journal.write_text(json.dumps(told[0]) + "\n" + lines[-1][:20], encoding="utf-8")
    again = classroom.grade_all(paths, journal=journal)
    assert sorted(report.reason == "kept" for report in again) == [False, True]
    for path in paths:
        path.write_bytes(path.read_bytes() + b" ")
    assert [report.reason for report in classroom.grade_all(paths, journal=journal)] == [
        report.reason for report in first
    ]


@pytest.mark.engine
def test_a_killed_class_goes_on_where_it_was_and_writes_every_format(engine, tiny, tmp_path):
    folder = handed_in(
        tmp_path / "in", "broken-v3", "edited-untouched", "honest-as-the-solution", "file-own-cells"
    )
    (folder / "=1+1.ipynb").write_bytes(BY_NAME["broken-null"].content)
    outs = [tmp_path / f"book.{ending}" for ending in ("csv", "html", "json", "xml", "txt")]
    command = [sys.executable, "-m", "dockerlab", "grade", str(folder), "--jobs", "1"]
    command += [word for out in outs for word in ("--out", str(out))]
    partial = tmp_path / "book.csv.partial"
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline and '"graded"' not in (partial.read_text() if partial.exists() else ""):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = [json.loads(line)["report"] for line in partial.read_text(encoding="utf-8").splitlines() if line]
    assert 0 < len(kept) < 5 and not outs[0].exists()
    done = subprocess.run(command, capture_output=True, text=True, timeout=400)
    assert done.returncode == 1 and not partial.exists(), done.stderr
    told = {report["file"]: report for report in json.loads(outs[2].read_text(encoding="utf-8"))}
    assert len(told) == 5
    for report in kept:
        assert told[report["file"]] == report  # also its seconds: it was not graded again
    statuses = {name: report["status"] for name, report in told.items()}
    assert [name for name, status in statuses.items() if status == REJECTED] == [
        "=1+1.ipynb",
        "broken-v3.ipynb",
    ]
    assert told["honest-as-the-solution.ipynb"]["score"] == told["file-own-cells.ipynb"]["max"] == 17
    rows = list(csv.reader(outs[0].read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) == 6 and rows[1][0] == "'=1+1.ipynb"
    suites = ElementTree.parse(outs[3]).getroot()
    assert len(suites) == 5 and len(suites.findall(".//error")) == 2
    page = outs[1].read_text(encoding="utf-8")
    assert "<script" not in page and page.count("<table") >= 4
    assert "미시도" in outs[4].read_text(encoding="utf-8")


@pytest.mark.engine
def test_a_cluster_that_loses_a_worker_half_way_grades_all(engine, tiny, tmp_path):
    distributed = pytest.importorskip("distributed")
    names = (
        "honest-as-the-solution",
        "edited-untouched",
        "broken-v3",
        "file-own-cells",
        "kernel-does-nothing",
    )
    paths = classroom.submissions([handed_in(tmp_path, *names)])
    killed = []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:

        def lose_a_worker(what, done, total):
            if done and not killed:
                busy = next(iter(cluster.workers.values())).pid
                os.kill(busy, signal.SIGKILL)
                killed.append(busy)

        reports = classroom.grade_all(paths, scheduler=cluster.scheduler_address, report=lose_a_worker)
    assert killed
    found = {report.file: report for report in reports}
    assert found["broken-v3.ipynb"].status == REJECTED
    assert all(found[f"{name}.ipynb"].status == GRADED for name in names if name != "broken-v3")
    assert found["honest-as-the-solution.ipynb"].passed and found["file-own-cells.ipynb"].passed
    assert found["edited-untouched.ipynb"].score == 0


def test_a_scheduler_that_is_not_there_is_said_in_three_lines(tmp_path):
    paths = classroom.submissions([handed_in(tmp_path, "broken-null")])
    with pytest.raises(UsageMistake, match="스케줄러"):
        classroom.grade_all(paths, scheduler="tcp://127.0.0.1:9")
