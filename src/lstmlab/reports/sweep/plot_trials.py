"""Interactive pictures of all trials together: parallel coordinates, importance, what quality costs."""

from collections.abc import Sequence
from dataclasses import dataclass

from lstmlab.reports.sweep.findings import Findings
from lstmlab.reports.sweep.importance import Importance
from lstmlab.reports.sweep.palette import colour
from lstmlab.reports.sweep.plot_effects import BITS
from lstmlab.reports.sweep.plot_parts import (
    FAINT,
    FOREGROUND,
    Plot,
    Trace,
    axis,
    legend_above,
    plain,
    rounded,
)
from lstmlab.reports.sweep.tables import number
from lstmlab.reports.sweep.tradeoffs import Tradeoff
from lstmlab.reports.sweep.trials import Trial
from lstmlab.reports.sweep.values import key, shown

_QUARTERS = ("best quarter", "second quarter", "third quarter", "worst quarter")
_QUARTER_COLOURS = ("#229954", "#2ba9c9", "#ddaa33", "#cc3377")
_MOST_COLOURS = 8


@dataclass(frozen=True)
class _Scale:
    """One upright axis: where each trial is on it, from 0 to 1, and what is written beside it."""

    title: str
    places: list[float | None]
    ticks: list[tuple[float, str]]


