"""docker-py, the real docker command and curl get through the relay what they get without it (about 60 s)."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor

import operations_api
import operations_cli
import pytest
from side import Side

from dockerlab.engine import labels

pytestmark = pytest.mark.engine
OPERATIONS = [*operations_api.OPERATIONS, *operations_cli.OPERATIONS]




@pytest.fixture(scope="module", autouse=True)
def watcher(engine):
    """Whatever is labelled is watched over, through a connection that stays: open it before counting."""
    labels()


@pytest.mark.parametrize("operate", OPERATIONS, ids=lambda operate: operate.__name__)
def test_the_relay_changes_nothing(operate, engine, tiny, relay_to, place):
    relay = relay_to(engine.endpoint)
    direct = Side(engine.endpoint.url, f"{place.name.lower()}d", tiny.reference)
    relayed = Side(relay.url, f"{place.name.lower()}r", tiny.reference)
    with ThreadPoolExecutor(2) as pool:
        expected, got = pool.map(lambda side: side.compared(operate(side)), (direct, relayed))
    for side in (direct, relayed):
        side.client.close()
    gc.collect()  # streams of docker-py close with the objects that hold them
    assert got == expected
    assert relay_to.told(relay)
    assert relay_to.faults(relay) == []


def test_there_are_at_least_forty_of_them():
    assert len(OPERATIONS) >= 40
