"""Pictures of what the inspection recorded: gates and cell states, attention, histograms of weights and gradients."""

import math
import re
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter
from numpy.typing import NDArray

from lstmlab.files import replacing
from lstmlab.reports.fonts import font_for

Array = NDArray[Any]
Histogram = tuple[Array, Array]  # counts (bins,), edges (bins + 1,)

_SPECIAL = {" ": "␣", "\n": "↵", "\t": "⇥", "\u3000": "␣"}
_LONGEST_LABEL = 12  # characters
_LABEL = 7.5  # points
_ROOM = 0.145  # inches between two labels
_MOST_HEADS = 16
_MOST_PANELS = 24
_DPI = 110


def draw_inspections(directory: Path, most: int = 4) -> list[Path]:
    """Draw what was recorded in a run's ``inspection/`` and has no picture yet; the paths of the pictures.

    Of more than ``most`` recorded steps those at even distances, the first and the last among them: all
    pictures of one take some seconds. ``draw_inspection`` draws any other.
    """
    recorded = sorted(directory.glob("step-*.npz"))
    chosen = {round(index) for index in np.linspace(0, len(recorded) - 1, min(most, len(recorded)))}
    undrawn = [recorded[index] for index in sorted(chosen) if not any(directory.glob(f"{recorded[index].stem}*.png"))]
    return [picture for path in undrawn for picture in draw_inspection(path, directory)]


def draw_inspection(recorded: Path, directory: Path) -> list[Path]:
    """Draw one ``step-N.npz`` as ``step-N-layer-0.png``, ``-attention``, ``-weights`` and ``-gradients.png``.

    The directory is there already. Gives the paths of the pictures.
    """
    with np.load(recorded) as file:
        arrays = {name: file[name] for name in file.files}
    tokens, before = arrays["tokens"].tolist(), arrays["before"].tolist()
    pictures: list[Path] = []

    def target(what: str) -> Path:
        pictures.append(directory / f"{recorded.stem}-{what}.png")
        return pictures[-1]

    where = f"step {int(arrays['step']):,}"
    layers: dict[str, dict[str, Array]] = {}
    for name, array in arrays.items():
        layer, _, what = name.partition("/")
        if layer.startswith("layer "):
            layers.setdefault(layer, {})[what] = array
    for layer, trace in layers.items():
        path = target(layer.replace(" ", "-"))
        draw_gates(trace, tokens, path, int(arrays["units"]), title=f"{layer}, {where}")
    if "attention" in arrays:
        draw_attention(arrays["attention"], before + tokens, target("attention"), title=f"attention, {where}")
    for what in ("weights", "gradients"):
        if histograms := _histograms(arrays, what):
            when = int(arrays["gradient_step"]) if what == "gradients" else int(arrays["step"])
            draw_histograms(histograms, target(what), f"{what}, step {when:,}")
    return pictures


def draw_gates(
    trace: Mapping[str, Array], tokens: Sequence[str], path: Path, units: int = 32, *, title: str = "one layer"
) -> None:
    """``gates_figure`` as a file; the suffix of ``path`` is the format."""
    _save(gates_figure(trace, tokens, units, title=title), path)


def gates_figure(
    trace: Mapping[str, Array], tokens: Sequence[str], units: int = 32, *, title: str = "one layer"
) -> Figure:
    """A heat map, tokens × hidden units, of each thing that a layer's trace names.

    Args:
        trace: (T, H) each. What lies between 0 and 1 is drawn as a gate, all else around 0.
        tokens: the T tokens that were read.
        units: how many hidden units are shown, the first ones.
        title: what the picture is of.
    """
    shown = {name: np.asarray(array, np.float64)[:, :units].T for name, array in trace.items()}  # (units, T)
    rows = max(array.shape[0] for array in shown.values())
    panel = min(3.2, max(1.1, 0.055 * rows + 0.2))  # inches
    labels, families, sentence = _labels(tokens)
    deep = 0.12 * max(map(len, labels), default=1)
    width = min(24.0, max(6.0, _ROOM * len(tokens) + 2.2))
    figure = Figure(figsize=(width, panel * len(shown) + deep + 1.0), dpi=_DPI, layout="constrained")
    panels: list[Axes] = list(figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0])
    for axes, (name, array) in zip(panels, shown.items(), strict=True):
        is_gate = bool(((array >= 0) & (array <= 1)).all())
        # Around 0, a hundredth of the numbers may lie beyond the ends: one unit that runs away must not pale the rest.
        reach = 1.0 if is_gate else _reach(array)
        image = axes.imshow(
            array, aspect="auto", interpolation="nearest", origin="lower",
            cmap="viridis" if is_gate else "RdBu_r", vmin=0 if is_gate else -reach, vmax=reach,
        )  # fmt: skip
        beyond = "neither" if is_gate or np.nanmax(np.abs(array), initial=0) <= reach else "both"
        figure.colorbar(image, ax=axes, pad=0.01, fraction=0.03, aspect=12, extend=beyond).ax.tick_params(labelsize=7)
        axes.set_title(name, loc="left", fontsize=10)
        axes.set_ylabel("unit", fontsize=8)
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.tick_params(axis="y", labelsize=7)
    _label_axis(panels[-1], "x", labels, families, width - 2.0)
    hidden = next(iter(trace.values())).shape[1]
    among = f"all {hidden} units" if rows >= hidden else f"the first {rows} of {hidden} units"
    return _finish(figure, f"{title}: {among}, as the passage is read", sentence)