def parallel_plot(findings: Findings) -> Plot | None:
    """Every trial a line through its values to its figure, coloured by how good it is; nothing where none varies."""
    sweep = findings.sweep
    trials = sweep.counted
    if not sweep.options or len(trials) < 2 or not sweep.one_text:
        return None
    bits = [trial.bits or 0.0 for trial in trials]
    scales = [_of_values(option, list(values), trials) for option, values in sweep.options.items()]
    scales += [_of_values(option, list(values), trials) for option, values in sweep.choose.items() if len(values) > 1]
    if any(trial.wall_seconds is not None for trial in trials):
        scales.append(_of_numbers("seconds", [trial.wall_seconds for trial in trials]))
    scales.append(_of_numbers("val bits/char", list(bits)))
    order = sorted(range(len(trials)), key=lambda n: bits[n])
    traces: list[Trace] = []
    for quarter, (name, its_colour) in enumerate(zip(_QUARTERS, _QUARTER_COLOURS, strict=True)):
        chosen = [n for rank, n in enumerate(order) if rank * 4 // len(order) == quarter]
        x: list[float | None] = []
        y: list[float | None] = []
        text: list[str] = []
        for n in chosen:
            for place, scale in enumerate(scales):
                x.append(place)
                y.append(scale.places[n])
                text.append(f"{plain(trials[n].name, 60)}<br>{bits[n]:.4f} bits a character")
            x.append(None)
            y.append(None)
            text.append("")
        if chosen:
            traces.append(
                {
                    "type": "scatter", "mode": "lines+markers", "name": name, "x": x, "y": rounded(y, 4), "text": text,
                    "line": {"color": its_colour, "width": 1.4}, "marker": {"size": 4}, "opacity": 0.75,
                    "hovertemplate": "%{text}<extra></extra>",
                }
            )  # fmt: skip
    line = {"color": FOREGROUND, "width": 1}
    layout = {
        "xaxis": {
            "tickmode": "array", "tickvals": list(range(len(scales))), "side": "top", "zeroline": False,
            "ticktext": [plain(scale.title.rpartition(".")[2], 16) for scale in scales], "showgrid": False,
            "range": [-0.15, len(scales) - 0.55],
        },
        "yaxis": {"visible": False, "range": [-0.08, 1.08]},
        "shapes": [
            {"type": "line", "x0": n, "x1": n, "y0": 0, "y1": 1, "line": line, "layer": "below"}
            for n in range(len(scales))
        ],
        "annotations": [
            {
                "x": n, "y": y, "text": plain(label, 14), "showarrow": False, "xanchor": "left", "xshift": 7,
                "font": {"size": 11}, "bgcolor": "$background", "opacity": 0.85, "borderpad": 1,
            }
            for n, scale in enumerate(scales)
            for y, label in scale.ticks
        ],
        **legend_above(len(traces)),
        "hovermode": "closest",
    }  # fmt: skip
    layout["legend"] = {"orientation": "h", "x": 0, "y": -0.02, "yanchor": "top"}
    return Plot(
        "Parallel coordinates",
        "Each line is a trial. A click on a quarter hides it, a double click leaves it alone. Lines are moved apart a"
        " little where they share a value.",
        traces,
        layout,
        460,
    )


def importance_plot(importances: Sequence[Importance]) -> Plot:
    """Bars with the middle 95 % of the repeats."""
    drawn = list(reversed(importances))
    return Plot(
        "Importance of the options",
        "The share of the variance of validation bits a character that each option explains by itself (functional ANOVA"
        " on a random forest), with the middle 95 % of repeats on seeds drawn anew. The seed is there to compare with.",
        [
            {
                "type": "bar", "orientation": "h", "y": [plain(one.option, 24) for one in drawn],
                "x": rounded([100 * one.share for one in drawn]), "marker": {"color": colour(0)},
                "error_x": {
                    "type": "data", "symmetric": False, "color": FOREGROUND, "thickness": 1.5, "width": 5,
                    "array": rounded([100 * (one.high - one.share) for one in drawn]),
                    "arrayminus": rounded([100 * (one.share - one.low) for one in drawn]),
                },
                "text": [f"{100 * one.low:.1f} to {100 * one.high:.1f} %" for one in drawn],
                "textposition": "none",
                "hovertemplate": "%{y}: %{x:.1f} %<br>%{text}<extra></extra>",
            }
        ],
        {"xaxis": axis("share of the variance, %") | {"rangemode": "tozero"}, "yaxis": {"automargin": True}},
        120 + 46 * len(drawn),
    )  # fmt: skip


def tradeoff_plot(one: Tradeoff) -> Plot:
    """Quality against one cost, with the Pareto front."""
    measure = one.measure
    trials = [pair for point in one.points for pair in point.trials]
    front = [one.points[index] for index in one.front]
    colours = [colour(n) if len(one.points) <= _MOST_COLOURS else colour(0) for n in range(len(one.points))]
    named = set(one.front) if len(front) <= 5 else {one.front[0], one.front[-1]}
    traces: list[Trace] = [
        {
            "type": "scatter", "mode": "markers", "name": "one trial", "x": rounded([cost for cost, _ in trials]),
            "y": rounded([bits for _, bits in trials]), "marker": {"size": 5, "color": FAINT}, "hoverinfo": "skip",
        },
        {
            "type": "scatter", "mode": "lines", "name": "Pareto front", "x": rounded([point.cost for point in front]),
            "y": rounded([point.bits for point in front]), "line": {"color": FOREGROUND, "width": 1.2, "dash": "dot"},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter", "mode": "markers+text", "name": "arm, mean", "x": rounded([p.cost for p in one.points]),
            "y": rounded([point.bits for point in one.points]), "marker": {"size": 11, "color": colours},
            "text": [plain(point.name, 16) if n in named else "" for n, point in enumerate(one.points)],
            "textposition": "top center", "customdata": [plain(point.name, 60) for point in one.points],
            "hovertemplate": f"%{{customdata}}<br>%{{x:,.4g}} {plain(measure.unit)}<br>%{{y:.4f}} bits<extra></extra>",
            "cliponaxis": False,
        },
    ]  # fmt: skip
    better = "fewer are better" if measure.lower_is_better else "more are better"
    return Plot(
        f"{measure.name} and quality",
        f"Of {measure.unit}, {better}; no arm beats those on the front in both.",
        traces,
        {
            "xaxis": axis(measure.unit, ticks=one.ticks, logarithmic=bool(one.ticks)),
            "yaxis": axis(BITS),
            **legend_above(3),
        },
        380,
    )


def _of_values(option: str, values: list[object], trials: Sequence[Trial]) -> _Scale:
    top = max(1, len(values) - 1)
    places = {key(value): n / top for n, value in enumerate(values)}
    apart = 0.05 / top
    moved = [
        places[trial.level(option)] + apart * (2 * ((n * 7919) % 101) / 100 - 1)
        if trial.level(option) in places
        else None
        for n, trial in enumerate(trials)
    ]
    return _Scale(option, moved, [(n / top, shown(value)) for n, value in enumerate(values)])


def _of_numbers(title: str, values: list[float | None]) -> _Scale:
    known = [value for value in values if value is not None]
    low, high = min(known), max(known)
    width = (high - low) or 1.0
    digits = 0 if width >= 50 else 1 if width >= 5 else 3
    ticks = [(n / 4, number(low + width * n / 4, digits)) for n in range(5)] if high > low else [(0.0, number(low, 3))]
    return _Scale(title, [None if value is None else (value - low) / width for value in values], ticks)
