"""The interval of a mean covers as often as it says, with three values and with twenty."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from lstmlab.reports.statistics import Interval, mean_interval
from lstmlab.reports.statistics.mean import bootstrap_interval, t_interval

Array = NDArray[np.float64]


def coverage(interval: Callable[[Array], Interval], samples: Array, mean: float) -> float:
    """The share of the samples (how many, n) whose interval holds the true mean."""
    found = [interval(sample) for sample in samples]
    return float(np.mean([one.low <= mean <= one.high for one in found]))


def of_mean(sample: Array) -> Interval:
    return mean_interval(sample.tolist(), resamples=999)


@pytest.mark.parametrize(("n", "simulations"), [(3, 2000), (5, 2000), (9, 2000), (10, 1500), (12, 1500), (20, 1000)])
def test_covers_as_it_says(n: int, simulations: int) -> None:
    samples = np.random.default_rng(n).normal(2.0, 0.01, size=(simulations, n))
    assert 0.93 <= coverage(of_mean, samples, 2.0) <= 0.97


def test_another_level_covers_as_it_says() -> None:
    samples = np.random.default_rng(0).normal(size=(1000, 10))
    assert 0.77 <= coverage(lambda sample: mean_interval(sample.tolist(), 0.8, resamples=999), samples, 0.0) <= 0.83


def test_why_neither_a_percentile_nor_a_bca_interval() -> None:
    samples = np.random.default_rng(1).normal(size=(1000, 10))
    for method in ("percentile", "BCa"):
        found = stats.bootstrap(
            (samples,), np.mean, axis=-1, n_resamples=999, method=method, random_state=np.random.default_rng(0)
        ).confidence_interval
        assert 0.88 < np.mean((found.low <= 0) & (found.high >= 0)) < 0.925
    assert coverage(of_mean, samples, 0.0) > 0.935


def test_skewed_values_cost_less_coverage_than_students_t() -> None:
    """Exponential values, a skewness of 2: 93 % with ten of them, where t covers 90 %."""
    samples = np.random.default_rng(2).exponential(size=(1500, 10))
    ours, student = coverage(of_mean, samples, 1.0), coverage(t_interval, samples, 1.0)
    assert 0.915 < ours < 0.97
    assert ours > student + 0.01


def test_t_is_what_scipy_says() -> None:
    values = [1.31, 1.28, 1.35, 1.3, 1.29]
    low, high = stats.t.interval(0.9, 4, loc=np.mean(values), scale=stats.sem(values))
    assert mean_interval(values, 0.9) == Interval(pytest.approx(low), pytest.approx(high), 0.9, "t")


def test_ten_values_are_bootstrapped() -> None:
    values = np.random.default_rng(0).normal(size=10).tolist()
    assert mean_interval(values[:9]).method == "t"
    assert mean_interval(values).method == "bootstrap"
    assert mean_interval(values) == mean_interval(values)


def test_follows_unit_and_sign() -> None:
    values = np.random.default_rng(0).exponential(size=12)
    one, other = mean_interval(values.tolist()), mean_interval((5 - 100 * values).tolist())
    assert (other.low, other.high) == pytest.approx((5 - 100 * one.high, 5 - 100 * one.low))


def test_widens_where_the_tail_is_long() -> None:
    rng = np.random.default_rng(0)
    for sample, least, most in ((rng.lognormal(size=(50, 12)), 1.3, 3.0), (rng.normal(size=(50, 12)), 1.0, 1.1)):
        ratios = [of_mean(values).high - of_mean(values).low for values in sample]
        ratios = [
            width / (t_interval(values).high - t_interval(values).low)
            for width, values in zip(ratios, sample, strict=True)
        ]
        assert least < np.mean(ratios) < most


@pytest.mark.parametrize("others", [0.0, 1e-3])
def test_one_far_value_does_not_blow_it_up(others: float) -> None:
    values = [others * share for share in np.linspace(-1, 1, 11)] + [1.0]
    found, student = bootstrap_interval(values), t_interval(values)
    mean, half = np.mean(values), (student.high - student.low) / 2
    assert found.low <= mean <= found.high
    assert found.high - mean <= 3.001 * half
    assert mean - found.low <= 3.001 * half


@pytest.mark.parametrize("values", [[], [1.0], [1.0, np.nan, 2.0], [*range(11), np.inf]])
def test_unknown(values: list[float]) -> None:
    found = mean_interval(values)
    assert not found.known
    assert np.isnan([found.low, found.high]).all()


@pytest.mark.parametrize("n", [2, 12])
def test_no_spread(n: int) -> None:
    found = mean_interval([1.1] * n)
    assert (found.low, found.high) == pytest.approx((1.1, 1.1))
    assert found.known


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_is_a_share(level: float) -> None:
    with pytest.raises(ValueError, match=str(level)):
        mean_interval([1.0, 2.0], level)
