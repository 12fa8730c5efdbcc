"""What each arm chose for itself on validation, out of what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from lstmlab.reports.sweep.arms import Arm
from lstmlab.reports.sweep.trials import Sweep, Trial
from lstmlab.reports.sweep.values import Value, key, shown


@dataclass(frozen=True)
class Candidate:
    """Values that an arm tried for the options it chooses, and the mean validation bits a character they gave."""

    values: Mapping[str, Value]
    bits: float | None  # nothing where no trial finished
    trials: int
    chosen: bool


@dataclass(frozen=True)
class Choice:
    """An arm's choice. ``edges`` says of which option the lowest or highest value tried was taken."""

    arm: Arm
    candidates: tuple[Candidate, ...]
    edges: Mapping[str, Literal["lowest", "highest"]]

    @property
    def chosen(self) -> Candidate | None:
        """What the arm was trained with."""
        return next((candidate for candidate in self.candidates if candidate.chosen), None)


def choices_of(sweep: Sweep, arms: Sequence[Arm]) -> list[Choice]:
    """For each arm what it tried and took; nothing where no option is chosen."""
    if not sweep.choose:
        return []
    return [choice for arm in arms if (choice := _choice(sweep, arm))]


def _choice(sweep: Sweep, arm: Arm) -> Choice | None:
    place = tuple(key(value) for value in arm.options.values())
    tried: dict[tuple[str, ...], list[Trial]] = {}
    for trial in sweep.trials:
        if trial.role == "choice" and tuple(trial.level(option) for option in sweep.options) == place:
            tried.setdefault(tuple(trial.level(option) for option in sweep.choose), []).append(trial)
    seeds = {key(trial.seed) for trials in tried.values() for trial in trials}
    taken = _taken(sweep, arm)
    if taken is not None:
        # The chosen value's own run may be one of the comparison's trials as well.
        tried.setdefault(taken, []).extend(
            trial
            for trial in arm.trials
            if key(trial.seed) in seeds and not any(key(other.seed) == key(trial.seed) for other in tried[taken])
        )
    candidates = []
    for levels, trials in tried.items():
        found = [trial.bits for trial in trials if trial.state == "completed" and trial.bits is not None]
        source = trials[0] if trials else arm.trials[0]
        values = {option: source.options.get(option) for option in sweep.choose}
        candidates.append(Candidate(values, fmean(found) if found else None, len(found), levels == taken))
    if not candidates:
        return None
    candidates.sort(key=lambda one: [_rank(value) for value in one.values.values()])
    return Choice(arm, tuple(candidates), _edges(sweep, candidates))


def _taken(sweep: Sweep, arm: Arm) -> tuple[str, ...] | None:
    levels = {tuple(trial.level(option) for option in sweep.choose) for trial in arm.trials}
    return levels.pop() if len(levels) == 1 else None


def _edges(sweep: Sweep, candidates: Sequence[Candidate]) -> dict[str, Literal["lowest", "highest"]]:
    chosen = next((candidate for candidate in candidates if candidate.chosen), None)
    edges: dict[str, Literal["lowest", "highest"]] = {}
    for option in sweep.choose if chosen else ():
        tried = [candidate.values[option] for candidate in candidates]
        if len({key(value) for value in tried}) < 2 or not all(_is_number(value) for value in tried):
            continue
        value = chosen.values[option] if chosen else None
        if value in (min(tried), max(tried)):
            edges[option] = "lowest" if value == min(tried) else "highest"
    return edges


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _rank(value: Value) -> tuple[bool, float, str]:
    return (False, float(value), "") if _is_number(value) else (True, 0.0, shown(value))
