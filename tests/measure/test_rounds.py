"""Rounds: the exact order of execution, what counts as a value, and what is left after a failure."""

import gc
import json
import random

import pytest

from dockerlab.errors import MeasureError
from dockerlab.measure import Phases, Timing, rounds


def recorder(log, name, seconds=1.0):
    def case():
        log.append(name)
        return seconds

    return case


def test_runs_every_case_once_per_round_in_the_order_of_the_seed():
    log = []
    rounds({name: recorder(log, name) for name in "abc"}, n=3, warmup=1, seed=7)
    expected, dice = [], random.Random(7)
    for _ in range(4):
        names = list("abc")
        dice.shuffle(names)
        expected += names
    assert log == expected
    assert [sorted(log[at : at + 3]) for at in range(0, 12, 3)] == [list("abc")] * 4


def test_exact_sequence_for_a_known_seed():
    log = []
    rounds({name: recorder(log, name) for name in "ab"}, n=4, warmup=2, seed=1)
    assert "".join(log) == "babaabbaabab"


def test_order_differs_between_rounds_so_no_case_always_goes_first():
    log = []
    rounds({name: recorder(log, name) for name in "ab"}, n=20, warmup=0, seed=3)
    first = log[::2]
    assert 5 < first.count("a") < 15


def test_same_seed_same_order_and_a_free_seed_is_recorded():
    logs = [[], [], []]
    timing = rounds({n: recorder(logs[0], n) for n in "abcd"}, n=5)["a"]
    for log in logs[1:]:
        rounds({n: recorder(log, n) for n in "abcd"}, n=5, seed=timing.metadata["seed"])
    assert logs[0] == logs[1] == logs[2]


def test_values_are_in_order_and_warmups_apart():
    given = iter([9.0, 8.0, 1.0, 2.0, 3.0])
    timing = rounds({"x": lambda: next(given)}, n=3, warmup=2)["x"]
    assert timing.warmups == (9.0, 8.0)
    assert timing.values == (1.0, 2.0, 3.0)
    assert timing.n == 3 and timing.median == 2.0


def test_values_of_one_round_share_an_index():
    clock = iter(range(100))
    cases = {"a": lambda: float(next(clock)), "b": lambda: float(next(clock))}
    taken = rounds(cases, n=5, warmup=1, seed=2)
    for at, pair in enumerate(zip(taken["a"].values, taken["b"].values, strict=True)):
        assert {value // 2 for value in pair} == {at + 1}


def test_phases_give_total_or_the_named_finish():
    phases = Phases((("create", 0.2), ("ready", 0.5), ("exit", 0.9)))
    cases = {"container": lambda: phases, "vm": lambda: phases, "plain": lambda: 0.3}
    assert rounds({"c": lambda: phases}, n=2)["c"].values == (0.9, 0.9)
    ready = rounds(cases, n=2, finish="ready")
    assert ready["container"].values == (0.5, 0.5) and ready["plain"].values == (0.3, 0.3)
    each = rounds(cases, n=1, finish={"container": "create"})
    assert each["container"].metadata["finish"] == "create" and each["vm"].metadata["finish"] is None
    assert each["container"].values == (0.2,) and each["vm"].values == (0.9,)
    assert each["vm"].phases == (phases,) and each["plain"].phases == ()


def test_a_run_that_misses_the_finish_line_is_not_a_value():
    with pytest.raises(MeasureError) as caught:
        rounds({"vm": lambda: Phases((("firmware", 0.1),))}, n=1, finish="ready")
    assert "ready" in str(caught.value) and "firmware" in str(caught.value)


def test_garbage_collection_is_off_inside_and_restored_outside():
    seen = []

    def case():
        seen.append(gc.isenabled())
        return 1.0

    assert gc.isenabled()
    rounds({"x": case}, n=2)
    assert seen == [False] * 3 and gc.isenabled()
    gc.disable()
    try:
        rounds({"x": case}, n=1)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_an_exception_propagates_and_ends_the_rounds():
    log = []

    def broken():
        log.append("broken")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rounds({"broken": broken}, n=5, warmup=0)
    assert log == ["broken"] and gc.isenabled()


def test_reports_every_step_up_to_the_whole():
    told = []
    rounds({"a": lambda: 1.0, "b": lambda: 1.0}, n=2, warmup=1, report=lambda *step: told.append(step))
    assert list(dict.fromkeys(told)) == [
        ("예열", 0, 2), ("예열", 1, 2), ("예열", 2, 2),
        ("측정", 0, 4), ("측정", 1, 4), ("측정", 2, 4), ("측정", 3, 4), ("측정", 4, 4),
    ]  # fmt: skip


@pytest.mark.parametrize("bad", [{"n": 0}, {"warmup": -1}, {"cases": {}}])
def test_impossible_requests_are_refused_before_anything_runs(bad):
    log = []
    request = {"cases": {"a": recorder(log, "a")}, **bad}
    with pytest.raises(MeasureError):
        rounds(**request)
    assert log == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_a_value_that_is_no_duration_is_refused(value):
    with pytest.raises(MeasureError):
        rounds({"x": lambda: value}, n=1)


def test_metadata_tells_machine_load_steal_and_date():
    metadata = rounds({"x": lambda: 1.0}, n=1)["x"].metadata
    assert {"cpu", "cores", "memory", "os", "python", "load", "load_after", "steal", "date"} <= set(metadata)
    assert metadata["cores"] >= 1 and metadata["memory"] > 2**20 and 0 <= metadata["steal"] <= 1
    assert metadata["date"][-6] in "+-"


def test_json_round_trip_keeps_everything():
    phases = Phases((("ready", 0.5), ("exit", 0.75)))
    timing = rounds({"x": lambda: phases}, n=3, warmup=1)["x"].noting(accelerator="tcg", engine="26.1.5")
    again = Timing.from_dict(json.loads(json.dumps(timing.as_dict())))
    assert again == timing
    assert again.metadata["accelerator"] == "tcg" and again.interval == timing.interval
