"""Two arms of a sweep compared on the same seeds."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from scipy import stats

from lstmlab.reports.statistics.interval import Interval, checked_level
from lstmlab.reports.statistics.mean import (
    BOOTSTRAP_FROM,
    RESAMPLES,
    Array,
    bootstrap_interval,
    standard_error,
    t_interval,
)

Key = TypeVar("Key", bound=Hashable)

T_TEST, PERMUTATION = "paired t", "paired permutation"
_ROUNDING = 16 * np.finfo(np.float64).eps  # relative: differences this close to each other are the same


@dataclass(frozen=True)
class Comparison:
    """What the common seeds of arms a and b say of a − b.

    ``interval`` and ``p`` are of this comparison alone; ``p_adjusted`` is p after Holm's correction in its
    family and equals p until then, so an interval may leave out 0 where ``p_adjusted`` is above 0.05. ``p`` is
    two-sided, and nan with fewer than two pairs, as ``difference`` is with none.
    """

    difference: float
    interval: Interval
    p: float
    p_adjusted: float
    method: str  # "paired t" or "paired permutation"
    pairs: int
    keys: tuple[Hashable, ...]  # the seeds, sorted


def compare_paired(
    a: Mapping[Key, float],
    b: Mapping[Key, float],
    level: float = 0.95,
    *,
    family: int = 1,
    resamples: int = RESAMPLES,
) -> Comparison:
    """Compare the values of two arms at the keys (seeds) that both have.

    Below ten pairs it is Student's t, for a sign-flip test of 5 pairs cannot give a p below 0.0625. From ten on it
    is the bootstrap interval and the sign-flip permutation test: exact where there are no more than ``resamples`` flips
    (up to 13 pairs), else by random ones. Where even the smallest p that test can give would not stay below
    1 − ``level`` after correction for a family of so many comparisons (more than 25 with ten pairs), no
    effect could ever be found, and Student's t is taken again; this depends on the counts only, never on the values.

    A pair with a value that is not finite is left out: name such trials beside the result. Where all pairs
    differ by the same amount, up to rounding, nothing is known of the spread. No difference: p = 1 and the interval is
    [0, 0]. Any other: p = 2^(1 − pairs) of the exact sign-flip test, and the interval is the difference itself where
    that p is at most 1 − ``level``, else unknown (nan).
    """
    checked_level(level)
    keys = tuple(sorted((key for key in a if key in b and np.isfinite([a[key], b[key]]).all()), key=_order))
    left, right = (np.array([arm[key] for key in keys], dtype=np.float64) for arm in (a, b))
    differences: Array = left - right  # (pairs,)
    pairs = len(keys)
    if pairs < 2:
        difference = float(differences[0]) if pairs else np.nan
        return Comparison(difference, Interval(np.nan, np.nan, level), np.nan, np.nan, T_TEST, pairs, keys)
    tolerance = _ROUNDING * float(np.abs([left, right]).max())
    if np.ptp(differences) <= tolerance:
        return _without_spread(float(differences.mean()), tolerance, level, keys)
    difference = float(differences.mean())
    smallest = 2.0 / min(2.0**pairs, resamples + 1)
    if pairs >= BOOTSTRAP_FROM and smallest * family <= 1 - level:
        interval, method = bootstrap_interval(differences, level, resamples=resamples), PERMUTATION
        p = _sign_flip_p(differences, resamples)
    else:
        interval, method = t_interval(differences, level), T_TEST
        p = 2 * float(stats.t.sf(abs(difference) / standard_error(differences), pairs - 1))
    return Comparison(difference, interval, p, p, method, pairs, keys)


def _without_spread(difference: float, tolerance: float, level: float, keys: tuple[Hashable, ...]) -> Comparison:
    pairs = len(keys)
    method = PERMUTATION if pairs >= BOOTSTRAP_FROM else T_TEST
    kind = "bootstrap" if pairs >= BOOTSTRAP_FROM else "t"
    if abs(difference) <= tolerance:
        return Comparison(0.0, Interval(0.0, 0.0, level, kind), 1.0, 1.0, method, pairs, keys)
    p = 2.0 ** (1 - pairs)
    end = difference if p <= 1 - level else np.nan
    return Comparison(difference, Interval(end, end, level, kind), p, p, PERMUTATION, pairs, keys)


def _sign_flip_p(differences: Array, resamples: int) -> float:
    """Two-sided p of the mean when each difference may have had either sign; the same values give the same p."""
    found = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=resamples, vectorized=True,
        random_state=np.random.default_rng(0),
    )  # fmt: skip
    return float(found.pvalue)


def _order(key: Any) -> tuple[str, Any]:
    """Numbers by size, anything else by what it looks like: the result must not hang on the order of a mapping."""
    return ("", key) if isinstance(key, int | float) else (type(key).__name__, repr(key))
