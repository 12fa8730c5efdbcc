"""What an option does to a figure: by level and seed, averaged over the other options."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from lstmlab.reports.statistics import Comparison, Interval, compare_all, mean_interval
from lstmlab.reports.sweep.arms import adjusted_means
from lstmlab.reports.sweep.trials import Sweep, Trial
from lstmlab.reports.sweep.values import Value, key, shown

Figure = Callable[[Trial], float | None]


@dataclass(frozen=True)
class Level:
    """One value of an option and its figure for each seed; the mean is over these."""

    value: Value
    by_seed: Mapping[str, float]
    interval: Interval | None  # of the mean; nothing below two seeds

    @property
    def text(self) -> str:
        """As typed on the command line."""
        return shown(self.value)

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return fmean(self.by_seed.values())


@dataclass(frozen=True)
class Effect:
    """One varied option. ``levels`` are those with figures, in order, ``ranked`` the same, best first.

    ``comparisons`` are by pairs of levels' texts, with Holm's correction over all of them. ``over`` names the options
    that were averaged over, ``held`` those of which one value only could be taken. Where ``changes_text``, the levels
    were scored on different texts and nothing is compared.
    """

    option: str
    levels: tuple[Level, ...]
    ranked: tuple[Level, ...]
    comparisons: Mapping[tuple[str, str], Comparison]
    over: tuple[str, ...]
    held: Mapping[str, str]  # other options of which only one value has complete combinations
    absent: tuple[str, ...]  # levels without any figure
    changes_text: bool

    def between(self, better: Level, worse: Level) -> tuple[float, Interval, Comparison] | None:
        """How much lower ``better`` is, the interval of that, and the comparison itself; nothing without pairs."""
        if found := self.comparisons.get((better.text, worse.text)):
            high, low = -found.interval.low, -found.interval.high
            return -found.difference, _replaced(found.interval, low, high), found
        if found := self.comparisons.get((worse.text, better.text)):
            return found.difference, found.interval, found
        return None


def bits(trial: Trial) -> float | None:
    """Validation bits a character."""
    return trial.bits


def effects_of(sweep: Sweep) -> list[Effect]:
    """The effect of every varied option on validation bits a character."""
    return [effect_of(sweep, option) for option in sweep.options]


def effect_of(sweep: Sweep, option: str) -> Effect:
    """One option's effect on validation bits a character."""
    found = by_level_and_seed(sweep, (option,), bits)
    changes_text = found.changes_text
    figures = {level: by_seed for (level,), by_seed in found.figures.items() if by_seed}
    levels = tuple(_level(value, figures[key(value)]) for value in sweep.options[option] if key(value) in figures)
    means = adjusted_means({n: level.by_seed for n, level in enumerate(levels)})
    comparisons = {} if changes_text else compare_all({level.text: level.by_seed for level in levels})
    return Effect(
        option, levels, tuple(levels[n] for n in sorted(means, key=lambda n: means[n])), comparisons,
        tuple(other for other, values in found.used.items() if len(values) > 1),
        {other: next(iter(values)) for other, values in found.used.items() if len(values) == 1},
        tuple(shown(value) for value in sweep.options[option] if key(value) not in figures), changes_text,
    )  # fmt: skip


@dataclass(frozen=True)
class Means:
    """Levels → seed → mean. ``used`` has of the other options the values' texts that the means are over."""

    figures: Mapping[tuple[str, ...], Mapping[str, float]]
    used: Mapping[str, set[str]]
    changes_text: bool  # whether the levels were scored on different texts


def by_level_and_seed(sweep: Sweep, options: Sequence[str], figure: Figure) -> Means:
    """Levels of these options → seed → the figure's mean over the combinations of all other options.

    For a seed only those combinations count that are complete: that have the figure at all of the levels. Levels with
    which none is complete are left out for that seed, those that complete fewest first. Where there are other options,
    a seed that has one level only tells of nothing and is left out.
    """
    others = [other for other in sweep.options if other not in options]
    text_of = {other: {key(value): shown(value) for value in sweep.options[other]} for other in others}
    cells: dict[str, dict[tuple[str, ...], dict[tuple[str, ...], float]]] = {}  # seed → levels → others → figure
    texts: dict[tuple[str, ...], set[str]] = {}  # of each combination of the others
    together = _texts_go_with(sweep, options, others)
    for trial in sweep.counted:
        value = figure(trial)
        if value is None:
            continue
        combination = (*(trial.level(other) for other in others), "" if together else trial.text)
        texts.setdefault(combination, set()).add(trial.text)
        levels = tuple(trial.level(option) for option in options)
        cells.setdefault(key(trial.seed), {}).setdefault(levels, {})[combination] = value
    found: dict[tuple[str, ...], dict[str, float]] = {}
    used: dict[str, set[str]] = {other: set() for other in others}
    alone = len({levels for at_levels in cells.values() for levels in at_levels}) < 2
    for seed, at_levels in cells.items():
        complete = _complete(at_levels)
        if others and len(complete) < 2 and not alone:
            continue
        for levels, combinations in complete.items():
            by_seed = found.setdefault(levels, {})
            by_seed[seed] = fmean(at_levels[levels][combination] for combination in combinations)
            for combination in combinations:
                for other, level in zip(others, combination, strict=False):
                    used[other].add(text_of[other][level])
    return Means(found, used, any(len(several) > 1 for several in texts.values()))


def _complete(
    cells: Mapping[tuple[str, ...], Mapping[tuple[str, ...], float]],
) -> dict[tuple[str, ...], list[tuple[str, ...]]]:
    """Levels → the combinations that all of the levels returned have."""
    left = dict(cells)
    while left:
        common = [one for one in next(iter(left.values())) if all(one in others for others in left.values())]
        if common:
            return dict.fromkeys(left, common)
        del left[min(left, key=lambda levels: len(left[levels]))]
    return {}


def _texts_go_with(sweep: Sweep, options: Sequence[str], others: Sequence[str]) -> bool:
    """Whether the options themselves decide which text is scored, everything else being equal."""
    text_of: dict[tuple[str, ...], dict[tuple[str, ...], set[str]]] = {}
    for trial in sweep.counted:
        at_levels = text_of.setdefault(tuple(trial.level(other) for other in others), {})
        at_levels.setdefault(tuple(trial.level(option) for option in options), set()).add(trial.text)
    several = [at_levels for at_levels in text_of.values() if len(set().union(*at_levels.values())) > 1]
    return bool(several) and all(len(texts) == 1 for at_levels in several for texts in at_levels.values())


def _level(value: Value, by_seed: Mapping[str, float]) -> Level:
    values = list(by_seed.values())
    return Level(value, by_seed, mean_interval(values) if len(values) > 1 else None)


def _replaced(interval: Interval, low: float, high: float) -> Interval:
    return Interval(low, high, interval.level, interval.method)


def differences(better: Level, worse: Level) -> Sequence[float]:
    """Seed by seed, how much lower ``better`` is."""
    return [worse.by_seed[seed] - better.by_seed[seed] for seed in better.by_seed if seed in worse.by_seed]
