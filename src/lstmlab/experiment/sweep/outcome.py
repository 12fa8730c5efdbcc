"""What the terminal says of a sweep: before a dry run's end, and when it is over."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from lstmlab.experiment.sweep.directory import SweepDirectory, Trial
from lstmlab.experiment.sweep.estimate import estimated_seconds
from lstmlab.experiment.sweep.states import State, state_of
from lstmlab.experiment.wandb_upload import upload_command
from lstmlab.training.callbacks.console import clock


def print_plan(
    directory: SweepDirectory, trials: Sequence[Trial], configs: Mapping[str, dict[str, Any]], jobs: int
) -> None:
    """Of a dry run: each trial, how it stands, and about how long the rest takes."""
    terminal = Console(highlight=False, soft_wrap=True)
    states = {trial.name: state_of(directory, trial) for trial in trials}
    for trial in trials:
        state = states[trial.name]
        told = {"missing": "to train", "interrupted": "to go on with", "failed": "to repeat", "completed": "done"}
        reason = f": {state.reason}" if state.reason else ""
        terminal.print(f"{trial.name}: {told.get(state.status, state.status)}{reason}", markup=False)
    left = [t for t in trials if states[t.name].status not in ("completed", "refused") and t.name in configs]
    done = sum(state.status == "completed" for state in states.values())
    terminal.print(f"{directory.path}: {len(trials)} trials, {done} done, {len(left)} to train.")
    if left:
        seconds = estimated_seconds(trials, left, states, configs)
        terminal.print(f"About {clock(seconds / min(jobs, len(left)))}, {jobs} at a time; nothing was trained.")


def print_outcome(directory: SweepDirectory, trials: Sequence[Trial], states: Mapping[str, State]) -> None:
    """The arms with their figures, what did not complete and why, and what to do next."""
    terminal = Console(highlight=False, soft_wrap=False)
    arms: dict[tuple[str, ...], list[State]] = defaultdict(list)
    compared = [trial for trial in trials if trial.role == "trial"]
    options = list(dict.fromkeys(o for trial in compared for o in trial.options if o != "seed"))
    for trial in compared:
        arms[tuple(_shown(trial.options.get(option)) for option in options)].append(states[trial.name])
    rows = []
    for arm, members in arms.items():
        done = [state for state in members if state.status == "completed"]
        figures = [state.figure for state in done if state.figure is not None]
        rows.append((fmean(figures) if figures else float("inf"), arm, f"{len(done)} of {len(members)}", figures))
    if options:
        table = Table(box=box.HEAVY_HEAD)
        for name in (*options, "done", "validation\nbits/character", "of these", "lowest", "highest"):
            table.add_column(name, justify="right")
        for mean, arm, done_of, figures in sorted(rows, key=lambda row: row[0]):
            shown = [f"{mean:.4f}", str(len(figures)), f"{min(figures):.4f}", f"{max(figures):.4f}"] if figures else []
            table.add_row(*arm, done_of, *shown)
        terminal.print(table)
    for trial in trials:
        state = states[trial.name]
        if trial.role != "former" and state.status in ("failed", "refused", "interrupted"):
            terminal.print(f"{trial.name}: {state.status}: {state.reason}", markup=False, soft_wrap=True)
    if command := upload_command(directory.path):
        terminal.print(f"To W&B: {command}", markup=False, soft_wrap=True)
    if any(state.status == "completed" for state in states.values()):
        terminal.print(f"Its report: lstmlab report path={directory.path}", markup=False, soft_wrap=True)


def _shown(value: Any) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
