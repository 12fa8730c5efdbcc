"""All arms of a sweep against each other."""

from collections.abc import Hashable, Mapping
from itertools import combinations
from typing import TypeVar

from lstmlab.reports.statistics.comparison import Comparison, compare_paired
from lstmlab.reports.statistics.mean import RESAMPLES
from lstmlab.reports.statistics.multiplicity import holm

Arm = TypeVar("Arm", bound=Hashable)
Seed = TypeVar("Seed", bound=Hashable)


def compare_all(
    arms: Mapping[Arm, Mapping[Seed, float]], level: float = 0.95, *, resamples: int = RESAMPLES
) -> dict[tuple[Arm, Arm], Comparison]:
    """Each pair of arms once, in the order of the mapping, with Holm's correction over all of them.

    The key (a, b) is of the difference a − b.
    """
    pairs = list(combinations(arms, 2))
    tested = sum(len(arms[a].keys() & arms[b].keys()) > 1 for a, b in pairs)
    compared = [compare_paired(arms[a], arms[b], level, family=max(1, tested), resamples=resamples) for a, b in pairs]
    return dict(zip(pairs, holm(compared), strict=True))
