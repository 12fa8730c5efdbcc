"""Where the windows of an epoch end."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@dataclass(frozen=True)
class WindowPlan:
    """Cuts streams of ``length`` tokens into windows, the same for the same epoch, whenever asked.

    Fixed: ``seq_length`` tokens each, the last one perhaps fewer. Variable (Merity et al. 2017, section 4.1): drawn
    with a mean that is ``seq_length``, or half of it one time in twenty, and a standard deviation of 5 tokens, and no
    shorter than 5 (or ``seq_length``) but for the last; so that windows do not end at the same tokens in every epoch.
    What is drawn depends on ``seed`` and epoch alone. Made for windows much longer than 5.
    """

    length: int
    seq_length: int
    variable: bool = False
    seed: int = 0
    limit: int | None = None  # windows an epoch, for debugging

    def edges(self, epoch: int) -> tuple[int, ...]:
        """Window i of an epoch is [edges[i], edges[i + 1])."""
        return _edges(self, epoch if self.variable else 0)

    def windows(self, epoch: int) -> int:
        return len(self.edges(epoch)) - 1

    def steps(self, epoch: int, accumulate: int) -> int:
        """Optimiser steps of an epoch, of ``accumulate`` windows each; the last perhaps of fewer."""
        return -(-self.windows(epoch) // accumulate)


@lru_cache(maxsize=4)
def _edges(plan: WindowPlan, epoch: int) -> tuple[int, ...]:
    starts = _drawn_starts(plan, epoch) if plan.variable else list(range(0, plan.length, plan.seq_length))
    edges = (*starts, plan.length)
    return edges if plan.limit is None else edges[: plan.limit + 1]


def _drawn_starts(plan: WindowPlan, epoch: int) -> list[int]:
    random = np.random.default_rng([plan.seed, epoch])
    shortest = min(5, plan.seq_length)
    starts, end = [], 0
    while end < plan.length:
        starts.append(end)
        mean = plan.seq_length if random.random() < 0.95 else plan.seq_length / 2
        end += max(shortest, round(random.normal(mean, 5)))
    return starts
