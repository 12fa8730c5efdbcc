"""The curves of a report: which are drawn, of what groups of trials, against what."""

from collections.abc import Callable
from dataclasses import dataclass

from lstmlab.reports.sweep.arms import Arm
from lstmlab.reports.sweep.curves import Curves, Points, mean_curve, read_curves, thinned
from lstmlab.reports.sweep.findings import Findings
from lstmlab.reports.sweep.trials import Trial
from lstmlab.reports.sweep.values import key, shown

_MOST_ARMS = 8  # lines that can be told apart
_MOST_LINES = 40
COLUMNS = {
    "val/bits_per_char": "Validation bits a character",
    "val/perplexity": "Validation perplexity",
    "train/perplexity": "Training perplexity",
    "train/gradient_norm": "Gradient norm",
}


@dataclass(frozen=True)
class Group:
    """Trials of one colour. ``lines`` are theirs, by name; ``mean`` is at the places that all have."""

    name: str
    lines: tuple[tuple[str, Points], ...]
    mean: Points


@dataclass(frozen=True)
class Panel:
    """One picture of curves. Where ``lines_shown`` is false there are too many: the mean stands for them."""

    column: str
    title: str
    by: str  # the option that colours stand for, or "arm"
    x_label: str
    y_label: str
    logarithmic: bool
    lines_shown: bool
    groups: tuple[Group, ...]


def curve_panels(findings: Findings) -> list[Panel]:
    """By arm where these are few, else by each option in turn."""
    sweep = findings.sweep
    curves = {id(trial): read_curves(trial, tuple(COLUMNS)) for trial in sweep.counted}
    found: list[Panel] = []
    for by, groups in _groupings(findings):
        for column, title in COLUMNS.items():
            if "perplexity" in column and sweep.unit is None:
                continue
            scale, x_label = _scale(column, list(curves.values()))
            drawn = [
                _group(name, [(trial.name, _scaled(curves[id(trial)], column, scale)) for trial in trials])
                for name, trials in groups
            ]
            drawn = [group for group in drawn if group.lines]
            if not drawn:
                continue
            y_label = f"perplexity a {sweep.unit}" if "perplexity" in column else title.lower()
            found.append(
                Panel(
                    column, title, by, x_label, y_label, column != "val/bits_per_char",
                    sum(len(group.lines) for group in drawn) <= _MOST_LINES or not all(one.mean for one in drawn),
                    tuple(drawn),
                )
            )  # fmt: skip
    return found


def _groupings(findings: Findings) -> list[tuple[str, list[tuple[str, list[Trial]]]]]:
    sweep = findings.sweep
    arms: list[Arm] = [arm for arm in findings.arms if arm.trials]
    if len(arms) <= _MOST_ARMS or not sweep.options:
        by = next(iter(sweep.options)) if len(sweep.options) == 1 else "arm"
        return [(by, [(arm.name, list(arm.trials)) for arm in arms])]
    groupings = []
    for option, values in sweep.options.items():
        groups = [(shown(value), [one for one in sweep.counted if one.level(option) == key(value)]) for value in values]
        groupings.append((option, [(name, trials) for name, trials in groups if trials]))
    return groupings


def _scale(column: str, curves: list[Curves]) -> tuple[Callable[[Curves], float], str]:
    """What a step is worth on the horizontal axis, and what that is called."""
    if column == "train/gradient_norm":
        return lambda _: 1.0, "optimiser steps"
    if all(one.steps_an_epoch for one in curves):
        return lambda one: 1 / (one.steps_an_epoch or 1.0), "epochs"
    if all(one.tokens_a_step for one in curves):  # no whole epoch was trained
        return lambda one: (one.tokens_a_step or 1.0) / 1e6, "million training tokens"
    return lambda _: 1.0, "optimiser steps"


def _scaled(curves: Curves, column: str, scale: Callable[[Curves], float]) -> Points:
    factor = scale(curves)
    return tuple((step * factor, value) for step, value in curves.columns[column])


def _group(name: str, lines: list[tuple[str, Points]]) -> Group:
    lines = [(trial, points) for trial, points in lines if points]
    mean = mean_curve([points for _, points in lines])
    return Group(name, tuple((trial, thinned(points)) for trial, points in lines), thinned(mean))
