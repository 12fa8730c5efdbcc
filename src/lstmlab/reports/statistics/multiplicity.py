"""Many comparisons at once: chance alone makes some of them look real."""

import math
from collections.abc import Sequence
from dataclasses import replace

from lstmlab.reports.statistics.comparison import Comparison


def holm(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The comparisons in their order, ``p_adjusted`` corrected for all of them together.

    The smallest of m values of p is multiplied by m, the next by m − 1 and so on; none may come out below
    the one before it or above 1. Taking those below 0.05 gives any false alarm at all with probability 0.05 at
    most, however the comparisons hang together. Source: Holm, A simple sequentially rejective multiple test
    procedure, Scandinavian Journal of Statistics 6 (1979). A p of nan stays nan and does not count.
    """
    tested = sorted((c.p, index) for index, c in enumerate(comparisons) if not math.isnan(c.p))
    adjusted = [math.nan] * len(comparisons)
    highest = 0.0
    for rank, (p, index) in enumerate(tested):
        highest = max(highest, min(1.0, (len(tested) - rank) * p))
        adjusted[index] = highest
    return [replace(c, p_adjusted=p) for c, p in zip(comparisons, adjusted, strict=True)]
