"""Figures of a trial besides its quality: what it cost and how far training and validation are apart."""

from dataclasses import dataclass

from lstmlab.reports.sweep.effects import Figure
from lstmlab.reports.sweep.trials import Sweep, Trial


@dataclass(frozen=True)
class Measure:
    """A figure, what it is called, and its unit as an axis has it."""

    name: str
    unit: str
    figure: Figure
    lower_is_better: bool | None = None


def measures_of(sweep: Sweep) -> list[Measure]:
    """Training time and the gap between training and validation, where trials have them."""
    per_token = sweep.unit is not None
    gap_unit = "val − train loss, " + ("nats a token" if per_token else "bits a character")
    measures = [
        Measure("Training time", "seconds a trial", lambda trial: trial.wall_seconds),
        Measure("Train–validation gap", gap_unit, gap_in_nats if per_token else gap_in_bits),
    ]
    return [one for one in measures if any(one.figure(trial) is not None for trial in sweep.counted)]


def costs_of(sweep: Sweep) -> list[Measure]:
    """What quality is held against; of tokens a second more is better."""
    costs = [
        Measure("Speed", "tokens a second", lambda trial: trial.figure("train/tokens_per_second"), False),
        Measure("Size", "parameters", lambda trial: trial.figure("parameters"), True),
        Measure("Time", "seconds a trial", lambda trial: trial.wall_seconds, True),
    ]
    return [one for one in costs if any(one.figure(trial) is not None for trial in sweep.counted)]


def gap_in_nats(trial: Trial) -> float | None:
    """Validation loss − training loss, nats a token."""
    held_out, trained = trial.figure("val/loss"), trial.figure("train/loss")
    return None if held_out is None or trained is None else held_out - trained


def gap_in_bits(trial: Trial) -> float | None:
    """The same in bits a character, at the validation part's characters a token: for different tokenizers."""
    gap, held_out, found = gap_in_nats(trial), trial.figure("val/loss"), trial.bits
    spelling = trial.figure("val/spelling_bits_per_char") or 0.0
    return None if gap is None or found is None or not held_out else gap * (found - spelling) / held_out
