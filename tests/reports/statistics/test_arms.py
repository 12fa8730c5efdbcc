"""Simulated sweeps: no effect gives no alarm, a planted one is found."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from lstmlab.reports.statistics import compare_all, compare_paired, holm

NOISE = 0.01  # bits a character
SEED_EFFECT = 0.03


def sweeps(seeds: int, simulations: int, effects: list[float]) -> NDArray[np.float64]:
    """Sweeps of as many arms as effects; what a seed does is common to all arms of one: (simulations, arms, seeds)."""
    rng = np.random.default_rng([seeds, len(effects)])
    shared = rng.normal(1.6, SEED_EFFECT, size=(simulations, 1, seeds))
    own = rng.normal(0, NOISE, size=(simulations, len(effects), seeds))
    return shared + own + np.array(effects)[:, None]


def arms_of(sweep: NDArray[np.float64]) -> dict[int, dict[int, float]]:
    return {arm: dict(enumerate(values.tolist(), 1)) for arm, values in enumerate(sweep)}


@pytest.mark.parametrize(("seeds", "simulations"), [(3, 1000), (5, 2000), (12, 400)])
def test_no_effect_gives_any_alarm_in_five_of_a_hundred_sweeps_at_most(seeds: int, simulations: int) -> None:
    """At most what chance makes of 5 % in so many simulations, once in a thousand times."""
    alarms, raw, covered = 0, 0, []
    for sweep in sweeps(seeds, simulations, [0.0] * 4):
        found = compare_all(arms_of(sweep), resamples=999).values()
        alarms += any(one.p_adjusted < 0.05 for one in found)
        raw += any(one.p < 0.05 for one in found)
        covered += [one.interval.low <= 0 <= one.interval.high for one in found]
    assert alarms / simulations <= stats.binom.ppf(0.999, simulations, 0.05) / simulations
    assert raw / simulations > 0.12  # what it is without the correction
    assert 0.93 <= np.mean(covered) <= 0.97


@pytest.mark.parametrize(("seeds", "simulations"), [(5, 1000), (12, 200)])
def test_all_intervals_cover_the_planted_effects(seeds: int, simulations: int) -> None:
    effects = [0.0, 0.0, 0.01, 0.05]
    covered = []
    for sweep in sweeps(seeds, simulations, effects):
        for (a, b), found in compare_all(arms_of(sweep), resamples=999).items():
            covered.append(found.interval.low <= effects[a] - effects[b] <= found.interval.high)
    assert 0.93 <= np.mean(covered) <= 0.97


@pytest.mark.parametrize(("seeds", "simulations", "effect"), [(5, 300, 0.06), (12, 100, 0.03)])
def test_a_planted_effect_is_found(seeds: int, simulations: int, effect: float) -> None:
    found, false = 0, 0
    for sweep in sweeps(seeds, simulations, [0.0, 0.0, 0.0, -effect]):
        compared = compare_all(arms_of(sweep), resamples=999)
        found += all(one.p_adjusted < 0.05 and one.difference > 0 for (_, b), one in compared.items() if b == 3)
        false += any(one.p_adjusted < 0.05 for (_, b), one in compared.items() if b != 3)
    assert found / simulations > 0.9
    assert false / simulations <= stats.binom.ppf(0.999, simulations, 0.05) / simulations


def test_each_pair_once_corrected_over_all() -> None:
    arms = {"lstm": {1: 1.5, 2: 1.6, 3: 1.55}, "gru": {1: 1.4, 2: 1.52, 3: 1.46}, "rnn": {2: 1.9, 3: 1.83, 4: 1.9}}
    found = compare_all(arms)
    assert list(found) == [("lstm", "gru"), ("lstm", "rnn"), ("gru", "rnn")]
    assert [one.keys for one in found.values()] == [(1, 2, 3), (2, 3), (2, 3)]
    alone = [compare_paired(arms[a], arms[b]) for a, b in found]
    assert list(found.values()) == holm(alone)
    assert found["lstm", "gru"].p_adjusted > found["lstm", "gru"].p


def test_eight_arms_of_ten_seeds_can_still_show_an_effect() -> None:
    """28 comparisons: the best the sign-flip test could give is 28 · 2/1024 > 0.05."""
    found = compare_all(arms_of(sweeps(10, 1, [0.0] * 7 + [1.0])[0]))
    assert len(found) == 28
    assert all(one.p_adjusted < 0.001 for (_, b), one in found.items() if b == 7)


def test_no_arm_and_one_arm() -> None:
    assert compare_all({}) == {}
    assert compare_all({"only": {1: 1.0, 2: 2.0}}) == {}
