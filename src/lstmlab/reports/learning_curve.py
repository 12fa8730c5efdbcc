"""The learning curve of one run."""

from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from lstmlab.reports.metrics_rows import read_metrics


def draw_learning_curve(metrics: Path, target: Path, unit: str) -> None:
    """Training and validation perplexity against steps, from metrics.csv, as a picture in the suffix's format."""
    learning_curve(metrics, unit).savefig(target, dpi=150)


def learning_curve(metrics: Path, unit: str) -> Figure:
    """The figure of ``draw_learning_curve``."""
    rows = read_metrics(metrics)
    figure = Figure(figsize=(7, 4), layout="constrained")  # not pyplot: no window system, no global state
    axes = figure.subplots()
    for column, label, style in (
        ("train/perplexity", "training", {"linewidth": 1.0, "alpha": 0.8}),
        ("val/perplexity", "validation", {"marker": "o", "markersize": 3}),
    ):
        points = [(row["step"], row[column]) for row in rows if row.get(column) is not None]
        if points:
            steps, values = zip(*points, strict=True)
            axes.plot(steps, values, label=label, **style)
    axes.set_xlabel("optimiser steps")
    axes.set_ylabel(f"perplexity a {unit}")
    axes.set_yscale("log")
    for formatter in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
        formatter(StrMethodFormatter("{x:g}"))
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    return figure
