"""Timing, comparison and caveats against samples whose answer is known."""

import numpy as np
import pytest

from dockerlab.errors import MeasureError
from dockerlab.measure import Phases, Timing, caveats, compare
from dockerlab.measure.caveats import outliers
from dockerlab.measure.comparison import two_digits


def timing(values, what="x", **more):
    return Timing(what=what, values=tuple(values), **more)


# --- Timing ------------------------------------------------------------------------------------
def test_median_spread_and_quartiles():
    odd = timing([3, 1, 2, 5, 4])
    assert (odd.n, odd.median, odd.spread, odd.quartiles) == (5, 3, (1, 5), (2, 4))


def test_interval_is_reproducible_and_holds_the_median():
    values = np.random.default_rng(5).normal(1, 0.1, 12)
    low, high = timing(values).interval
    assert timing(values).interval == (low, high)
    assert min(values) <= low < timing(values).median < high <= max(values)


def test_interval_of_one_value_or_equal_values_has_no_width():
    assert timing([2.0]).interval == (2.0, 2.0)
    assert timing([2.0] * 9).interval == (2.0, 2.0)


def test_interval_covers_the_true_median_as_often_as_documented():
    dice, hits = np.random.default_rng(11), 0
    for _ in range(500):
        low, high = timing(dice.lognormal(0, 0.2, 10)).interval
        hits += low <= 1 <= high
    assert 0.91 <= hits / 500 <= 0.98


def test_phase_medians_are_medians_of_the_marks_in_their_order():
    # The first byte often arrives before the answer to start does.
    runs = tuple(
        Phases((("create", 0.1), *sorted({"start": start, "first_output": byte}.items(), key=lambda m: m[1])))
        for start, byte in [(0.5, 0.4), (0.6, 0.5), (0.5, 0.7)]
    )
    medians = timing([1, 2, 3], phases=runs).phase_medians()
    assert dict(medians.marks) == {"create": 0.1, "start": 0.5, "first_output": 0.5}
    assert medians.marks[0][0] == "create" and medians.total == 0.5


@pytest.mark.parametrize("bad", [{"values": ()}, {"values": (1.0,), "phases": (Phases(()), Phases(()))}])
def test_a_timing_without_matching_values_is_refused(bad):
    with pytest.raises(MeasureError):
        Timing(what="x", **bad)


# --- comparison --------------------------------------------------------------------------------
NOISES = {
    "normal": lambda dice, n: dice.normal(1, 0.1, n),
    "lognormal": lambda dice, n: dice.lognormal(0, 0.3, n),
    "long tail": lambda dice, n: 1 + 0.05 * np.abs(dice.standard_cauchy(n)),
    "two modes": lambda dice, n: dice.choice([1.0, 1.3], n) + 0.01 * np.abs(dice.standard_normal(n)),
}


@pytest.mark.parametrize(("noise", "n"), [*((noise, 10) for noise in NOISES), ("normal", 6), ("normal", 30)])
def test_a_against_a_claims_a_difference_in_at_most_5_percent(noise, n):
    dice = np.random.default_rng(2026)
    draw = NOISES[noise]
    claimed = sum(
        compare(timing(draw(dice, n)), timing(draw(dice, n))).claims_difference for _ in range(200)
    )
    assert claimed <= 10


def test_a_real_difference_is_claimed():
    dice, found = np.random.default_rng(1), 0
    for _ in range(50):
        a, b = dice.normal(2, 0.2, 10), dice.normal(1, 0.1, 10)
        found += compare(timing(a), timing(b)).claims_difference
    assert found == 50


def test_noise_shared_by_a_round_cancels_in_the_ratio():
    dice = np.random.default_rng(4)
    weather = dice.lognormal(0, 0.5, 20)
    a, b = 3 * weather * dice.normal(1, 0.01, 20), weather * dice.normal(1, 0.01, 20)
    low, high = compare(timing(a), timing(b)).interval
    paired = high - low
    low, high = compare(timing(dice.permutation(a)), timing(b)).interval
    assert paired < (high - low) / 2


def test_few_rounds_claim_nothing_however_far_apart():
    assert not compare(timing([9.0] * 5), timing([1.0] * 5)).claims_difference
    assert compare(timing([9.0] * 6), timing([1.0] * 6)).claims_difference


