"""The share of new n-grams against n, by decoding and of a human."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from lstmlab.evaluation.novelty import Novelty
from lstmlab.files import replacing
from lstmlab.reports.sweep.palette import colour

_APART = 0.055  # between two labels, of the axis


def draw_novelty(novelty: Novelty, path: Path) -> None:
    """A line a decoding and a human's, as a picture in the suffix's format; each is named at its end."""
    figure = Figure(figsize=(8.4, 4.6), layout="constrained")  # not pyplot: no window system, no global state
    axes = figure.subplots()
    lines = [(novelty.human, "black"), *((one, colour(n)) for n, one in enumerate(novelty.generated))]
    for measured, shade in reversed(lines):  # the human's on top
        human = measured is novelty.human
        axes.plot(
            [share.n for share in measured.shares],
            [share.novel for share in measured.shares],
            color=shade, linewidth=2.6 if human else 1.6, marker="o", markersize=4 if human else 3,
        )  # fmt: skip
    last = novelty.human.shares[-1].n
    # Curves that end together are named in the order in which they lie before.
    lines.sort(key=lambda line: (-round(line[0].shares[-1].novel, 2), -sum(share.novel for share in line[0].shares)))
    heights = _spread([measured.shares[-1].novel for measured, _ in lines])
    for (measured, shade), height in zip(lines, heights, strict=True):
        end = measured.shares[-1].novel
        axes.plot([last + 0.25, last + 1.0], [end, height], color=shade, linewidth=0.8, clip_on=False)
        axes.text(
            last + 1.15, height, f"{measured.name}: longest copy {measured.longest_characters:,}",
            color=shade, fontsize=9, va="center", fontweight="bold" if measured is novelty.human else "normal",
        )  # fmt: skip
    axes.set(xlim=(0.5, last + 0.3), ylim=(-0.02, 1.02), xlabel="n, in characters")
    axes.set_ylabel("n-grams that the training text lacks")
    axes.set_xticks(range(1, last + 1))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.grid(alpha=0.25)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.set_title(
        f"{novelty.texts:,} texts of {novelty.characters:,} characters each, behind the same prompts"
        f" ({novelty.split} part)",
        fontsize=10, loc="left",
    )  # fmt: skip
    with replacing(path) as partial:
        figure.savefig(partial, dpi=150, format=path.suffix.removeprefix("."))


def _spread(heights: Sequence[float]) -> list[float]:
    """Heights for labels, from the highest down: at the given ones, or lower where one would lie on another."""
    placed: list[float] = []
    for height in heights:
        placed.append(min([height, *(above - _APART for above in placed[-1:])]))
    lowest = min(0.0, placed[-1])  # what was pushed out of the picture comes back in
    return [height - lowest for height in placed]
