"""report.html: one file that opens without a network."""

import html
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from plotly.offline import get_plotlyjs

from lstmlab import __version__
from lstmlab.files import replacing
from lstmlab.reports.sweep.curve_panels import curve_panels
from lstmlab.reports.sweep.findings import Findings
from lstmlab.reports.sweep.measures import measures_of
from lstmlab.reports.sweep.methods import methods_of
from lstmlab.reports.sweep.plot_curves import curve_plot
from lstmlab.reports.sweep.plot_effects import effect_plot, interaction_plot, measure_plot
from lstmlab.reports.sweep.plot_parts import Plot
from lstmlab.reports.sweep.plot_trials import importance_plot, parallel_plot, tradeoff_plot
from lstmlab.reports.sweep.sentences import decided
from lstmlab.reports.sweep.tables import (
    Table,
    arms_table,
    choices_table,
    comparisons_table,
    importances_table,
    problems_table,
)
from lstmlab.reports.sweep.tradeoffs import tradeoffs_of
from lstmlab.reports.sweep.winners import winner_sentences

_MANY_ROWS = 24
_LONG_HEADER = 10  # characters


def write_html(findings: Findings, path: Path) -> None:
    """The page, with Plotly's javascript in it once."""
    page = Page(findings)
    with replacing(path) as partial:
        partial.write_text(page.text(), encoding="utf-8")


class Page:
    """Sections in order; pictures are numbered as they are put in."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.plots: list[Plot] = []
        self.sections: list[tuple[str, str, str]] = []  # anchor, heading, content

    def text(self) -> str:
        """The whole file."""
        self._fill()
        sweep = self.findings.sweep
        # Within a script nothing but this would end it.
        figures = json.dumps([plot.figure() for plot in self.plots], ensure_ascii=False, allow_nan=False)
        style, script = (files(__package__).joinpath(f"page.{kind}").read_text("utf-8") for kind in ("css", "js"))
        links = "".join(f'<a href="#{anchor}">{_e(heading)}</a>' for anchor, heading, _ in self.sections)
        sections = "\n".join(
            f'<section id="{anchor}"><h2>{_e(heading)}</h2>\n{content}</section>'
            for anchor, heading, content in self.sections
        )
        return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_e(sweep.name)} – lstmlab report</title>
<link rel="icon" href="data:,">
<style>
{style}</style>
</head>
<body>
<main>
<h1>{_e(sweep.name)}</h1>
{self._head()}
<nav aria-label="Contents">{links}</nav>
{sections}
<footer>Made by lstmlab {_e(__version__)} from {_e(", ".join(map(str, sweep.directories)))}.</footer>
</main>
<script>{get_plotlyjs()}</script>
<script id="figures" type="application/json">{figures.replace("<", chr(92) + "u003c")}</script>
<script>
{script}</script>
</body>
</html>
"""

    def _head(self) -> str:
        findings = self.findings
        sweep = findings.sweep
        counted, planned = len(sweep.counted), sum(trial.role == "trial" for trial in sweep.trials)
        varied = (
            " × ".join(f"{len(values)} values of {option}" for option, values in sweep.options.items()) or "one arm"
        )
        seeds = len({str(trial.seed) for trial in sweep.trials if trial.role == "trial"})
        lines = [
            f'<p class="under">{counted} of {planned} trials with figures · {_e(varied)} · {seeds} seed'
            f"{'s' if seeds != 1 else ''}</p>"
        ]
        kinds = [decided(effect) for effect in findings.effects] or [None]
        for sentence, sure in zip(findings.sentences, kinds, strict=True):
            kind = "plain" if sure is None else "sure" if sure else "unsure"
            lines.append(f'<p class="verdict {kind}">{_e(sentence)}</p>')
        lines += [f'<p class="test">{_e(one)}</p>' for one in winner_sentences(findings.winners, len(findings.arms))]
        if findings.notes:
            items = "".join(f"<li>{_e(note)}</li>" for note in findings.notes)
            lines.append(f'<ul class="notes">{items}</ul>')
        return "\n".join(lines)

    def _fill(self) -> None:
        findings = self.findings
        self._section("arms", "Arms", _table(arms_table(findings)))
        measures = measures_of(findings.sweep)
        for n, (effect, sentence) in enumerate(zip(findings.effects, findings.sentences, strict=False)):
            if effect.levels:
                plots = [effect_plot(effect), *(measure_plot(findings, effect.option, one) for one in measures)]
                self._section(
                    f"option-{n}", effect.option, f"<p>{_e(sentence)}</p>" + self._figures(plots, first_wide=True)
                )
        self._section("curves", "Learning curves", self._figures([curve_plot(one) for one in curve_panels(findings)]))
        self._section(
            "interactions", "Interactions", self._figures([interaction_plot(one) for one in findings.interactions])
        )
        self._section(
            "costs", "What quality costs", self._figures([tradeoff_plot(one) for one in tradeoffs_of(findings)])
        )
        together = [plot] if (plot := parallel_plot(findings)) else []
        self._section("trials", "All trials", self._figures(together, first_wide=True))
        if findings.importances:
            self._section(
                "importance", "Importance",
                self._figures([importance_plot(findings.importances)], first_wide=True)
                + _table(importances_table(findings), folded=True),
            )  # fmt: skip
        if findings.choices:
            self._section("choices", "Chosen by each arm", _table(choices_table(findings)))
        if findings.problems:
            self._section("problems", "Trials without a figure", _table(problems_table(findings)))
        comparisons = comparisons_table(findings)
        if comparisons.rows:
            self._section("comparisons", "Comparisons", _table(comparisons, folded=len(comparisons.rows) > _MANY_ROWS))
        items = "".join(f"<li>{_e(sentence)}</li>" for sentence in methods_of(findings))
        self._section("methods", "How this was computed", f'<ul class="methods">{items}</ul>')

    def _section(self, anchor: str, heading: str, content: str) -> None:
        if content:
            self.sections.append((anchor, heading, content))

    def _figures(self, plots: Sequence[Plot], *, first_wide: bool = False) -> str:
        parts = []
        for n, plot in enumerate(plots):
            wide = ' class="wide"' if (first_wide and n == 0) or len(plots) == 1 else ""
            parts.append(
                f"<figure{wide}><h3>{_e(plot.title)}</h3>"
                f'<div class="plot" data-figure="{len(self.plots)}" style="height:{plot.height}px"></div>'
                f"<figcaption>{_e(plot.caption)}</figcaption></figure>"
            )
            self.plots.append(plot)
        return f'<div class="figures">{"".join(parts)}</div>' if parts else ""


def _table(table: Table, *, folded: bool = False) -> str:
    kinds = ["number" if number else "text" for number in table.numbers]
    head = "".join(f'<th class="{kind}">{_header(name)}</th>' for kind, name in zip(kinds, table.headers, strict=True))
    rows = "".join(
        ('<tr class="best">' if n in table.best else "<tr>")
        + "".join(f'<td class="{kind}">{_e(cell)}</td>' for kind, cell in zip(kinds, row, strict=True))
        + "</tr>"
        for n, row in enumerate(table.rows)
    )
    drawn = f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    return f"<details><summary>{len(table.rows)} rows</summary>{drawn}</details>" if folded else drawn


def _header(name: str) -> str:
    return _e(name).replace("/", "/<wbr>") if len(name) > _LONG_HEADER else _e(name)


def _e(text: str) -> str:
    return html.escape(text)
