"""The interval of a mean of independent values, such as one figure a seed."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from lstmlab.reports.statistics.interval import Interval, checked_level

BOOTSTRAP_FROM = 10  # values
RESAMPLES = 9999
_WIDEST = 3.0  # times the t interval

Array = NDArray[np.float64]


def mean_interval(values: Sequence[float], level: float = 0.95, *, resamples: int = RESAMPLES) -> Interval:
    """The interval of the mean: Student's t below ten values, the symmetric studentised bootstrap from ten on.

    The values are taken as independent. A value that is not finite makes the interval unknown (nan).
    """
    if len(values) < BOOTSTRAP_FROM:
        return t_interval(values, level)
    return bootstrap_interval(values, level, resamples=resamples)


def t_interval(values: ArrayLike, level: float = 0.95) -> Interval:
    """Mean ± t · s / √n with n − 1 degrees of freedom; nan for fewer than two values."""
    sample = np.asarray(values, dtype=np.float64)
    checked_level(level)
    if len(sample) < 2 or not np.isfinite(sample).all():
        return Interval(np.nan, np.nan, level, "t")
    half = float(stats.t.ppf((1 + level) / 2, len(sample) - 1)) * float(standard_error(sample))
    return Interval(float(sample.mean()) - half, float(sample.mean()) + half, level, "t")


def bootstrap_interval(values: ArrayLike, level: float = 0.95, *, resamples: int = RESAMPLES) -> Interval:
    """The symmetric studentised bootstrap interval of the mean, also called symmetric bootstrap-t.

    What is resampled is |t| = |mean* − mean| / (s* / √n), and its quantile takes the place of Student's. Source: Hall,
    On symmetric bootstrap confidence intervals, Journal of the Royal Statistical Society B 50 (1988).

    It was chosen by how often 95 % intervals of ten values hold the true mean. Normal values: 95 % (percentile and BCa
    bootstrap 90 %, Student 95 %). Differences with heavy tails on both sides (Laplace): 97 % (with two quantiles in
    place of one 92 %, Student 96 %). Exponential values: 93 % (94 %, Student 90 %). One value far from all
    others would make it many times too wide, for resamples without that value have hardly any spread: it is held
    to three times the t interval, which cost none of that coverage. The same values always give the same interval.
    """
    sample = np.asarray(values, dtype=np.float64)
    checked_level(level)
    if len(sample) < 2 or not np.isfinite(sample).all():
        return Interval(np.nan, np.nan, level, "bootstrap")
    mean, error = float(sample.mean()), float(standard_error(sample))
    if np.ptp(sample) == 0:
        return Interval(mean, mean, level, "bootstrap")
    longest = _WIDEST * float(stats.t.ppf((1 + level) / 2, len(sample) - 1))

    def studentised(resampled: Array, axis: int = -1) -> Array:
        shift, errors = np.abs(resampled.mean(axis=axis) - mean), standard_error(resampled, axis)
        with np.errstate(divide="ignore", invalid="ignore"):
            pivot = shift / errors
        held: Array = np.minimum(np.nan_to_num(pivot), longest)  # a resample of one value only has no spread
        return held

    found = stats.bootstrap(
        (sample,), studentised, n_resamples=resamples, confidence_level=level, method="percentile",
        alternative="less", vectorized=True, random_state=np.random.default_rng(0),
    )  # fmt: skip
    half = float(found.confidence_interval.high) * error
    return Interval(mean - half, mean + half, level, "bootstrap")


def standard_error(values: Array, axis: int = -1) -> Array:
    """Of the mean along the axis, which disappears."""
    error: Array = values.std(axis=axis, ddof=1) / np.sqrt(values.shape[axis])
    return error