def test_ratio_is_a_over_b_and_shown_with_two_digits():
    found = compare(timing([56.81] * 10, "VM"), timing([1.0] * 10, "container"))
    assert found.ratio == pytest.approx(56.81) and found.shown == "57배"
    assert found.as_dict()["claims_difference"] is True
    assert compare(timing([1.0] * 10), timing([1.0] * 10)).shown == "차이가 있다고 말할 수 없음"


def test_different_lengths_are_compared_unpaired():
    assert compare(timing([2.0] * 6), timing([1.0] * 9)).ratio == 2


@pytest.mark.parametrize("b", [timing([1.0], unit="bytes"), timing([0.0, 1.0])])
def test_what_cannot_be_divided_is_refused(b):
    with pytest.raises(MeasureError):
        compare(timing([1.0]), b)


@pytest.mark.parametrize(
    ("number", "shown"),
    [(1.04, "1.0"), (7.26, "7.3"), (9.96, "10"), (56.8, "57"), (187, "190"), (1234, "1,200"),
     (0.5, "0.50"), (0.996, "1.0"), (0.0123, "0.012"), (4.0e-5, "0.000040"), (0.0, "0.0")],
)  # fmt: skip
def test_two_digits(number, shown):
    assert two_digits(number) == shown


# --- caveats -----------------------------------------------------------------------------------
QUIET = {"cores": 4, "load": 0.2, "steal": 0.0}


def quiet(values, **more):
    return timing(values, metadata={**QUIET, **more})


def steady(dice, n=12):
    return dice.normal(1, 0.02, n)


def test_a_steady_measurement_on_a_quiet_machine_has_no_caveat():
    assert caveats(quiet([1.0, 1.01, 0.99, 1.02, 0.98, 1.0, 1.01, 0.99, 1.0, 1.0])) == []


def test_a_slow_first_run_of_30_percent_is_always_flagged():
    dice = np.random.default_rng(8)
    for _ in range(100):
        values = steady(dice)
        values[0] = np.median(values) * 1.3
        assert any("첫 실행" in sentence for sentence in caveats(quiet(values)))


def test_an_outlier_of_30_percent_anywhere_is_always_flagged():
    dice = np.random.default_rng(9)
    for _ in range(100):
        values = steady(dice)
        values[dice.integers(1, len(values))] = np.median(values) * 1.3
        sentences = caveats(quiet(values))
        assert any("벗어난 값이 1개" in sentence for sentence in sentences)
        assert not any("첫 실행" in sentence for sentence in sentences)


def test_when_30_percent_of_the_values_are_outliers_all_are_counted():
    sentences = caveats(quiet([1.0, 1.01, 1.02, 0.99, 2.0, 1.0, 2.1, 1.01, 0.98, 2.2]))
    assert any("벗어난 값이 3개" in sentence for sentence in sentences)


def test_plain_noise_is_seldom_called_an_outlier():
    dice = np.random.default_rng(10)
    flagged = sum(bool(outliers(steady(dice))) for _ in range(300))
    assert flagged <= 6


def test_outliers_by_hand():
    assert outliers([1.0, 1.0, 1.0, 1.3, 1.0]) == (3,)  # MAD 0
    # median 10.5, MAD 2.5: 47 is 14.6 MADs away yet more than a quarter of the median.
    assert outliers([8, 9, 10, 11, 13, 47]) == (5,)
    assert outliers([1.0, 9.0]) == ()


@pytest.mark.parametrize(
    ("values", "metadata", "words"),
    [
        ([1.0, 1.3, 0.8, 1.1, 0.9, 1.25, 0.75, 1.0, 1.2, 0.85], {}, "흔들립니다"),
        ([1.0] * 4, {}, "4번만"),
        ([0.0002] * 10, {}, "1 ms보다 짧아"),
        ([1.0] * 10, {"load": 3.4}, "바빴습니다"),
        ([1.0] * 10, {"steal": 0.06}, "steal"),
    ],
)
def test_each_condition_gives_exactly_its_own_advice(values, metadata, words):
    sentences = caveats(quiet(values, **metadata))
    assert len(sentences) == 1 and words in sentences[0]


def test_bytes_are_never_too_short_and_machine_warnings_come_once():
    small = Timing(what="m", values=(0.0,) * 10, unit="bytes", metadata=QUIET)
    assert caveats(small) == []
    busy = [timing([1.0] * 10, name, metadata={**QUIET, "load": 9.0}) for name in "ab"]
    assert len(caveats(*busy)) == 1
