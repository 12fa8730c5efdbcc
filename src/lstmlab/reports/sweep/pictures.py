"""Pictures of a sweep as files, for report.md and for papers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator, StrMethodFormatter

from lstmlab.files import replacing
from lstmlab.reports.fonts import font_for
from lstmlab.reports.sweep.curve_panels import Panel, curve_panels
from lstmlab.reports.sweep.effects import Effect, by_level_and_seed
from lstmlab.reports.sweep.findings import Findings, Interaction
from lstmlab.reports.sweep.measures import Measure, measures_of
from lstmlab.reports.sweep.palette import colour
from lstmlab.reports.sweep.tradeoffs import Tradeoff, tradeoffs_of
from lstmlab.reports.sweep.values import compact, key, short, shown

ASIDE = 0.12  # of a mean from its dots, which it would hide
_KINDS = ("effect", "interaction", "curves", "cost", "tradeoffs")
_BITS = "validation bits a character\n(lower is better)"
_FAINT: dict[str, Any] = {"color": "0.6", "linewidth": 0.7, "alpha": 0.7, "zorder": 1}
_MEAN: dict[str, Any] = {
    "marker": "D", "linestyle": "none", "markersize": 6, "color": "0.1", "markeredgecolor": "white", "zorder": 4,
}  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """A picture that was drawn, and what it shows."""

    title: str
    path: Path


def draw_pictures(findings: Findings, directory: Path) -> list[Picture]:
    """One for every varied option, then curves, interactions, cost and what quality costs; older ones are removed."""
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.glob("*.png"):
        if old.stem.split("-")[0] in _KINDS:
            old.unlink()
    pictures: list[Picture] = []

    def save(figure: Figure, title: str, *name: str) -> None:
        path = directory / ("-".join(re.sub(r"[^\w.]+", "_", part) for part in name) + ".png")
        with replacing(path) as partial:
            figure.savefig(partial, format="png", dpi=130, metadata={"Software": None})
        pictures.append(Picture(title, path))

    for effect in findings.effects:
        if effect.levels:
            save(effect_figure(effect), f"validation bits a character by {effect.option}", "effect", effect.option)
    panels = curve_panels(findings)
    for by in dict.fromkeys(panel.by for panel in panels):
        drawn = _curves([panel for panel in panels if panel.by == by])
        save(drawn, f"learning curves by {by}", "curves", *(() if by == "arm" else (by,)))
    for one in findings.interactions:
        save(_interaction(one), f"{one.first} and {one.second}", "interaction", one.first, one.second)
    measures = measures_of(findings.sweep)
    for effect in findings.effects if measures else ():
        save(
            _measures(findings, effect.option, measures), f"training time and train–validation gap by {effect.option}",
            "cost", effect.option,
        )  # fmt: skip
    tradeoffs = tradeoffs_of(findings)
    if tradeoffs:
        save(_tradeoffs(tradeoffs), "quality against what it costs", "tradeoffs")
    return pictures


def effect_figure(effect: Effect) -> Figure:
    """Validation bits a character by the values of one option: a dot a seed, mean and interval."""
    figure = Figure(figsize=(max(5.0, min(14.0, 1.8 + 1.1 * len(effect.levels))), 4), layout="constrained")
    axes = figure.subplots()
    figures = [level.by_seed for level in effect.levels]
    _dots(axes, [level.text for level in effect.levels], figures)
    for n, level in enumerate(effect.levels):
        known = level.interval is not None and level.interval.known
        error = [[level.mean - level.interval.low], [level.interval.high - level.mean]] if known else None  # type: ignore[union-attr]
        axes.errorbar([n + ASIDE], [level.mean], yerr=error, capsize=4, elinewidth=1.6, **_MEAN)
    _label(axes, effect.option, _BITS)
    figure.suptitle("mean over seeds, 95 % interval, every seed a dot", fontsize=9, x=0.02, ha="left", color="0.35")
    return figure


def _dots(axes: Axes, names: Sequence[str], figures: Sequence[Mapping[str, float]]) -> None:
    """Every seed a dot above its level, dots of one seed joined."""
    for seed in dict.fromkeys(seed for one in figures for seed in one):
        places = [(n, one[seed]) for n, one in enumerate(figures) if seed in one]
        axes.plot(*zip(*places, strict=True), **_FAINT)
    for n, one in enumerate(figures):
        axes.scatter([n] * len(one), list(one.values()), s=22, color=colour(n), alpha=0.8, linewidths=0, zorder=3)
    labels = [short(name, 18) for name in names]
    axes.set_xticks(range(len(names)), labels, parse_math=False, fontfamily=font_for(labels)[0])
    if sum(map(len, labels)) > 13 * figure_width(axes):
        for tick in axes.get_xticklabels():
            tick.set(rotation=30, ha="right", rotation_mode="anchor")
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.margins(y=0.12)


def figure_width(axes: Axes) -> float:
    """Inches that an axes has, about."""
    figure = axes.get_figure(root=True)
    columns = axes.get_subplotspec().get_gridspec().ncols if axes.get_subplotspec() else 1  # type: ignore[union-attr]
    return float(figure.get_figwidth()) / columns if figure else 5.0


def _interaction(one: Interaction) -> Figure:
    figure = Figure(figsize=(6.5, 4), layout="constrained")
    axes = figure.subplots()
    firsts, seconds = list(dict.fromkeys(a for a, _ in one.means)), list(dict.fromkeys(b for _, b in one.means))
    for n, second in enumerate(seconds):
        shift = 0.06 * (n - (len(seconds) - 1) / 2)  # intervals beside each other
        places = [(firsts.index(a), *found) for (a, b), found in one.means.items() if b == second]
        lower = [mean - interval.low if interval else 0.0 for _, mean, interval, _ in places]
        upper = [interval.high - mean if interval else 0.0 for _, mean, interval, _ in places]
        axes.errorbar(
            [x + shift for x, *_ in places], [mean for _, mean, *_ in places], yerr=[lower, upper],
            marker="o", markersize=5, capsize=3, linewidth=1.4, color=colour(n), label=short(second, 18),
        )  # fmt: skip
    labels = [short(name, 18) for name in firsts]
    axes.set_xticks(range(len(firsts)), labels, parse_math=False, fontfamily=font_for(labels)[0])
    axes.set_xlim(-0.5, len(firsts) - 0.5)
    _label(axes, one.first, _BITS)
    _legend(axes, one.second, seconds)
    return figure


def _curves(panels: Sequence[Panel]) -> Figure:
    across = min(2, len(panels))
    down = -(-len(panels) // across)
    figure = Figure(figsize=(5.6 * across, 3.6 * down), layout="constrained")
    grid = figure.subplots(down, across, squeeze=False)
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_axis_off()
    for index, (axes, panel) in enumerate(zip(grid.flat, panels, strict=False)):
        for n, group in enumerate(panel.groups):
            for _, points in group.lines if panel.lines_shown else ():
                faint = len(group.lines) > 1 and bool(group.mean)
                axes.plot(*zip(*points, strict=True), color=colour(n), linewidth=0.7, alpha=0.35 if faint else 0.9)
            if group.mean:
                axes.plot(
                    *zip(*group.mean, strict=True), color=colour(n), linewidth=1.8, label=short(group.name, 18),
                    marker="o" if len(group.mean) <= 12 else None, markersize=3,
                )  # fmt: skip
        if panel.logarithmic:
            axes.set_yscale("log")
            for formatter in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
                formatter(StrMethodFormatter("{x:.3g}"))
        axes.set_title(panel.title, fontsize=10, loc="left")
        _label(axes, panel.x_label, panel.y_label)
        if index == 0:
            _legend(axes, panel.by, [group.name for group in panel.groups], outside=True)
    return figure


def _measures(findings: Findings, option: str, measures: Sequence[Measure]) -> Figure:
    figure = Figure(figsize=(5.2 * len(measures), 3.6), layout="constrained")
    grid = figure.subplots(1, len(measures), squeeze=False)
    for axes, measure in zip(grid.flat, measures, strict=True):
        found = by_level_and_seed(findings.sweep, (option,), measure.figure).figures
        values = [value for value in findings.sweep.options[option] if found.get((key(value),))]
        figures = [found[(key(value),)] for value in values]
        _dots(axes, [shown(value) for value in values], figures)
        means = [sum(one.values()) / len(one) for one in figures]
        axes.plot([n + ASIDE for n in range(len(means))], means, **_MEAN)
        axes.set_title(measure.name, fontsize=10, loc="left")
        _label(axes, option, measure.unit)
    return figure


def _tradeoffs(tradeoffs: Sequence[Tradeoff]) -> Figure:
    figure = Figure(figsize=(4.8 * len(tradeoffs), 3.8), layout="constrained")
    grid = figure.subplots(1, len(tradeoffs), squeeze=False)
    for axes, one in zip(grid.flat, tradeoffs, strict=True):
        for n, point in enumerate(one.points):
            axes.scatter([cost for cost, _ in point.trials], [bits for _, bits in point.trials], s=10, color="0.6")
            axes.scatter([point.cost], [point.bits], s=40, color=colour(n), zorder=3)
        front = [one.points[index] for index in one.front]
        axes.plot([point.cost for point in front], [point.bits for point in front], color="0.3", linewidth=1, zorder=2)
        named = front if len(front) <= 6 else [front[0], front[-1]]
        for point in named:
            name = short(point.name, 18)
            axes.annotate(
                name, (point.cost, point.bits), xytext=(4, 4), textcoords="offset points", fontsize=8,
                parse_math=False, fontfamily=font_for([name])[0],
            )  # fmt: skip
        if one.ticks:
            axes.set_xscale("log")
            axes.set_xticks(one.ticks, [compact(tick) for tick in one.ticks])
            axes.xaxis.set_minor_locator(NullLocator())
        else:
            axes.xaxis.set_major_locator(MaxNLocator(5))
            axes.xaxis.set_major_formatter(lambda cost, _: compact(cost))
        axes.margins(x=0.15, y=0.12)
        _label(axes, one.measure.unit, _BITS)
    return figure


def _label(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x, parse_math=False, fontfamily=font_for([x])[0])
    axes.set_ylabel(y)
    axes.grid(alpha=0.25, which="both", linewidth=0.6)
    axes.tick_params(labelsize=8, which="both")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _legend(axes: Axes, title: str, names: Iterable[str], *, outside: bool = False) -> None:
    families = font_for([title, *names])[0]
    style: dict[str, Any] = {"prop": {"family": families, "size": 8}, "title": short(title, 30), "frameon": False}
    figure = axes.get_figure(root=True)
    if outside and figure is not None:  # where it hides no curve
        legend = figure.legend(*axes.get_legend_handles_labels(), loc="outside right upper", **style)
    else:
        legend = axes.legend(**style)
    legend.get_title().set(fontfamily=families, fontsize=8, parse_math=False)
    for text in legend.get_texts():
        text.set_parse_math(False)
