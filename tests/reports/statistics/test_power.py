"""How many seeds are needed, against published figures and against simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from lstmlab.reports.statistics import seeds_needed


def seen(effect: float) -> list[float]:
    """Two differences whose mean is ``effect`` and whose standard deviation is 1."""
    return [effect - math.sqrt(0.5), effect + math.sqrt(0.5)]


@pytest.mark.parametrize(("effect", "pairs"), [(0.2, 199), (0.5, 34), (0.8, 15), (1.0, 10)])
def test_the_figures_every_table_gives(effect: float, pairs: int) -> None:
    """The paired t test, two-sided at 0.05 with a power of 0.8."""
    assert seeds_needed(seen(effect)) == pairs
    assert seeds_needed([-100 * value for value in seen(effect)]) == pairs


@pytest.mark.parametrize(("effect", "level", "power"), [(0.6, 0.95, 0.8), (1.5, 0.95, 0.9), (0.9, 0.99, 0.8)])
def test_simulation(effect: float, level: float, power: float) -> None:
    pairs = seeds_needed(seen(effect), level, power)
    assert pairs is not None

    def found(n: int) -> float:
        values = np.random.default_rng(n).normal(effect, 1, size=(40_000, n))
        return float(np.mean(stats.ttest_1samp(values, 0, axis=1).pvalue < 1 - level))

    assert found(pairs) > power - 0.007 > power - 0.014  # three standard errors
    assert found(pairs - 1) < power + 0.007


def test_a_family_needs_more() -> None:
    assert seeds_needed(seen(0.8), family=6) == seeds_needed(seen(0.8), 1 - 0.05 / 6)
    assert (seeds_needed(seen(0.8), family=6) or 0) > (seeds_needed(seen(0.8)) or 0)


def test_too_many() -> None:
    assert seeds_needed(seen(0.2), at_most=198) is None
    assert seeds_needed(seen(0.2), at_most=199) == 199
    assert seeds_needed(seen(1e-6)) is None


@pytest.mark.parametrize("values", [[], [0.1], [0.0, 0.0, 0.0], [0.1, math.nan], [0.1, math.inf], [1.0, -1.0]])
def test_unknown(values: list[float]) -> None:
    assert seeds_needed(values) is None


def test_without_spread_it_is_what_the_signs_can_show() -> None:
    assert seeds_needed([0.1, 0.1]) == 6
    assert seeds_needed([1.1 - 1.0, 2.1 - 2.0, 3.1 - 3.0]) == 6
    assert seeds_needed([-0.1, -0.1], level=0.75) == 3
    assert seeds_needed([0.1, 0.1], at_most=5) is None


def test_a_huge_effect_takes_few() -> None:
    assert seeds_needed([1.0, 1.0001]) == 2
    assert seeds_needed([1.0, 1.0 + 1e-7]) == 2
