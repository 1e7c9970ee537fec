"""Tidying removes what carries the learner's names, and only the names where the image is another's."""

import pytest

from dockerlab.exercises import catalog

pytestmark = pytest.mark.engine


def tags(engine, image):
    return set(engine.client.images.get(image).tags)


def test_an_image_of_the_course_loses_only_the_name_that_the_learner_gave_it(learner, engine, tiny):
    sitting = learner(catalog.exercise("01"))
    mine = f"practice-{sitting.given.token}/mine:1"
    sitting.write(f'client.images.get("dockerlab/tiny").tag(*{mine!r}.split(":"))')
    assert mine in tags(engine, "dockerlab/tiny")
    sitting.close()
    assert mine not in tags(engine, "dockerlab/tiny") and "dockerlab/tiny:latest" in tags(
        engine, "dockerlab/tiny"
    )


def test_what_was_prepared_goes_and_what_the_learner_named_stays(learner, engine):
    sitting = learner(catalog.exercise("07"))
    own = f"of-a-learner/{sitting.given.token[::-1]}:1"
    sitting.write(f'client.images.get(given.shop).tag(*{own!r}.split(":"))')
    try:
        sitting.close()
        assert tags(engine, own) == {own}
    finally:
        engine.client.images.remove(own)
    assert not engine.client.images.list(filters={"label": f"dockerlab.exercise={sitting.given.token}"})
