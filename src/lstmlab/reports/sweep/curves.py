"""Curves of training, from each trial's metrics.csv."""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lstmlab.reports.sweep.trials import Trial

Points = tuple[tuple[float, float], ...]
_MOST = 200  # points of a curve; of more, means of neighbours


@dataclass(frozen=True)
class Curves:
    """What one trial logged: column → (optimiser step, value), and what a step is in epochs and in tokens."""

    columns: Mapping[str, Points]
    steps_an_epoch: float | None
    tokens_a_step: float | None


def read_curves(trial: Trial, columns: Sequence[str]) -> Curves:
    """The columns of a trial's metrics.csv, without what is not finite; empty where there is none."""
    found: dict[str, list[tuple[float, float]]] = {column: [] for column in columns}
    ends: list[tuple[float, float]] = []  # step and epoch of each validation
    try:
        with (trial.path / "metrics.csv").open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                step = _number(row.get("step"))
                if step is None:
                    continue
                for column in columns:
                    if (value := _number(row.get(column))) is not None:
                        found[column].append((step, value))
                epoch = _number(row.get("epoch"))
                if epoch is not None and row.get("val/loss"):
                    ends.append((step, epoch))
    except (OSError, ValueError, csv.Error):
        pass
    tokens, steps = trial.figure("tokens_trained"), trial.figure("steps")
    return Curves(
        {column: tuple(points) for column, points in found.items()},
        _steps_an_epoch(trial, ends),
        tokens / steps if tokens and steps else None,
    )


def thinned(points: Points) -> Points:
    """The same curve in at most 200 points."""
    if len(points) <= _MOST:
        return points
    array = np.array(points)
    return tuple((float(part[:, 0].mean()), float(part[:, 1].mean())) for part in np.array_split(array, _MOST))


def mean_curve(curves: Sequence[Points], digits: int = 6) -> Points:
    """Mean at the places that all curves have."""
    if not curves:
        return ()
    tables = [{round(x, digits): y for x, y in points} for points in curves]
    places = sorted(set(tables[0]).intersection(*tables[1:]))
    return tuple((x, sum(table[x] for table in tables) / len(tables)) for x in places)


def _steps_an_epoch(trial: Trial, ends: Sequence[tuple[float, float]]) -> float | None:
    """Known from a validation at the end of a whole epoch; epochs are counted from 0 while they last."""
    whole = trial.figure("epochs") or 0.0
    return next((step / (epoch + 1) for step, epoch in ends if epoch + 1 <= whole), None)


def _number(text: str | None) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
