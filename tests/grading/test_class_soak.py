"""Two hundred submissions, twenty of them hostile: killed half-way and gone on with (about 20 minutes).

With -s it prints the seconds of a submission and the most memory that the grader had.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from itertools import cycle, islice
from pathlib import Path

import pytest
from honest import honest
from submissions import hostile
from verdicts import left, wrong

from dockerlab.grading.report import from_dict

SIZE, HOSTILE = 200, 20
MOST_MEMORY = 500 * 2**20
pytestmark = [pytest.mark.engine, pytest.mark.soak, pytest.mark.timeout(2 * 3600)]


def handed_in(folder):
    """The class by the name of the file; hostile ones of every kind, spread among the others."""
    bad = hostile()[:: len(hostile()) // HOSTILE][:HOSTILE]
    good = list(islice(cycle(honest()), SIZE - HOSTILE))
    every = SIZE // HOSTILE
    found = {}
    for number in range(SIZE):
        each = bad[number // every] if number % every == 0 else good[number - number // every - 1]
        path = folder / f"learner-{number:03}" / f"{each.name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(each.content)
        found[str(path.relative_to(folder))] = each
    assert sum(each.expected != "passes" for each in found.values()) == HOSTILE
    return found


class Grader:
    """The command, and the most memory it has been seen to have."""

    def __init__(self, command, temporary):
        nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, env=os.environ | {"TMPDIR": str(temporary)}, **nowhere)
        self.memory = 0

    def ended(self):
        """Waits a little for the end."""
        try:
            self.process.wait(0.5)
        except subprocess.TimeoutExpired:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
            self.memory = max(self.memory, int(status.split("VmHWM:")[1].split()[0]) * 1024)
        return self.process.returncode is not None


def graded_so_far(partial):
    return partial.read_text(encoding="utf-8").count('"graded"') if partial.exists() else 0


def test_a_class_of_two_hundred_is_graded_though_the_grader_is_killed(engine, tiny, tmp_path):
    expected = handed_in(tmp_path / "submissions")
    outs = [tmp_path / "gradebook.csv", tmp_path / "gradebook.json"]
    partial = tmp_path / "gradebook.csv.partial"
    command = [sys.executable, "-m", "dockerlab", "grade", str(tmp_path / "submissions")]
    command += ["--out", str(outs[0]), "--out", str(outs[1])]
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    began = time.monotonic()
    first = Grader(command, temporary)
    while graded_so_far(partial) < SIZE // 4:
        assert not first.ended()
    first.process.kill()
    first.process.wait()
    kept = [json.loads(line)["report"] for line in partial.read_text(encoding="utf-8").splitlines() if line]
    second = Grader(command, temporary)
    while not second.ended():
        pass
    seconds = time.monotonic() - began
    memory = max(first.memory, second.memory)
    print(f"{seconds / SIZE:.2f} s a submission, {memory / 2**20:.0f} MiB, {len(kept)} before the kill")
    told = {report["file"]: report for report in json.loads(outs[1].read_text(encoding="utf-8"))}
    assert told.keys() == expected.keys() and not partial.exists()
    assert not [said for name, each in expected.items() if (said := wrong(each, from_dict(told[name])))]
    assert all(told[report["file"]] == report for report in kept)  # none was graded twice
    assert len(outs[0].read_text(encoding="utf-8-sig").splitlines()) >= SIZE + 1
    assert 0 < memory <= MOST_MEMORY
    assert not left(engine) and not list(temporary.iterdir())
