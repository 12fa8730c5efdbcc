"""The learning curve of one run."""

import csv
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter


def draw_learning_curve(metrics: Path, target: Path, unit: str) -> None:
    """Training and validation perplexity against steps, from metrics.csv, as a picture in the suffix's format."""
    with metrics.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    figure = Figure(figsize=(7, 4), layout="constrained")  # not pyplot: no window system, no global state
    axes = figure.subplots()
    for column, label, style in (
        ("train/perplexity", "training", {"linewidth": 1.0, "alpha": 0.8}),
        ("val/perplexity", "validation", {"marker": "o", "markersize": 3}),
    ):
        points = [(int(row["step"]), float(row[column])) for row in rows if row.get(column)]
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
    figure.savefig(target, dpi=150)
