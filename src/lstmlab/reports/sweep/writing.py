"""The files of a report."""

from dataclasses import dataclass
from pathlib import Path

from lstmlab.reports.sweep.exports import write_csv, write_json, write_latex
from lstmlab.reports.sweep.findings import Findings
from lstmlab.reports.sweep.html import write_html
from lstmlab.reports.sweep.markdown import write_markdown
from lstmlab.reports.sweep.pictures import draw_pictures

PICTURES = "report"


@dataclass(frozen=True)
class Written:
    """Where the report is."""

    html: Path
    markdown: Path
    csv: Path
    json: Path
    latex: Path
    pictures: tuple[Path, ...]


def write_report(findings: Findings, out: Path) -> Written:
    """report.html, report.md with its pictures in ``report/``, and results.csv, .json and .tex, all in ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    pictures = draw_pictures(findings, out / PICTURES)
    written = Written(
        out / "report.html", out / "report.md", out / "results.csv", out / "results.json", out / "results.tex",
        tuple(picture.path for picture in pictures),
    )  # fmt: skip
    write_csv(findings, written.csv)
    write_json(findings, written.json)
    write_latex(findings, written.latex)
    write_markdown(findings, pictures, written.markdown)
    write_html(findings, written.html)
    return written
