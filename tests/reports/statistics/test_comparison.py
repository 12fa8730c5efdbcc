"""Two arms on the same seeds: what they have in common does not hide what they differ by."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from lstmlab.reports.statistics import compare_paired

A = {1: 1.52, 2: 1.61, 3: 1.40, 4: 1.72, 5: 1.55}
B = {1: 1.50, 2: 1.58, 3: 1.39, 4: 1.68, 5: 1.52}


def by_seed(values: NDArray[np.float64]) -> dict[int, float]:
    return dict(enumerate(values.tolist(), 1))


def test_below_ten_pairs_it_is_the_paired_t_test() -> None:
    found = compare_paired(A, B)
    expected = stats.ttest_rel(list(A.values()), list(B.values()))
    interval = expected.confidence_interval(0.95)
    assert found.difference == pytest.approx(0.026)
    assert found.p == found.p_adjusted == pytest.approx(expected.pvalue)
    assert (found.interval.low, found.interval.high) == pytest.approx((interval.low, interval.high))
    assert (found.method, found.interval.method, found.pairs, found.keys) == ("paired t", "t", 5, (1, 2, 3, 4, 5))


def test_pairing_matters() -> None:
    unpaired = stats.ttest_ind(list(A.values()), list(B.values())).pvalue
    assert compare_paired(A, B).p < 0.01 < 0.5 < unpaired


def test_five_signs_cannot_reach_the_level() -> None:
    """Why it is t below ten: however large the effect, 2 of 32 flips are as extreme."""
    differences = 100 + np.array(list(A.values()))
    flips = stats.permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert flips.pvalue == pytest.approx(2 / 32)
    assert compare_paired(by_seed(differences), dict.fromkeys(range(1, 6), 0.0)).p < 1e-6


def test_from_ten_pairs_on_it_is_the_sign_flip_test() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(0.4, 1, size=10), rng.normal(0, 1, size=10)
    found = compare_paired(by_seed(a), by_seed(b))
    flipped = np.abs(np.array(list(product([-1, 1], repeat=10))) @ (a - b))
    assert found.p == pytest.approx(np.mean(flipped >= abs((a - b).sum()) - 1e-9))
    assert (found.method, found.interval.method) == ("paired permutation", "bootstrap")


def test_random_flips_come_near_the_exact_test() -> None:
    rng = np.random.default_rng(4)
    a, b = by_seed(rng.normal(0.5, 1, size=13)), by_seed(rng.normal(0, 1, size=13))
    exact, drawn = compare_paired(a, b, resamples=9999), compare_paired(a, b, resamples=4999)
    assert drawn.p != exact.p
    assert drawn.p == pytest.approx(exact.p, abs=0.02)


@pytest.mark.parametrize(("seeds", "simulations"), [(3, 2000), (5, 2000), (10, 1000), (12, 1000), (20, 1000)])
def test_covers_the_true_difference(seeds: int, simulations: int) -> None:
    """The arms share what the seed does, which is five times their own noise; the true difference is 0.02."""
    rng = np.random.default_rng(seeds)
    shared = rng.normal(1.5, 0.05, size=(simulations, 1, seeds))
    arms = shared + rng.normal(0, 0.01, size=(simulations, 2, seeds)) + np.array([[0.02], [0.0]])
    found = [compare_paired(by_seed(a), by_seed(b), resamples=999).interval for a, b in arms]
    assert 0.93 <= np.mean([one.low <= 0.02 <= one.high for one in found]) <= 0.97


@pytest.mark.parametrize(("seeds", "simulations"), [(3, 1500), (5, 1500), (12, 1000)])
def test_covers_with_skewed_noise(seeds: int, simulations: int) -> None:
    """Exponential noise in each arm: taking the difference makes it symmetric; both methods err on the safe side."""
    arms = np.random.default_rng(seeds).exponential(size=(simulations, 2, seeds))
    found = [compare_paired(by_seed(a), by_seed(b), resamples=999) for a, b in arms]
    assert 0.93 <= np.mean([one.interval.low <= 0 <= one.interval.high for one in found]) <= 0.98
    assert np.mean([one.p < 0.05 for one in found]) <= stats.binom.ppf(0.999, simulations, 0.05) / simulations


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.integers(0, 20), st.floats(-5, 5), min_size=2, max_size=14), st.randoms())
def test_order_does_not_matter_and_sides_mirror(arm: dict[int, float], random: object) -> None:
    other = {seed: np.sin(seed) for seed in arm}
    there, back = compare_paired(arm, other, resamples=499), compare_paired(other, arm, resamples=499)
    turned = compare_paired(dict(reversed(arm.items())), other, resamples=499)
    assert turned == there
    assert there.keys == tuple(sorted(arm))
    assert back.difference == pytest.approx(-there.difference)
    assert back.p == pytest.approx(there.p)
    assert (back.interval.low, back.interval.high) == pytest.approx((-there.interval.high, -there.interval.low))


def test_only_common_and_finite_seeds_count() -> None:
    found = compare_paired({**A, 6: np.nan, 7: 1.0, "x": 2.0}, {9: 1.0, 7: np.inf, 6: 1.0, "x": 1.0, **B})
    assert found.keys == (1, 2, 3, 4, 5, "x")
    assert found.pairs == 6
    assert found.difference == pytest.approx((5 * 0.026 + 1) / 6)


def test_fewer_than_two_pairs() -> None:
    one, none = compare_paired({1: 2.0}, {1: 1.5, 2: 1.0}), compare_paired({1: 2.0}, {2: 1.0})
    assert (one.difference, one.pairs, one.keys) == (0.5, 1, (1,))
    assert (none.pairs, none.keys) == (0, ())
    assert np.isnan([one.p, one.p_adjusted, one.interval.low, none.difference, none.p, none.interval.high]).all()


@pytest.mark.parametrize("pairs", [2, 5, 12])
def test_identical_arms(pairs: int) -> None:
    arm = by_seed(np.random.default_rng(0).normal(size=pairs))
    found = compare_paired(arm, dict(arm))
    assert (found.difference, found.p, found.interval.low, found.interval.high) == (0, 1, 0, 0)


@pytest.mark.parametrize("pairs", [2, 5, 6, 12])
def test_the_same_difference_for_every_seed_is_no_proof_beyond_its_signs(pairs: int) -> None:
    values = np.random.default_rng(0).normal(size=pairs)
    found = compare_paired(by_seed(values + 0.1), by_seed(values))  # the same up to rounding
    assert found.difference == pytest.approx(0.1)
    assert found.p == 2.0 ** (1 - pairs)
    assert found.method == "paired permutation"
    assert found.interval.known == (found.p <= 0.05)
    if found.interval.known:
        assert found.interval.low == found.interval.high == found.difference


def test_where_signs_could_never_do_it_is_t_again() -> None:
    """Ten pairs give 2/1024 at best: enough for 25 comparisons, hopeless for 26."""
    rng = np.random.default_rng(0)
    a, b = by_seed(rng.normal(9, 1, size=10)), by_seed(rng.normal(0, 1, size=10))
    few, many = compare_paired(a, b, family=25), compare_paired(a, b, family=26)
    assert (few.method, few.interval.method) == ("paired permutation", "bootstrap")
    assert (many.method, many.interval.method) == ("paired t", "t")
    assert 25 * few.p < 0.05
    assert 26 * many.p < 0.05
