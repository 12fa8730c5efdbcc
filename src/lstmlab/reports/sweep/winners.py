"""The arm with the best validation figure, and what the test part says of it, once."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from lstmlab.reports.statistics import Interval, mean_interval, mean_of_text_interval
from lstmlab.reports.sweep.arms import Arm
from lstmlab.reports.sweep.trials import Trial
from lstmlab.reports.sweep.values import short


@dataclass(frozen=True)
class Winner:
    """Of its text the best arm by validation; all figures in bits a character.

    ``test`` is the mean over seeds; ``test_interval`` is over the text, all seeds' losses averaged.
    """

    arm: Arm
    validation: float
    validation_interval: Interval | None
    test: float | None
    test_interval: Interval | None


def winner_of(arm: Arm) -> Winner:
    """The figures of the arm that won."""
    values = [trial.bits for trial in arm.trials if trial.bits is not None]
    interval = mean_interval(values) if len(values) > 1 else None
    return Winner(arm, fmean(values), interval, arm.mean("test/bits_per_char"), _over_the_text(arm.trials))


def winner_sentences(winners: Sequence[Winner], arms: int) -> list[str]:
    """For each text the best combination where several options vary, and its test figure."""
    sentences = []
    for winner in winners:
        arm, count = winner.arm, len(winner.arm.trials)
        seeds = f"{count} seed{'s' if count > 1 else ''}"
        if len(arm.options) > 1:
            sentences.append(
                f"Best of {arms} combinations by mean validation: {short(arm.long_name, 160)}, {winner.validation:.3f}"
                f" bits a character ({_within(winner.validation_interval, seeds)})."
            )
        if winner.test is not None:
            name = short(arm.long_name, 160) if arm.options or arm.text else "the model"
            sentences.append(
                f"On the test part, which no choice was made on, {name} has {winner.test:.3f} bits a character"
                f" ({_within(winner.test_interval, 'the text, ' + seeds + (' averaged' if count > 1 else ''))})."
            )
    return sentences


def alone(winners: Sequence[Winner]) -> str:
    """The sentence of a sweep in which nothing but the seed varies."""
    winner, *others = winners
    if others:
        return "The runs differ in nothing but the text, and figures of different texts are not compared."
    found = f"{winner.validation:.3f} validation bits a character"
    if winner.validation_interval is None:
        return f"{found} with one seed; nothing varies, and one seed has no interval."
    return f"{found} on average ({_within(winner.validation_interval, f'{len(winner.arm.trials)} seeds')})."


def _within(interval: Interval | None, what: str) -> str:
    if interval is None or not interval.known:
        return what
    return f"{100 * interval.level:g} % CI {interval.low:.3f} to {interval.high:.3f} over {what}"


def _over_the_text(trials: Sequence[Trial]) -> Interval | None:
    losses: list[NDArray[np.float64]] = []
    figures: list[float] = []
    for trial in trials:
        figure = trial.figure("test/bits_per_char")
        try:
            nats = np.load(trial.path / "test_losses.npy").astype(np.float64)
        except (OSError, ValueError):
            continue
        if figure is not None and nats.ndim == 1 and nats.size > 1 and (not losses or nats.size == losses[0].size):
            losses.append(nats)
            figures.append(figure)
    if not losses:
        return None
    nats = np.mean(losses, axis=0)
    # Bits a character for a nat a token; the spelling of unknown words is in it.
    factor = fmean(figures) / float(nats.mean())
    found = mean_of_text_interval(nats)
    return Interval(found.low * factor, found.high * factor, found.level, found.method)