def draw_attention(weights: Array, tokens: Sequence[str], path: Path, *, title: str = "attention") -> None:
    """``attention_figure`` as a file; the suffix of ``path`` is the format."""
    _save(attention_figure(weights, tokens, title=title), path)


def attention_figure(weights: Array, tokens: Sequence[str], *, title: str = "attention") -> Figure:
    """A heat map, tokens that look × tokens that are looked at, of each head.

    Args:
        weights: (heads, T, M + T); memory that nobody looks at, in front, is left out, as it is in the beginning.
        tokens: those of the last columns: the latest of the memory, then the T that were read.
        title: what the picture is of.
    """
    heads = np.asarray(weights, np.float64)[:_MOST_HEADS]
    length, columns = heads.shape[1:]
    used = np.flatnonzero(heads.any((0, 1)))
    first = min(int(used[0]) if len(used) else 0, columns - min(len(tokens), columns))
    heads = heads[:, :, first:]
    memory = columns - length - first  # columns of it that are left
    nameless = columns - first - len(tokens)
    labels, families, sentence = _labels(tokens, first=length - len(tokens))
    below = [*(str(index - memory) for index in range(nameless)), *labels][-(columns - first) :]
    across = 1 if len(heads) == 1 else 2 if len(heads) <= 4 else 4
    down = math.ceil(len(heads) / across)
    side = min({1: 12.0, 2: 10.0, 4: 6.0}[across], max(3.5, _ROOM * (columns - first) + 1.2))  # inches
    figure = Figure(figsize=(side * across, (side * 0.96) * down + 0.6), dpi=_DPI, layout="constrained")
    panels: list[Axes] = list(figure.subplots(down, across, squeeze=False).flat)
    for index, (axes, head) in enumerate(zip(panels, heads, strict=False)):
        # What cannot be seen is left white; square roots, so that what is looked at a little is still seen.
        image = axes.imshow(
            np.ma.masked_equal(head, 0.0), aspect="auto", interpolation="nearest",
            cmap="magma_r", norm=PowerNorm(0.5, 0.0, max(float(head.max()), 1e-9)),
        )  # fmt: skip
        figure.colorbar(image, ax=axes, pad=0.01, fraction=0.04).ax.tick_params(labelsize=7)
        if memory > 0:
            axes.axvline(memory - 0.5, color="tab:blue", linewidth=1.0)
        axes.set_title(f"head {index}", loc="left", fontsize=10)
        axes.set_xlabel("looked at" + (" (left of the line: memory)" if memory > 0 else ""), fontsize=8)
        axes.set_ylabel("looking", fontsize=8)
        _label_axis(axes, "x", below, families, side - 1.3)
        _label_axis(axes, "y", labels[-length:], families, side - 1.3)
    for axes in panels[len(heads) :]:
        axes.set_axis_off()
    if left_out := len(weights) - len(heads):
        title += f" (the first {len(heads)} of {len(heads) + left_out} heads)"
    return _finish(figure, title, sentence)


