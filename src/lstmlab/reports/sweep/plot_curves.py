"""Interactive pictures of training."""

from lstmlab.reports.sweep.curve_panels import Panel
from lstmlab.reports.sweep.palette import colour
from lstmlab.reports.sweep.plot_parts import Plot, Trace, axis, legend_above, plain, rounded


def curve_plot(panel: Panel) -> Plot:
    """A thick line for each group's mean, a thin one for each trial where there are not too many."""
    traces: list[Trace] = []
    for n, group in enumerate(panel.groups):
        alone = len(group.lines) == 1 or not group.mean
        for index, (trial, points) in enumerate(group.lines if panel.lines_shown else ()):
            traces.append(
                {
                    "type": "scatter", "mode": "lines", "name": plain(group.name, 18),
                    "x": rounded([x for x, _ in points]), "y": rounded([y for _, y in points]),
                    "line": {"color": colour(n), "width": 1.8 if alone else 1}, "opacity": 1 if alone else 0.35,
                    "legendgroup": str(n), "showlegend": alone and index == 0,
                    "hovertemplate": f"{plain(trial, 60)}<br>%{{x:.4g}}: %{{y:.4g}}<extra></extra>",
                }
            )  # fmt: skip
        if group.mean and not (alone and panel.lines_shown):
            traces.append(
                {
                    "type": "scatter", "mode": "lines+markers" if len(group.mean) <= 12 else "lines",
                    "name": plain(group.name, 18),
                    "x": rounded([x for x, _ in group.mean]), "y": rounded([y for _, y in group.mean]),
                    "line": {"color": colour(n), "width": 2.6}, "marker": {"size": 6}, "legendgroup": str(n),
                    "hovertemplate": f"{plain(group.name, 60)}, mean<br>%{{x:.4g}}: %{{y:.4g}}<extra></extra>",
                }
            )  # fmt: skip
    by = "" if panel.by == "arm" else f" by {panel.by}"
    caption = "Thick: the mean of the trials; thin: each trial." if panel.lines_shown else "The mean of the trials."
    return Plot(
        panel.title + by,
        caption + (" Lower is better." if panel.column.startswith("val/") else ""),
        traces,
        {
            "xaxis": axis(panel.x_label), "yaxis": axis(panel.y_label, logarithmic=panel.logarithmic),
            **legend_above(len(panel.groups)),
        },
        380,
    )  # fmt: skip
