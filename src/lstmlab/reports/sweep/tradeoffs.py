"""Quality against what it costs, and the arms that no other beats in both."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from lstmlab.reports.sweep.findings import Findings
from lstmlab.reports.sweep.measures import Measure, costs_of

_WIDE = 8.0  # the dearest by the cheapest, from which on the axis is logarithmic
_VERY_WIDE = 40.0


@dataclass(frozen=True)
class Point:
    """An arm's mean cost and bits a character, and those of its trials."""

    name: str
    cost: float
    bits: float
    trials: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Tradeoff:
    """One cost. ``front`` has the indices of the points that no other is better than in both."""

    measure: Measure
    points: tuple[Point, ...]
    front: tuple[int, ...]
    ticks: tuple[float, ...] | None  # of a logarithmic axis; nothing: it is no such axis


def tradeoffs_of(findings: Findings) -> list[Tradeoff]:
    """Speed, size and time; nothing where there is one arm, or more than one text."""
    if not findings.sweep.one_text or sum(bool(arm.trials) for arm in findings.arms) < 2:
        return []
    found = []
    for measure in costs_of(findings.sweep):
        points = []
        for arm in findings.arms:
            pairs = tuple(
                (cost, trial.bits)
                for trial in arm.trials
                if (cost := measure.figure(trial)) is not None and trial.bits is not None
            )
            if pairs:
                cost, bits = fmean(pair[0] for pair in pairs), fmean(pair[1] for pair in pairs)
                points.append(Point(arm.name, cost, bits, pairs))
        if len({point.cost for point in points}) > 1:
            sign = 1.0 if measure.lower_is_better else -1.0
            front = pareto_front([(sign * point.cost, point.bits) for point in points])
            costs = [point.cost for point in points]
            found.append(Tradeoff(measure, tuple(points), tuple(front), _ticks(min(costs), max(costs))))
    return found


def _ticks(low: float, high: float) -> tuple[float, ...] | None:
    if low <= 0 or high / low < _WIDE:
        return None
    steps = (1, 2, 5) if high / low < _VERY_WIDE else (1,)
    decades = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    every = [step * 10.0**decade for decade in decades for step in steps]
    # One beyond either end, so that the picture has a frame.
    first = max(n for n, tick in enumerate(every) if tick <= low)
    last = min((n for n, tick in enumerate(every) if tick >= high), default=len(every) - 1)
    return tuple(every[first : last + 1])


def pareto_front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Indices of the points (cost, bits), both better when lower, that no other point beats; by rising cost."""
    front: list[int] = []
    for index in sorted(range(len(points)), key=lambda n: points[n]):
        if not front or points[index][1] < points[front[-1]][1]:
            front.append(index)
    return front
