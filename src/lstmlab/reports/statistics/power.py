"""How many seeds would settle a difference."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from lstmlab.reports.statistics.interval import checked_level
from lstmlab.reports.statistics.mean import Array

_ROUNDING = 1e-9  # relative: differences this close to each other are the same
_LARGEST = 1000.0  # standard deviations: beyond, the noncentral t distribution cannot be computed, and two pairs do


def seeds_needed(
    comparison_differences: Sequence[float],
    level: float = 0.95,
    power: float = 0.8,
    at_most: int = 1000,
    *,
    family: int = 1,
) -> int | None:
    """How many pairs in all (not how many more) find a difference like the one seen with probability ``power``.

    ``comparison_differences`` are a − b of each pair seen. The test is the two-sided paired t test at 1 − ``level``,
    divided by ``family``: pass how many comparisons there are and the answer holds after Holm's correction, as it
    is never stricter than that. The mean and the spread seen are taken as the true ones: with a few pairs
    they are rough themselves, so the answer is a rough one too. None: more than ``at_most``, or unknown because there
    are fewer than two pairs, one of them is not finite, or the arms do not differ at all.

    Where all pairs differ by the same amount there is no spread: the answer is then the count from which on the exact
    sign-flip test can find it, 2^(1 − pairs) ≤ (1 − ``level``) / ``family``.
    """
    alpha = (1 - checked_level(level)) / family
    seen = np.asarray(comparison_differences, dtype=np.float64)
    if len(seen) < 2 or not np.isfinite(seen).all() or not seen.any():
        return None
    mean, spread = abs(float(seen.mean())), float(seen.std(ddof=1))
    if np.ptp(seen) <= _ROUNDING * np.abs(seen).max():
        pairs = 1 + math.ceil(-math.log2(alpha) - 1e-9)
        return pairs if pairs <= at_most else None
    counts = np.arange(2, at_most + 1)
    enough = np.flatnonzero(_power(min(mean / spread, _LARGEST), counts, alpha) >= power)
    return int(counts[enough[0]]) if len(enough) else None


def _power(effect: float, pairs: NDArray[np.int64], alpha: float) -> Array:
    """Probability that the paired t test finds ``effect`` standard deviations, for each count of ``pairs``.

    The statistic then has a noncentral t distribution with noncentrality effect · √pairs. Source: Cohen, Statistical
    Power Analysis for the Behavioral Sciences (1988), chapter 2.
    """
    critical = stats.t.isf(alpha / 2, pairs - 1)
    shift = effect * np.sqrt(pairs)
    found: Array = stats.nct.sf(critical, pairs - 1, shift) + stats.nct.cdf(-critical, pairs - 1, shift)
    return found
