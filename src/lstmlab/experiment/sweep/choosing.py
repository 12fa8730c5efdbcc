"""The value that each arm takes of the options in ``sweep.choose``."""

import math
from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from lstmlab.experiment.sweep.definition import Definition, Varied, combinations, spell
from lstmlab.experiment.sweep.directory import SweepDirectory, Trial
from lstmlab.experiment.sweep.planning import Values
from lstmlab.experiment.sweep.states import state_of


def choice_grid(definition: Definition, seeds: Sequence[int]) -> list[Varied]:
    """What is trained for the choice: each arm with each value, on seeds that the comparison does not use."""
    arms = [one for one in definition.varied if one.option != "seed"]
    return [*arms, *definition.choose, Varied("seed", tuple(map(str, seeds)), tuple(seeds))]


def chosen_values(
    definition: Definition, directory: SweepDirectory, trials: Sequence[Trial]
) -> tuple[list[Values], list[str]]:
    """The trials of the comparison, each arm with the values of the lowest mean validation bits a character over the
    seeds of the choice; and the arms for which no training of the choice has a figure.

    Args:
        trials: those of this choice, and of no other that the sweep has made.
    """
    names = [one.option for one in definition.choose]
    arm_names = [one.option for one in definition.varied if one.option != "seed"]
    figures: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    values: dict[str, dict[str, Any]] = {}
    for trial in trials:
        figure = state_of(directory, trial).figure
        if figure is None or not math.isfinite(figure):
            continue
        arm = _key({o: trial.options[o] for o in arm_names})
        taken = {o: trial.options[o] for o in names}
        figures[arm][_key(taken)].append(figure)
        values[_key(taken)] = taken
    rows: list[Values] = []
    without: list[str] = []
    for combination in combinations(definition.varied):
        own = {key: value for key, value in combination.items() if key != "seed"}
        arm_options = {key.lstrip("+"): value for key, (_, value) in own.items()}
        found = figures.get(_key(arm_options))
        if not found:
            without.append(", ".join(f"{o}={v}" for o, v in arm_options.items()))
            continue
        most = max(map(len, found.values()))  # a value with fewer trainings has lost one, and with it the comparison
        best = min((key for key in found if len(found[key]) == most), key=lambda key: fmean(found[key]))
        chosen = {one.key: (spell(values[best][one.option]), values[best][one.option]) for one in definition.choose}
        seed = {key: value for key, value in combination.items() if key == "seed"}
        rows.append(own | chosen | seed)
    return rows, list(dict.fromkeys(without))


def _key(options: dict[str, Any]) -> str:
    return repr(sorted(options.items()))
