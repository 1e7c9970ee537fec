"""The seconds of a trace, parted among its lanes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerlab.tracing import LANES, Hop, Trace


def trace_of(*spans):
    hops = [Hop(lane, start, seconds, "", {}, waiting) for lane, start, seconds, waiting in spans]
    return Trace("command", tuple(hops))


def test_each_moment_belongs_to_the_deepest_that_works():
    trace = trace_of(
        ("client", 0, 10, False), ("rest", 1, 8, False), ("rest", 2, 1, False), ("runc", 4, 2, False),
        ("process", 5, 3, False), ("process", 0, 10, True), ("dockerd", 7, 0, False),
    )  # fmt: skip
    assert trace.split() == pytest.approx({"client": 2, "rest": 4, "runc": 1, "process": 3})


def test_what_is_outside_the_command_does_not_count():
    trace = trace_of(("client", 0, 2, False), ("runc", -5, 6, False), ("process", 1.5, 9, False))
    assert trace.split() == pytest.approx({"client": 0.5, "runc": 1, "process": 0.5})
    assert trace_of().split() == {}


@given(
    st.lists(
        st.tuples(st.sampled_from(LANES[1:]), st.floats(-1, 2), st.floats(0, 2), st.booleans()), max_size=30
    )
)
def test_it_adds_up_to_the_whole(spans):
    trace = trace_of(("client", 0, 1, False), *spans)
    assert sum(trace.split().values()) == pytest.approx(1)
    assert min(trace.split().values()) >= 0


def test_ten_thousand_requests_are_parted_at_once():
    spans = [("rest", at / 1e4, 2e-4, False) for at in range(10_000)]
    assert trace_of(("client", 0, 2, False), *spans).split()["rest"] == pytest.approx(1.0001)
