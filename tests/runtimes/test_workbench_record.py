"""What is shown on an engine that is not ours is what a real workbench answers."""

import re
from pathlib import Path

import pytest

from dockerlab import errors
from dockerlab.course import recording
from dockerlab.runtimes import Recorded

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LESSONS = [NOTEBOOKS / name for name in ("04-docker-architecture.ipynb", "05-components-and-registry.ipynb")]


def outline(answer):
    """An answer without ids, PIDs and times."""
    return re.sub(r"[0-9a-f]{64}|\d+", "#", answer["stdout"])


@pytest.mark.engine
def test_the_record_is_what_the_lessons_cells_get_today(private):
    recorded = Recorded("somewhere")
    for lesson in LESSONS:
        for answer in recording.play(lesson):
            told = recorded.sh(answer["command"])
            assert told.exit_code == answer["exit_code"], answer["command"]
            if not answer["command"].startswith(("ctr --address", "ps", "cut")):
                assert outline({"stdout": told.stdout}) == outline(answer), answer["command"]


def test_elsewhere_a_recorded_answer_is_given_and_said_to_be_one():
    recorded = Recorded("/var/run/docker.sock")
    assert recorded.recorded and "기록해 둔" in str(recorded) and "/var/run/docker.sock" in str(recorded)
    assert "RUNNING" in recorded.sh("ctr --address /engine/containerd.sock --namespace moby tasks ls").stdout
    with pytest.raises(errors.OnlyPrivateEngine):
        recorded.sh("rm -rf /")
