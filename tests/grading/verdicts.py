"""What is looked at after submissions were graded: were the verdicts right, and is anything left."""

from __future__ import annotations

import contextlib

import psutil

from dockerlab.exercises.model import PASSED
from dockerlab.exercises.preparing import EXERCISE
from dockerlab.grading import sandbox
from dockerlab.grading.report import GRADED, REJECTED


def wrong(submission, report):
    """What is not as expected, or nothing."""
    if submission.expected == "rejected":
        right = report.status == REJECTED and not report.reason.startswith("채점하지 못했습니다")
    else:
        verdicts = {task.task: task.verdict for task in report.tasks}
        expected = submission.expected == "passes"
        passed = report.passed if expected else verdicts.get(submission.task) == PASSED
        right = report.status == GRADED and passed == expected
    return "" if right else f"{submission.name}: {report}"


def left(engine):
    """What a submission could leave: on the engine, as a process."""
    api = engine.client.api
    wanted = {"label": EXERCISE}
    found = [each["Id"] for each in api.containers(all=True, filters=wanted)]
    found += [each["Id"] for each in api.networks(filters=wanted)]
    found += [each["Name"] for each in api.volumes(filters=wanted)["Volumes"] or ()]
    found += [each["Id"] for each in api.images(filters=wanted)]
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if sandbox.UNPRIVILEGED <= process.uids().real < sandbox.UNPRIVILEGED + 4000:
                found.append(process)
    return found
