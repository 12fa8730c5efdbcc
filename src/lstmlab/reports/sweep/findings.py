"""Everything that a report says of a sweep, computed once; pages, tables and pictures only show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from lstmlab.errors import UserError
from lstmlab.reports.statistics import Interval, mean_interval
from lstmlab.reports.sweep.arms import Arm, arms_of, best_arms
from lstmlab.reports.sweep.choices import Choice, choices_of
from lstmlab.reports.sweep.effects import Effect, bits, by_level_and_seed, effects_of
from lstmlab.reports.sweep.importance import Importance, importances_of
from lstmlab.reports.sweep.notes import notes_of
from lstmlab.reports.sweep.sentences import joined, verdict
from lstmlab.reports.sweep.trials import Sweep, Trial
from lstmlab.reports.sweep.values import key, shown
from lstmlab.reports.sweep.winners import Winner, alone, winner_of

_WORDS = {
    "failed": "failed",
    "refused": "refused before it could run",
    "interrupted": "interrupted",
    "running": "still running",
    "missing": "missing",
    "completed": "without a figure",
}


@dataclass(frozen=True)
class Interaction:
    """How two options act together: mean validation bits a character and interval by both values' texts."""

    first: str
    second: str
    means: Mapping[tuple[str, str], tuple[float, Interval | None, int]]  # mean, interval, seeds
    sentence: str


@dataclass(frozen=True)
class Problem:
    """A trial that gave no figure, and why."""

    trial: str
    state: str
    reason: str


@dataclass(frozen=True)
class Findings:
    """What there is to say. ``sentences`` has one for each varied option, or one on the only arm."""

    sweep: Sweep
    arms: tuple[Arm, ...]
    winners: tuple[Winner, ...]
    effects: tuple[Effect, ...]
    interactions: tuple[Interaction, ...]
    importances: tuple[Importance, ...]
    choices: tuple[Choice, ...]
    problems: tuple[Problem, ...]
    sentences: tuple[str, ...]
    notes: tuple[str, ...]


def find(sweep: Sweep) -> Findings:
    """Look at all trials.

    Raises:
        UserError: none has finished with a validation figure.
    """
    problems = tuple(problem for trial in sweep.trials if (problem := _problem(trial)))
    if not sweep.counted:
        where = joined([str(directory) for directory in sweep.directories])
        counts = {_WORDS[state]: sum(one.state == state for one in problems) for state in _WORDS}
        said = joined([f"{count} {word}" for word, count in counts.items() if count]) or "none is there"
        raise UserError(f"{where} has no finished trial with a validation figure ({said}); finish the sweep first.")
    arms = arms_of(sweep)
    effects = effects_of(sweep)
    choices = choices_of(sweep, arms)
    winners = tuple(winner_of(arm) for arm in best_arms(arms))
    sentences = tuple(verdict(effect) for effect in effects) or (alone(winners),)
    return Findings(
        sweep, tuple(arms), winners, tuple(effects), tuple(_interactions(sweep)), tuple(importances_of(sweep)),
        tuple(choices), problems, sentences, tuple(notes_of(sweep, arms, choices, effects)),
    )  # fmt: skip


def _problem(trial: Trial) -> Problem | None:
    if trial.state != "completed":
        return Problem(trial.name, trial.state, trial.reason or "")
    if trial.bits is not None:
        return None
    if trial.summary.get("val/bits_per_char") is not None:
        return Problem(trial.name, "completed", "its validation loss is not a finite number: the training diverged")
    return Problem(
        trial.name, "completed", "it has no validation figure: no val part, or trainer.limit_val_windows is set"
    )


def _interactions(sweep: Sweep) -> list[Interaction]:
    found = []
    for first, second in combinations(sweep.options, 2):
        means_of = by_level_and_seed(sweep, (first, second), bits)
        figures = means_of.figures
        names = {
            (key(a), key(b)): (shown(a), shown(b)) for a in sweep.options[first] for b in sweep.options[second]
        }  # in the values' order
        means = {
            name: (float(np.mean(values)), mean_interval(values) if len(values) > 1 else None, len(values))
            for levels, name in names.items()
            if (values := list(figures.get(levels, {}).values()))
        }
        if len({a for a, _ in means}) > 1 and len({b for _, b in means}) > 1 and not means_of.changes_text:
            found.append(Interaction(first, second, means, _best_at_each(first, second, means)))
    return found


def _best_at_each(first: str, second: str, means: Mapping[tuple[str, str], tuple[float, Interval | None, int]]) -> str:
    best: dict[str, list[str]] = {}
    for at in dict.fromkeys(b for _, b in means):
        lowest = min((mean, a) for (a, b), (mean, *_) in means.items() if b == at)[1]
        best.setdefault(lowest, []).append(at)
    if len(best) == 1:
        return f"By mean, {first}={next(iter(best))} is the best at every value of {second}."
    parts = [f"{value} where {second} is {joined(levels)}" for value, levels in best.items()]
    return f"By mean, the best {first} is {joined(parts)}: whether that is more than noise the intervals show."
