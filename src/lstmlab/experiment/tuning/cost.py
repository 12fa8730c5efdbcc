"""Training steps: of one training, of the full grid, of a search."""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from lstmlab.errors import UserError
from lstmlab.experiment.budget import planned_steps
from lstmlab.experiment.building import build_data
from lstmlab.experiment.run_directory import RunDirectory
from lstmlab.experiment.sweep.definition import Varied, spell
from lstmlab.experiment.sweep.planning import Planner
from lstmlab.experiment.tuning.space import Axis

# Groups that no number of steps depends on: their values need not be composed one by one.
_STEPLESS = {
    "model", "attention", "head", "optim", "schedule", "averaging", "callbacks", "logger", "decoding", "checkpoint",
}  # fmt: skip


@dataclass(frozen=True)
class Grid:
    """Every combination of ``sweep.options`` for one seed, each trained to its end."""

    trainings: int
    steps: int


def full_grid(planner: Planner, options: Mapping[str, Any], fixed: Sequence[str]) -> Grid | None:
    """Of the definition's options that were not typed; None where it has none, or where only time ends a training.

    Combinations that are refused count nothing.

    Raises:
        UserError: an option does not exist, or its values are no list.
    """
    typed = {word.partition("=")[0].lstrip("+~") for word in fixed}
    varied = []
    for key, values in options.items():
        if not isinstance(values, list) or not values:
            raise UserError(
                f"sweep.options.{key}={values} must be a list of values that is not empty, as in [1, 2, 3]."
            )
        if key.lstrip("+") not in {*typed, "seed"}:
            varied.append(Varied(key, tuple(map(spell, values)), tuple(values)))
    if not varied:
        return None
    alike = math.prod(len(one.values) for one in varied if one.option.partition(".")[0] in _STEPLESS)
    telling = [one for one in varied if one.option.partition(".")[0] not in _STEPLESS]
    found = [_steps(planner, telling, row) for row in product(*(range(len(one.values)) for one in telling))]
    counted = [steps for steps in found if steps is not None]
    return Grid(alike * len(counted), alike * sum(counted)) if counted else None


def steps_of_a_trial(planner: Planner, axes: Sequence[Axis]) -> tuple[int, int] | None:
    """The least and the most steps that a trial can have without pruning, judged at the corners of the space."""
    telling = [axis.varied() for axis in axes if axis.option.partition(".")[0] not in _STEPLESS]
    found = [_steps(planner, telling, row) for row in product(*(range(len(one.values)) for one in telling))]
    counted = [steps for steps in found if steps is not None]
    return (min(counted), max(counted)) if counted else None


def steps_spent(place: RunDirectory, summary: Mapping[str, Any]) -> int:
    """Of a training, from its summary; of one that has none, those that it logged."""
    if "steps" in summary:
        return int(summary["steps"])
    try:
        with place.metrics.open(newline="", encoding="utf-8") as file:
            return max((int(float(row["step"])) for row in csv.DictReader(file) if row.get("step")), default=0)
    except OSError:
        return 0


def _steps(planner: Planner, varied: Sequence[Varied], places: Sequence[int]) -> int | None:
    values = {one.key: (one.spelt[i], one.values[i]) for one, i in zip(varied, places, strict=True)}
    trial = planner.trial("trial", values)
    if trial.problem is not None:
        return None
    config = planner.configs[trial.name]
    data = build_data(config)
    data.prepare()
    return planned_steps(config, data)
