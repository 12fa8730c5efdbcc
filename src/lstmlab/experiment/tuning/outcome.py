"""What the terminal says of a search when it is over."""

import shlex
from collections.abc import Sequence
from typing import Any

from optuna.trial import FrozenTrial, TrialState
from rich import box
from rich.console import Console
from rich.table import Table

from lstmlab.experiment.run_directory import RunDirectory
from lstmlab.experiment.sweep.definition import short_names, spell
from lstmlab.experiment.sweep.directory import SweepDirectory
from lstmlab.experiment.sweep.typed import typed_again
from lstmlab.experiment.tuning.cost import Grid, steps_spent
from lstmlab.experiment.tuning.search import Search
from lstmlab.experiment.tuning.trials import directory_name
from lstmlab.experiment.wandb_upload import upload_command

_SHOWN = 5  # of the best trials


def print_space(search: Search, directory: SweepDirectory, total: int, steps: tuple[int, int] | None) -> None:
    """Of a dry run: the space, and how much would be trained at the most."""
    terminal = Console(highlight=False, soft_wrap=True)
    for axis in search.axes:
        terminal.print(f"{axis.option}: {axis.described()}", markup=False)
    if steps is None:
        told = "only trainer.max_time ends a training, so its steps are not known"
    elif steps[0] == steps[1]:
        told = f"{steps[0]:,} steps each, {total * steps[0]:,} at the most"
    else:
        told = f"{steps[0]:,} to {steps[1]:,} steps each, {total * steps[1]:,} at the most"
    done = sum(trial.state.is_finished() for trial in search.trials()) if directory.record.is_file() else 0
    terminal.print(f"{directory.path}: {total} trials, {done} done, {told}; nothing was trained.", markup=False)


def grid_sentence(grid: Grid | None, spent: int | None) -> str:
    """The steps of a search against those of the full grid."""
    told = f"Spent {spent:,} training steps" if spent is not None else ""
    if grid is None:
        return told and f"{told}; there is no full grid to hold them against: sweep.options has none."
    if spent is None:
        return f"The full grid: {grid.steps:,} steps ({grid.trainings} trainings)."
    share = f"{spent / grid.steps:.0%}" if spent else "none"
    return f"{told}, {share} of the {grid.steps:,} of the full grid ({grid.trainings} trainings)."


def print_outcome(search: Search, directory: SweepDirectory, fixed: Sequence[str], grid: Grid | None) -> None:
    """The best trials, the command that trains the best of them, what it cost, what failed."""
    terminal = Console(highlight=False)
    trials = search.trials()
    best = sorted(search.completed(), key=lambda trial: (trial.value or 0.0, trial.number))
    if best:
        table = Table(box=box.HEAVY_HEAD)
        options = short_names([axis.option for axis in search.axes]).values()
        for name in ("trial", *options, "validation\nbits/character", "steps"):
            table.add_column(name, justify="right")
        for trial in best[:_SHOWN]:
            table.add_row(str(trial.number), *map(_shown, search.options(trial).values()), *_figures(trial))
        terminal.print(table)
        values = [f"{option}={spell(value)}" for option, value in search.options(best[0]).items()]
        told = f"{best[0].value:.4f} bits a character (trial {best[0].number})"
        terminal.print(f"Best: {told}: {' '.join(values)}", markup=False, soft_wrap=True)
        typed = [f"{axis.key}={v.partition('=')[2]}" for axis, v in zip(search.axes, values, strict=True)]
        command = shlex.join(["lstmlab", "train", *typed_again([*fixed, *typed])])
        terminal.print(f"Train it: {command}", markup=False, soft_wrap=True)
    spent = sum(_steps(search, directory, trial) for trial in trials)
    terminal.print(grid_sentence(grid, spent), markup=False, soft_wrap=True)
    failed = [trial for trial in trials if trial.state is TrialState.FAIL]
    for trial in failed:
        name = directory_name(trial.number, search.options(trial))
        terminal.print(f"{name}: failed: {trial.user_attrs.get('reason')}", markup=False, soft_wrap=True)
    if failed:
        terminal.print(f"{len(failed)} of {len(trials)} trials failed, for what is said above.", soft_wrap=True)
    if upload := upload_command(directory.path):
        terminal.print(f"To W&B: {upload}", markup=False, soft_wrap=True)
    if best:
        terminal.print(f"Its report: lstmlab report path={directory.path}", markup=False, soft_wrap=True)


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else spell(value)


def _figures(trial: FrozenTrial) -> tuple[str, str]:
    return f"{trial.value:.4f}", f"{trial.user_attrs.get('steps', 0):,}"


def _steps(search: Search, directory: SweepDirectory, trial: FrozenTrial) -> int:
    """As noted at its end; of a trial that is not over, those that it logged."""
    if "steps" in trial.user_attrs:
        return int(trial.user_attrs["steps"])
    place = RunDirectory(directory.path / directory_name(trial.number, search.options(trial)))
    return steps_spent(place, {})
