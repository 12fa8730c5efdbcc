"""How the trials of a sweep stand, read from their run directories."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lstmlab.errors import UserError
from lstmlab.experiment.run_directory import RunDirectory, is_locked
from lstmlab.experiment.sweep.directory import SweepDirectory, Trial
from lstmlab.files import replacing

FIGURE = "val/bits_per_char"
_FIGURES = (
    FIGURE, "val/perplexity", "test/bits_per_char", "test/perplexity", "train/loss", "steps", "tokens_trained",
    "parameters", "train/tokens_per_second",
)  # fmt: skip


@dataclass(frozen=True)
class State:
    """``status`` is completed, running, interrupted, failed, refused or missing."""

    status: str
    reason: str | None
    seconds: float
    summary: dict[str, Any]

    @property
    def figure(self) -> float | None:
        """Bits a character of the validation part, where there is one."""
        return self.summary.get(FIGURE)


def state_of(directory: SweepDirectory, trial: Trial, *, settled: bool = True) -> State:
    """How a trial stands.

    With ``settled`` a trial that nobody trains any more is not running. That takes its lock for a moment, so it is for
    before and after the trials run: meanwhile it could be in the way of the trial itself.
    """
    if trial.problem is not None:
        return State("refused", trial.problem, 0.0, {})
    place = directory.run_directory(trial)
    try:
        status = place.status
    except UserError as error:
        return State("failed", str(error), 0.0, {})
    if not status:
        return State("missing", None, 0.0, {})
    told = status["status"]
    if told == "running" and settled and not is_held(place):
        told = "interrupted"
    summary = summary_of(place)
    if told == "completed" and not summary:
        told = "interrupted"
    return State(told, status.get("reason"), status.get("wall_seconds") or 0.0, summary if told == "completed" else {})


def marked_at(place: RunDirectory) -> float | None:
    """When the run's status was written, in seconds since the epoch; nothing where there is none, or a damaged one."""
    try:
        return place.status.get("time")
    except UserError:
        return None


def summary_of(place: RunDirectory) -> dict[str, Any]:
    """summary.json; empty where there is none, or one that something has damaged: the run makes it again."""
    try:
        summary = json.loads(place.summary.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return summary if isinstance(summary, dict) else {}


def is_held(place: RunDirectory) -> bool:
    """Whether a living process trains there, on this machine or on another that shares the directory."""
    return is_locked(place.path / ".lock")


def write_table(directory: SweepDirectory, trials: Sequence[Trial], *, settled: bool = True) -> None:
    """trials.csv: a row a trial, what it varies and what came out."""
    options = list(dict.fromkeys(option for trial in trials for option in trial.options))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, ["trial", "role", *options, "status", "reason", *_FIGURES, "wall_seconds", "path"])
    writer.writeheader()
    for trial in trials:
        state = state_of(directory, trial, settled=settled)
        values = {
            o: "null" if o in trial.options and trial.options[o] is None else trial.options.get(o) for o in options
        }
        writer.writerow(
            {
                "trial": trial.name,
                "role": trial.role,
                "status": state.status,
                "reason": state.reason,
                "path": trial.path,
            }
            | values
            | {name: state.summary.get(name) for name in _FIGURES}
            | {"wall_seconds": state.seconds or None}
        )
    with replacing(directory.table) as partial:
        partial.write_text(text.getvalue(), encoding="utf-8", newline="")