def draw_histograms(histograms: Mapping[str, Histogram], path: Path, title: str) -> None:
    """How the numbers of each parameter are spread, a panel each, counts on a logarithmic scale.

    Args:
        histograms: counts (bins,) and edges (bins + 1,) by the parameter's name; the first 24 are drawn.
        path: of the picture; its suffix is the format.
        title: what the picture is of.
    """
    drawn = dict(list(histograms.items())[:_MOST_PANELS])
    across = min(4, len(drawn))
    down = math.ceil(len(drawn) / across)
    wide, high = max(3.2 * across, 6.0), 2.1 * down + 0.5  # inches
    figure = Figure(figsize=(wide, high), dpi=_DPI)
    # By hand: the same panels everywhere, and laying out so many costs more than drawing them.
    edges_of = {"left": 0.5 / wide, "right": 1 - 0.15 / wide, "bottom": 0.35 / high, "top": 1 - 0.8 / high}
    grid = figure.subplots(down, across, squeeze=False, gridspec_kw={**edges_of, "hspace": 0.65, "wspace": 0.22})
    panels: list[Axes] = list(grid.flat)
    for axes, (name, (counts, edges)) in zip(panels, drawn.items(), strict=False):
        axes.stairs(counts, edges, fill=True, color="tab:blue", alpha=0.75)
        if edges[0] < 0 < edges[-1]:
            axes.axvline(0.0, color="0.3", linewidth=0.6)
        axes.set_ylim(bottom=0.7, top=max(12.0, 1.6 * float(counts.max(initial=0))))
        axes.set_yscale("log", nonpositive="clip")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.ticklabel_format(axis="x", style="sci", scilimits=(-2, 3))
        axes.xaxis.get_offset_text().set_fontsize(7)
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.25)
        axes.set_title(f"{name}\n{int(counts.sum()):,} numbers", fontsize=7.5, loc="left")
    for axes in panels[len(drawn) :]:
        axes.set_axis_off()
    if left_out := len(histograms) - len(drawn):
        title += f" ({left_out} more parameter{'s are' if left_out > 1 else ' is'} left out)"
    _save(_finish(figure, title, None), path)


def _histograms(arrays: Mapping[str, Array], what: str) -> dict[str, Histogram]:
    names = [match[1] for name in arrays if (match := re.fullmatch(rf"{what}/(.*)/counts", name))]
    return {name: (arrays[f"{what}/{name}/counts"], arrays[f"{what}/{name}/edges"]) for name in names}


def _reach(array: Array) -> float:
    """Where a colour scale around 0 ends: 99 % of the numbers lie within."""
    finite = np.abs(array[np.isfinite(array)])
    return max(float(np.quantile(finite, 0.99)) if finite.size else 0.0, 1e-9)


def _labels(tokens: Sequence[str], first: int = 0) -> tuple[list[str], list[str], str | None]:
    """What stands beside the axis for each token, the fonts to write it in, and what the reader must be told.

    ``first`` is the number of the first token, where they are numbered.
    """
    labels = [_readable(token) for token in tokens]
    families, lacking = font_for(labels)
    unshown = sum(not lacking.isdisjoint(label) for label in labels)
    if unshown > len(labels) / 10:
        sentence = (
            f"No installed font has the characters of {unshown} of the {len(labels)} tokens: those read are numbered"
            " from 0. A font with them, such as Noto Sans CJK, is found once it is installed."
        )
        return [str(first + index) for index in range(len(labels))], families[:1], sentence
    return ["".join("\ufffd" if one in lacking else one for one in label) for label in labels], families, None


def _readable(token: str) -> str:
    """A token with its blanks visible, cut where it is long."""
    shown = "".join(_SPECIAL.get(one) or (one if one.isprintable() else ascii(one)[1:-1]) for one in token)
    return shown if len(shown) <= _LONGEST_LABEL else f"{shown[: _LONGEST_LABEL - 1]}…"


def _upright(label: str) -> str:
    """A label below an axis: words of wide characters from top to bottom."""
    return "\n".join(label) if all(unicodedata.east_asian_width(one) in "WF" for one in label) else label


def _label_axis(axes: Axes, which: str, labels: Sequence[str], families: list[str], inches: float) -> None:
    """Labels at every position, or, where they would not fit, at every second, third …"""
    every = max(1, math.ceil(len(labels) * 0.105 / inches))
    positions, chosen = range(0, len(labels), every), labels[::every]
    # As text: a $ is no formula.
    style: dict[str, Any] = {"fontfamily": families, "fontsize": _LABEL, "parse_math": False}
    if which == "x":
        axes.set_xticks(positions, [_upright(label) for label in chosen], **style)
        for tick, label in zip(axes.get_xticklabels(), chosen, strict=True):
            tick.set_rotation(90 if len(label) > 1 and "\n" not in _upright(label) else 0)
    else:
        axes.set_yticks(positions, chosen, **style)
    axes.tick_params(axis=which, length=1.5, pad=1.5)  # type: ignore[arg-type]  # "x" or "y"


def _finish(figure: Figure, title: str, sentence: str | None) -> Figure:
    laid_out = figure.get_layout_engine() is not None  # it finds room for the title where the title stands by itself
    figure.suptitle(title, fontsize=11, x=0.01, y=None if laid_out else 1 - 0.1 / figure.get_figheight(), ha="left")
    if sentence:
        line = int(figure.get_figwidth() * 16)  # characters
        figure.supxlabel(textwrap.fill(sentence, line), fontsize=8, x=0.01, ha="left")
    return figure


def _save(figure: Figure, path: Path) -> None:
    with replacing(path) as partial:
        figure.savefig(partial, format=path.suffix.removeprefix("."))
