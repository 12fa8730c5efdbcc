"""A search as a sweep: its trials as sweep.yaml and trials.csv list them."""

from typing import Any

from optuna.trial import FrozenTrial, TrialState

from lstmlab.experiment.sweep.definition import safe_name
from lstmlab.experiment.sweep.definition import trial_name as spelt_name
from lstmlab.experiment.sweep.directory import SweepDirectory, Trial
from lstmlab.experiment.sweep.states import write_table
from lstmlab.experiment.tuning.search import Search
from lstmlab.experiment.tuning.space import Axis
from lstmlab.training.callbacks.pruning import PRUNED


def directory_name(number: int, options: dict[str, Any]) -> str:
    """``007,seq_length=32,lr=0.00413``: the number tells trials apart, so that digits can be left out."""
    shown = {option: float(f"{v:.3g}") if isinstance(v, float) else v for option, v in options.items()}
    return safe_name(f"{number:03d},{spelt_name(shown)}")


def listed(search: Search, seed: int) -> list[Trial]:
    """All trials. One that was pruned has a role of its own and takes no part in comparisons, and no identity, for it
    is not what its configuration would make of it.
    """
    trials = []
    for frozen in search.trials():
        options = search.options(frozen)
        name = directory_name(frozen.number, options)
        pruned = frozen.state is TrialState.PRUNED or PRUNED in frozen.user_attrs
        identity = None if pruned else frozen.user_attrs.get("identity")
        problem = frozen.user_attrs.get("problem")
        trials.append(Trial(name, "pruned" if pruned else "trial", identity, options | {"seed": seed}, name, problem))
    return trials


def write_sweep(directory: SweepDirectory, content: dict[str, Any], search: Search, seed: int) -> None:
    """sweep.yaml and trials.csv as the study is now; ``content`` is what no trial changes."""
    with search.alone():
        trials = listed(search, seed)
        values = {axis.option: _tried(trials, axis) for axis in search.axes}
        directory.write(content | {"options": values | {"seed": [seed]}}, trials)
        write_table(directory, trials, settled=False)


def running_elsewhere(search: Search, own: list[int]) -> list[FrozenTrial]:
    """What other processes train, or left."""
    return [t for t in search.trials() if t.state is TrialState.RUNNING and t.number not in own]


def _tried(trials: list[Trial], axis: Axis) -> list[Any]:
    """The values that trials had: choices in their own order, numbers by size."""
    had = [trial.options[axis.option] for trial in trials]
    if axis.choices is not None:
        return [choice for choice in axis.choices if choice in had]
    return sorted(set(had))
