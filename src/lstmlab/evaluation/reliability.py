"""Whether events come as often as they were said to be probable.

Sources:
    M. P. Naeini, G. F. Cooper and M. Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning",
    AAAI 2015: the expected calibration error over bins.
    J. Nixon, M. W. Dusenberry, L. Zhang, G. Jerfel and D. Tran, "Measuring calibration in deep learning", CVPR
    workshops 2019: bins of equal mass, so that none is nearly empty.
    J. Bröcker and L. A. Smith, "Increasing the reliability of reliability diagrams", Weather and Forecasting 22, 2007:
    how far a calibrated forecast strays by chance.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 15


@dataclass(frozen=True)
class Bin:
    """Predictions of about one probability: how probable they were said to be, and how often they came true."""

    probability: float  # their mean
    frequency: float
    count: int
    by_chance: float  # the standard deviation of ``frequency``, were the probability true


@dataclass(frozen=True)
class Reliability:
    """Bins by rising probability. ``error`` is what they are off by; ``by_chance`` what a perfect model would show.

    ``error`` is Σ w |frequency − probability| over the bins. A perfect model's frequencies stray by chance, the more
    the fewer the tokens, so its error is about ``by_chance`` and not 0.
    """

    bins: list[Bin]
    error: float
    by_chance: float


def top_reliability(confidence: NDArray[np.floating], right: NDArray[np.bool_], bins: int = BINS) -> Reliability:
    """The expected calibration error of predictions (N,), each with one probability and one answer.

    Bins hold about N ÷ ``bins`` predictions each; predictions of the very same probability are never parted.

    Raises:
        ValueError: there is no prediction, or not as many answers.
    """
    if not len(confidence) or len(confidence) != len(right):
        raise ValueError(f"{len(confidence)} predictions and {len(right)} answers")
    order = np.argsort(confidence, kind="stable")
    said, came = confidence[order].astype(np.float64), right[order].astype(np.float64)
    cuts = np.linspace(0, len(said), bins + 1).round().astype(int)[1:-1]
    starts = np.unique([0, *np.searchsorted(said, said[cuts[cuts < len(said)]])])
    counts = np.diff([*starts, len(said)])
    sums = (np.add.reduceat(values, starts) for values in (said, came, said * (1 - said)))
    return _reliability(counts / len(said), counts, *sums)


def mass_reliability(
    counts: NDArray[np.int64],
    mass: NDArray[np.float64],
    came: NDArray[np.int64],
    variance: NDArray[np.float64],
    bins: int = BINS,
) -> Reliability:
    """The same of every token's probability, from a fine histogram (F,) by rising probability.

    Of the probabilities in each of its cells: how many they are, their sum, how many of their tokens came, and the sum
    of p (1 − p). Cells are joined into bins of about equal ``mass``. The error is the share of the probability that
    would have to move from bin to bin: half of what all bins are off by, since what is too much in one is too little in
    others.

    Raises:
        ValueError: the histogram is empty.
    """
    total = float(mass.sum())
    if not total:
        raise ValueError("the histogram is empty")
    filled = counts > 0
    counts, mass, came, variance = counts[filled], mass[filled], came[filled], variance[filled]
    middle = np.cumsum(mass) - mass / 2
    starts = np.flatnonzero(np.diff(np.minimum(middle / total * bins, bins - 1).astype(int), prepend=-1))
    counts = np.add.reduceat(counts, starts)
    sums = (np.add.reduceat(values, starts) for values in (mass, came.astype(np.float64), variance))
    return _reliability(counts / (2 * total), counts, *sums)


def _reliability(
    weights: NDArray[np.float64],
    counts: NDArray[np.int64],
    said: NDArray[np.float64],
    came: NDArray[np.float64],
    variance: NDArray[np.float64],
) -> Reliability:
    """From sums over each bin, (B,), and what each bin weighs."""
    probability, frequency, deviation = said / counts, came / counts, np.sqrt(variance) / counts
    columns = zip(probability.tolist(), frequency.tolist(), counts.tolist(), deviation.tolist(), strict=True)
    return Reliability(
        [Bin(*column) for column in columns],
        error=float((weights * np.abs(frequency - probability)).sum()),
        # The mean of |x| of a normal x is √(2/π) of its standard deviation.
        by_chance=float((weights * deviation).sum() * math.sqrt(2 / math.pi)),
    )
