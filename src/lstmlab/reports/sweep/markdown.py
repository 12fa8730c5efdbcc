"""report.md."""

import re
from collections.abc import Sequence
from pathlib import Path

from lstmlab.files import replacing
from lstmlab.reports.sweep.findings import Findings
from lstmlab.reports.sweep.methods import methods_of
from lstmlab.reports.sweep.pictures import Picture
from lstmlab.reports.sweep.tables import (
    Table,
    arms_table,
    choices_table,
    comparisons_table,
    importances_table,
    problems_table,
)
from lstmlab.reports.sweep.winners import winner_sentences

_MOST_COMPARISONS = 60


def write_markdown(findings: Findings, pictures: Sequence[Picture], path: Path) -> None:
    """The report for reading beside code; ``pictures`` lie in a folder beside it."""
    sweep = findings.sweep
    lines = [f"# {_text(sweep.name)}", ""]
    lines += [f"**{_text(sentence)}**\n" for sentence in findings.sentences]
    lines += [f"{_text(sentence)}\n" for sentence in winner_sentences(findings.winners, len(findings.arms))]
    lines += [f"> {_text(note)}\n" for note in findings.notes]
    for picture in pictures:
        where = picture.path.relative_to(path.parent).as_posix()
        lines += [f"![{_text(picture.title)}]({_address(where)})", ""]
    lines += ["## Arms", "", *_table(arms_table(findings)), ""]
    comparisons = comparisons_table(findings)
    if comparisons.rows:
        lines += ["## Comparisons", "", *_table(comparisons, _MOST_COMPARISONS), ""]
    if findings.choices:
        lines += ["## Chosen by each arm", "", *_table(choices_table(findings)), ""]
    if findings.importances:
        lines += ["## Importance", "", *_table(importances_table(findings)), ""]
    if findings.interactions:
        lines += ["## Interactions", "", *(f"- {_text(one.sentence)}" for one in findings.interactions), ""]
    if findings.problems:
        lines += ["## Trials without a figure", "", *_table(problems_table(findings)), ""]
    lines += ["## How this was computed", "", *(f"- {_text(sentence)}" for sentence in methods_of(findings))]
    with replacing(path) as partial:
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _table(table: Table, most: int | None = None) -> list[str]:
    lines = [
        f"| {' | '.join(map(_cell, table.headers))} |",
        f"| {' | '.join('---:' if number else '---' for number in table.numbers)} |",
    ]
    for n, row in enumerate(table.rows[:most]):
        cells = [_cell(cell) for cell in row]
        bold = [f"**{cell}**" if cell else "" for cell in cells]
        lines.append(f"| {' | '.join(bold if n in table.best else cells)} |")
    if most and len(table.rows) > most:
        lines += ["", f"{len(table.rows) - most} more are in results.json."]
    return lines


def _cell(text: str) -> str:
    return _text(" ".join(text.split())).replace("|", "\\|")


def _text(text: str) -> str:
    """What Markdown would take for its own signs is shown as it is; an underscore within a word is none."""
    return re.sub(r"([\\`*$\[\]]|<(?=[a-zA-Z/!?]))|(?<!\w)(_)|(_)(?!\w)", lambda found: f"\\{found[0]}", text)


def _address(path: str) -> str:
    return f"<{path}>" if re.search(r"[\s()]", path) else path
