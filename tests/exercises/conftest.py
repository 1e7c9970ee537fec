"""A learner without a notebook: the names that the setup cell gives, and code that runs in them."""

from __future__ import annotations

import pytest

from dockerlab.exercises import judging, parameters, preparing
from dockerlab.exercises.observation import View
from dockerlab.exercises.tidying import tidy


class Learner:
    """Runs answers against the real engine and has them judged."""

    def __init__(self, engine, exercise):
        import dockerlab

        self.exercise, self.engine = exercise, engine
        self.given = parameters.given(exercise, parameters.fresh_seed(exercise))
        preparing.prepare(exercise, self.given, engine)
        self.names = {"client": engine.client, "given": self.given, "lab": dockerlab, "answer": None}

    def write(self, code):
        self.names["answer"] = None
        exec(code, self.names)

    def verdict(self, task):
        return judging.judge(self.exercise, task, View(self.engine), self.given, self.names["answer"])

    def state(self):
        """What there is, and whether it is as it was: identity to a fingerprint."""
        api, token = self.engine.client.api, self.given.token
        seen = {}
        for each in api.containers(all=True, filters={"name": token}):
            raw = api.inspect_container(each["Id"])
            # A registry may hold what a wrong answer pushed: the right one takes its place.
            changes = None if "registry" in raw["Name"] else api.diff(raw["Id"])
            seen["container", raw["Id"]] = str((raw["State"]["Status"], raw["State"]["Pid"], changes))
        for each in api.networks(filters={"name": token}):
            seen["network", each["Id"]] = ""
        for each in api.volumes(filters={"name": token})["Volumes"] or ():
            seen["volume", each["Name"]] = ""
        for each in api.images():
            for tag in each.get("RepoTags") or ():
                if token in tag:
                    seen["image", tag] = each["Id"]
        return seen

    def undo(self, before):
        """Removes what is new. False if what was there has changed: then only a new start helps."""
        api, now = self.engine.client.api, self.state()
        remove = {
            "container": lambda each: api.remove_container(each, force=True, v=True),
            "network": self._remove_network,
            "volume": api.remove_volume,
            "image": lambda each: api.remove_image(each, force=True),
        }
        for kind, identity in sorted(now.keys() - before.keys()):  # containers first: they hold the rest
            remove[kind](identity)
        return all(now.get(key) == value for key, value in before.items())

    def _remove_network(self, identity):
        """What was there before may have joined it since."""
        api = self.engine.client.api
        for each in api.inspect_network(identity)["Containers"]:
            api.disconnect_container_from_network(each, identity, force=True)
        api.remove_network(identity)

    def close(self):
        tidy(self.given, self.engine)


@pytest.fixture
def learner(engine):
    made = []

    def sit(exercise, *, solved_up_to=None):
        made.append(Learner(engine, exercise))
        for name in exercise.names():
            if solved_up_to in (None, name):
                break
            made[-1].write(exercise.task(name).answer)
        return made[-1]

    yield sit
    for each in made:
        each.close()
