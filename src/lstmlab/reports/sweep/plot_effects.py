"""Interactive pictures of what options do: to quality, to time, to the gap, and two of them together."""

from collections.abc import Mapping, Sequence
from typing import Any

from lstmlab.reports.sweep.effects import Effect, by_level_and_seed
from lstmlab.reports.sweep.findings import Findings, Interaction
from lstmlab.reports.sweep.measures import Measure
from lstmlab.reports.sweep.palette import colour
from lstmlab.reports.sweep.plot_parts import (
    FAINT,
    FOREGROUND,
    Plot,
    Trace,
    axis,
    legend_above,
    named_axis,
    plain,
    rounded,
)
from lstmlab.reports.sweep.sentences import joined
from lstmlab.reports.sweep.values import key, shown

BITS = "validation bits a character"
ASIDE = 0.12  # of a mean from its dots, which it would hide


def effect_plot(effect: Effect) -> Plot:
    """Mean, every seed as a dot, interval."""
    names = [level.text for level in effect.levels]
    intervals = [level.interval if level.interval and level.interval.known else None for level in effect.levels]
    mean: Trace = {
        "type": "scatter", "mode": "markers", "name": "mean, 95 % interval",
        "x": [n + ASIDE for n in range(len(names))],
        "y": [level.mean for level in effect.levels],
        "marker": {"symbol": "diamond", "size": 11, "color": FOREGROUND},
        "error_y": {
            "type": "data", "symmetric": False, "color": FOREGROUND, "thickness": 2, "width": 7,
            "array": [one.high - level.mean if one else 0 for one, level in zip(intervals, effect.levels, strict=True)],
            "arrayminus": [
                level.mean - one.low if one else 0 for one, level in zip(intervals, effect.levels, strict=True)
            ],
        },
        "text": [
            f"{plain(level.text, 60)}<br>mean {level.mean:.4f}"
            + (f"<br>95 % CI {one.low:.4f} to {one.high:.4f}" if one else "")
            + f"<br>{len(level.by_seed)} seed{'s' if len(level.by_seed) > 1 else ''}"
            for one, level in zip(intervals, effect.levels, strict=True)
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }  # fmt: skip
    caption = "Lower is better. Dots of one seed are joined."
    if effect.over:
        caption += f" Each dot is a mean over {joined(effect.over)}."
    return Plot(
        f"Bits a character by {effect.option}",
        caption,
        [*dots(names, [level.by_seed for level in effect.levels], "bits a character"), mean],
        {"xaxis": named_axis(effect.option, names), "yaxis": axis(BITS), **legend_above(3)},
        420,
    )


def measure_plot(findings: Findings, option: str, measure: Measure) -> Plot:
    """What an option does to time, or to the gap between training and validation."""
    found = by_level_and_seed(findings.sweep, (option,), measure.figure).figures
    values = [value for value in findings.sweep.options[option] if found.get((key(value),))]
    figures = [found[(key(value),)] for value in values]
    names = [shown(value) for value in values]
    means = [sum(one.values()) / len(one) for one in figures]
    mean: Trace = {
        "type": "scatter", "mode": "lines+markers", "name": "mean",
        "x": [n + ASIDE for n in range(len(names))], "y": rounded(means),
        "marker": {"symbol": "diamond", "size": 10, "color": FOREGROUND}, "line": {"color": FOREGROUND, "width": 1},
        "text": [plain(name, 60) for name in names], "hovertemplate": "%{text}<br>mean %{y:.4g}<extra></extra>",
    }  # fmt: skip
    caption = (
        "Above 0 the model is worse on validation than it was while training: it has learnt the training text by heart"
        " so far. Training losses are taken while training, with its dropout, which may put them above validation."
        if measure.name == "Train–validation gap"
        else "Wall time, with whatever else the machine did: trials that ran at once slow each other down."
    )
    return Plot(
        f"{measure.name} by {option}",
        caption,
        [*dots(names, figures, measure.unit), mean],
        {"xaxis": named_axis(option, names), "yaxis": axis(measure.unit), **legend_above(3)},
        360,
    )


def dots(names: Sequence[str], figures: Sequence[Mapping[str, float]], unit: str) -> list[Trace]:
    """Every seed a dot above its level; dots of one seed joined."""
    joined_x: list[float | None] = []
    joined_y: list[float | None] = []
    for seed in dict.fromkeys(seed for one in figures for seed in one):
        places = [(n, one[seed]) for n, one in enumerate(figures) if seed in one]
        joined_x += [*(x for x, _ in places), None]
        joined_y += [*(y for _, y in places), None]
    every = [(n, seed, value) for n, one in enumerate(figures) for seed, value in one.items()]
    return [
        {
            "type": "scatter", "mode": "lines", "name": "same seed", "x": joined_x, "y": rounded(joined_y, 7),
            "line": {"color": FAINT, "width": 1}, "hoverinfo": "skip",
        },
        {
            "type": "scatter", "mode": "markers", "name": "one seed", "x": [n for n, *_ in every],
            "y": rounded([value for *_, value in every], 7),
            "marker": {"size": 9, "opacity": 0.8, "color": [colour(n) for n, *_ in every]},
            "text": [f"{plain(names[n], 60)}, seed {plain(seed)}" for n, seed, _ in every],
            "hovertemplate": "%{text}<br>%{y:.4f} " + plain(unit) + "<extra></extra>",
        },
    ]  # fmt: skip


def interaction_plot(one: Interaction) -> Plot:
    """Lines of one option's values over those of the other."""
    firsts, seconds = list(dict.fromkeys(a for a, _ in one.means)), list(dict.fromkeys(b for _, b in one.means))
    traces: list[Trace] = []
    for n, second in enumerate(seconds):
        shift = 0.05 * (n - (len(seconds) - 1) / 2)  # intervals beside each other
        places = [(firsts.index(a), a, *found) for (a, b), found in one.means.items() if b == second]
        known = [interval if interval and interval.known else None for *_, interval, _ in places]
        means = [mean for _, _, mean, *_ in places]
        errors: dict[str, Any] = {
            "type": "data", "symmetric": False, "thickness": 1.2, "width": 4,
            "array": [interval.high - mean if interval else 0 for interval, mean in zip(known, means, strict=True)],
            "arrayminus": [mean - interval.low if interval else 0 for interval, mean in zip(known, means, strict=True)],
        }  # fmt: skip
        traces.append(
            {
                "type": "scatter", "mode": "lines+markers", "name": plain(second, 18),
                "x": [x + shift for x, *_ in places], "y": rounded(means, 7), "error_y": errors,
                "line": {"color": colour(n), "width": 2}, "marker": {"size": 7},
                "text": [f"{plain(a, 40)}, {plain(second, 40)}<br>{seeds} seeds" for _, a, *_, seeds in places],
                "hovertemplate": "%{text}<br>mean %{y:.4f}<extra></extra>",
            }
        )  # fmt: skip
    layout = {"xaxis": named_axis(one.first, firsts), "yaxis": axis(BITS), **legend_above(len(seconds))}
    layout["legend"] = layout["legend"] | {"title": {"text": plain(one.second, 30) + " "}}
    return Plot(
        f"{one.first} and {one.second}",
        f"{one.sentence} Parallel lines mean that the two act apart from each other.",
        traces,
        layout,
        400,
    )
