"""A learner without a notebook: the names that the setup cell gives, and code that runs in them."""

from __future__ import annotations

import pytest

from dockerlab.exercises import judging, parameters, preparing
from dockerlab.exercises.observation import View


class Learner:
    """Runs answers against the real engine and has them judged."""

    def __init__(self, engine, exercise):
        self.exercise, self.engine = exercise, engine
        self.given = parameters.given(exercise, parameters.fresh_seed(exercise))
        preparing.prepare(exercise, self.given, engine)
        import dockerlab

        self.names = {"client": engine.client, "given": self.given, "lab": dockerlab, "answer": None}

    def write(self, code):
        self.names["answer"] = None
        exec(code, self.names)

    def verdict(self, task):
        answer = self.names["answer"]
        return judging.judge(self.exercise, task, View(self.engine), self.given, answer)

    def solve_up_to(self, task):
        """What a task finds: all before it done."""
        for name in self.exercise.names():
            if name == task:
                return
            self.write(self.exercise.task(name).answer)
        raise KeyError(task)


@pytest.fixture
def learner(engine):
    made = []

    def sit(exercise):
        made.append(Learner(engine, exercise))
        return made[-1]

    yield sit
    from dockerlab.exercises.tidying import tidy

    for each in made:
        tidy(each.given, engine)
