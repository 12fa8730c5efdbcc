"""The reliability diagram: how probable things were said to be, and how often they came true."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lstmlab.evaluation.calibration import Calibration
from lstmlab.evaluation.reliability import Reliability
from lstmlab.files import replacing
from lstmlab.reports.sweep.palette import colour


def draw_calibration(calibration: Calibration, path: Path, split: str) -> None:
    """The most probable token's probability, and every token's, as a picture in the suffix's format.

    On the diagonal a model is right; the band is where a perfect one falls by chance, nineteen times in twenty.
    """
    figure = Figure(figsize=(9, 4.6), layout="constrained")  # not pyplot: no window system, no global state
    top, every = figure.subplots(1, 2)
    _diagonal(top, calibration.top)
    _points(top, calibration.top, "as it is", 0)
    if fitted := calibration.temperature:
        _points(top, fitted.top, f"at temperature {fitted.value:.3f}", 1)
    top.set(xlim=(0, 1), ylim=(0, 1), title=f"the most probable token: off by {calibration.top.error:.2%}")
    top.legend(loc="upper left", fontsize=8)
    _diagonal(every, calibration.all_tokens)
    _points(every, calibration.all_tokens, "as it is", 0)
    every.set(
        xscale="log",
        yscale="log",
        title=f"every token: {calibration.all_tokens.error:.2%} of the probability misplaced",
    )
    for axes in (top, every):
        axes.title.set_fontsize(10)
        axes.set(xlabel="probability", ylabel="how often it came true")
        axes.grid(alpha=0.25)
    figure.suptitle(f"{split}: {calibration.tokens:,} tokens, 15 bins of equal mass", fontsize=11, x=0.01, ha="left")
    with replacing(path) as partial:
        figure.savefig(partial, dpi=150, format=path.suffix.removeprefix("."))


def _diagonal(axes: Axes, reliability: Reliability) -> None:
    said = np.array([one.probability for one in reliability.bins])
    band = 1.96 * np.array([one.by_chance for one in reliability.bins])
    axes.plot([said.min(), 1.0], [said.min(), 1.0], color="0.6", linewidth=1.0, linestyle="--")
    axes.fill_between(said, np.maximum(said - band, said.min() / 10), said + band, color="0.6", alpha=0.3, linewidth=0)


def _points(axes: Axes, reliability: Reliability, label: str, n: int) -> None:
    said = [one.probability for one in reliability.bins]
    came = [one.frequency or np.nan for one in reliability.bins]
    axes.plot(said, came, marker="o", markersize=4, linewidth=1.2, color=colour(n), label=label)
