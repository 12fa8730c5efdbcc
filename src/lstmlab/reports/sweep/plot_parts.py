"""What the interactive pictures are made of: Plotly's traces and layouts as plain dicts.

``FOREGROUND`` and ``FAINT`` stand for colours that the page fills in, on white and on dark.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lstmlab.reports.sweep.values import compact, short

FOREGROUND, FAINT = "$foreground", "$faint"
Trace = dict[str, Any]


@dataclass(frozen=True)
class Plot:
    """One interactive picture with the words around it; ``height`` in pixels."""

    title: str
    caption: str
    traces: Sequence[Trace]
    layout: Mapping[str, Any]
    height: int = 380

    def figure(self) -> dict[str, Any]:
        """For Plotly.newPlot."""
        return {"data": list(self.traces), "layout": dict(self.layout)}


def plain(text: str, longest: int | None = None) -> str:
    """Text that Plotly shows as it is: it reads tags in all its labels, and formulas between dollars."""
    return html.escape(text if longest is None else short(text, longest), quote=False).replace("$", "&#36;")


def named_axis(title: str, names: Sequence[str]) -> dict[str, Any]:
    """A horizontal axis with a place for each name, from 0."""
    return {
        "title": {"text": plain(title, 60)},
        "tickmode": "array",
        "tickvals": list(range(len(names))),
        "ticktext": [plain(name, max(7, min(18, 44 // max(1, len(names))))) for name in names],
        "ticklabeloverflow": "allow",
        "range": [-0.5, len(names) - 0.5],
        "automargin": True,
        "zeroline": False,
    }


def axis(title: str, *, ticks: Sequence[float] | None = None, logarithmic: bool = False) -> dict[str, Any]:
    """An axis of numbers, with ticks of one's own where they are given."""
    found: dict[str, Any] = {"title": {"text": plain(title)}, "automargin": True, "zeroline": False}
    if logarithmic:
        found["type"] = "log"
    if ticks:
        found |= {"tickmode": "array", "tickvals": list(ticks), "ticktext": [compact(tick) for tick in ticks]}
    return found


def legend_above(entries: int) -> dict[str, Any]:
    """A legend above the picture, in lines as wide as it."""
    return {"showlegend": entries > 1, "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}}


def rounded(values: Sequence[float | None], digits: int = 5) -> list[float | None]:
    """Numbers with as many digits as a picture can show: a page is smaller so."""
    return [None if value is None else float(f"{value:.{digits}g}") for value in values]
