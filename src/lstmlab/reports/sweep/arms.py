"""Arms: trials that differ in nothing but the seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from lstmlab.reports.statistics import Interval, mean_interval
from lstmlab.reports.sweep.trials import Sweep, Trial
from lstmlab.reports.sweep.values import Value, shown


@dataclass(frozen=True, eq=False)
class Arm:
    """All trials of one combination of values; ``trials`` are those whose figures count, one a seed."""

    options: Mapping[str, Value]
    trials: tuple[Trial, ...]
    planned: int  # trials that there should be
    text: str = ""

    @property
    def name(self) -> str:
        """The values alone where they say enough: "64", else "64, 2 (text 1)"."""
        values = ", ".join(shown(value) for value in self.options.values()) or "all trials"
        return f"{values} ({self.text})" if self.text else values

    @property
    def long_name(self) -> str:
        """Options and values."""
        named = ", ".join(f"{option}={shown(value)}" for option, value in self.options.items()) or "all trials"
        return f"{named} ({self.text})" if self.text else named

    @property
    def seeds(self) -> list[Value]:
        """Of the trials that count."""
        return [trial.seed for trial in self.trials]

    def mean(self, figure: str) -> float | None:
        """Over the trials that have the figure; nothing where none has."""
        found = [value for trial in self.trials if (value := trial.figure(figure)) is not None]
        return fmean(found) if found else None

    def seconds(self) -> float | None:
        """Mean wall time of a trial."""
        found = [trial.wall_seconds for trial in self.trials if trial.wall_seconds is not None]
        return fmean(found) if found else None

    def interval(self) -> Interval | None:
        """Of the mean validation bits a character over seeds; nothing below two seeds."""
        values = [trial.bits for trial in self.trials if trial.bits is not None]
        return mean_interval(values) if len(values) > 1 else None


def arms_of(sweep: Sweep) -> list[Arm]:
    """Every combination of values (and every text) that has a trial, in the order of the options' values."""
    groups: dict[tuple[str, ...], list[Trial]] = {}
    text_of: dict[tuple[str, ...], str] = {}
    trials = [trial for trial in sweep.trials if trial.role == "trial"]
    for trial in trials:
        levels = tuple(trial.level(option) for option in sweep.options)
        if trial.counts:
            text_of.setdefault(levels, trial.text)
    for trial in trials:
        levels = tuple(trial.level(option) for option in sweep.options)
        # What has no figures yet belongs to the text that its arm has.
        text = "" if sweep.one_text else trial.text if trial.counts else text_of.get(levels, trial.text)
        groups.setdefault((*levels, text), []).append(trial)
    arms = [
        Arm(
            {option: group[0].options[option] for option in sweep.options},
            tuple(sorted((one for one in group if one.counts), key=lambda one: str(one.seed).zfill(20))),
            len(group),
            levels[-1],
        )
        for levels, group in groups.items()
    ]
    ranks = {option: {shown(value): n for n, value in enumerate(values)} for option, values in sweep.options.items()}
    return sorted(
        arms, key=lambda arm: (*(ranks[option][shown(value)] for option, value in arm.options.items()), arm.text)
    )


def best_arms(arms: Sequence[Arm]) -> list[Arm]:
    """The arm with the lowest validation bits a character, of each text one; seeds that arms lack are allowed for."""
    texts = dict.fromkeys(arm.text for arm in arms if arm.trials)
    found = []
    for text in texts:
        of_text = [arm for arm in arms if arm.text == text and arm.trials]
        means = adjusted_means(
            {n: {str(one.seed): one.bits or 0.0 for one in arm.trials} for n, arm in enumerate(of_text)}
        )
        found.append(of_text[min(means, key=lambda n: means[n])])
    return found


def adjusted_means(figures: Mapping[int, Mapping[str, float]]) -> dict[int, float]:
    """Means by row as if all rows had all seeds: least squares of row + seed; plain means where none is missing."""
    seeds = sorted({seed for row in figures.values() for seed in row})
    rows = [row for row in figures if figures[row]]
    if all(len(figures[row]) == len(seeds) for row in rows):
        return {row: fmean(figures[row].values()) for row in rows}
    cells = [(r, seeds.index(seed), value) for r, row in enumerate(rows) for seed, value in figures[row].items()]
    design = np.zeros((len(cells), len(rows) + len(seeds)))
    for index, (row, seed, _) in enumerate(cells):
        design[index, [row, len(rows) + seed]] = 1.0
    # The smallest of all solutions, shifted so that the seeds' effects have mean 0.
    solution, *_ = np.linalg.lstsq(design, np.array([value for *_, value in cells]), rcond=None)
    shift = float(solution[len(rows) :].mean())
    return {row: float(solution[r]) + shift for r, row in enumerate(rows)}
