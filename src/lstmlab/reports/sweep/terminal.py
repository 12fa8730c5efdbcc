"""A report in the terminal."""

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from lstmlab.reports.sweep.findings import Findings
from lstmlab.reports.sweep.tables import BITS, NONE, Table, arms_table, problems_table
from lstmlab.reports.sweep.winners import winner_sentences

_MOST_PROBLEMS = 12
_MOST_ARMS = 24
_NAME = 24  # characters of a value
_LEAST_NEEDED = ("parameters", "steps", "tokens", "val perplexity", "wall time", "test")


def print_findings(findings: Findings, console: Console) -> None:
    """The sentences, the table of arms, what failed, what must be known."""
    for sentence in (*findings.sentences, *winner_sentences(findings.winners, len(findings.arms))):
        console.print(sentence, style="bold", markup=False)
    table, left_out = _best_rows(arms_table(findings))
    console.print(_drawn(table, console.width))
    if left_out:
        console.print(f"{left_out} arms that did worse are in the report.", style="dim")
    problems = problems_table(findings).rows
    for trial, state, reason in problems[:_MOST_PROBLEMS]:
        console.print(f"{trial}: {state}, {reason or NONE}", style="red", markup=False)
    if len(problems) > _MOST_PROBLEMS:
        console.print(f"… and {len(problems) - _MOST_PROBLEMS} more without a figure.", style="red")
    for note in findings.notes:
        console.print(f"Note: {note}", style="dim", markup=False)


def _best_rows(table: Table) -> tuple[Table, int]:
    """The table with its best rows only where it is long, in their order, and how many are left out."""
    figures = table.headers.index(BITS)
    known = [n for n, row in enumerate(table.rows) if row[figures] != NONE]
    kept = sorted(sorted(known, key=lambda n: table.rows[n][figures])[:_MOST_ARMS])
    if len(table.rows) <= _MOST_ARMS:
        return table, 0
    best = frozenset(place for place, n in enumerate(kept) if n in table.best)
    return Table(table.headers, tuple(table.rows[n] for n in kept), table.numbers, best), len(table.rows) - len(kept)


def _drawn(table: Table, width: int) -> RichTable:
    """As many columns as there is room for, the least needed left out first; a figure is never cut."""
    headers = [
        header.replace(" bits", "\nbits").replace(" perpl", "\nperpl").replace("wall ", "wall\n")
        if is_number
        else header.rpartition(".")[2]
        for header, is_number in zip(table.headers, table.numbers, strict=True)
    ]
    widths = [
        max(*(len(line) for line in header.split("\n")), *(cell_len(row[n]) for row in table.rows)) + 2
        if table.numbers[n]
        else min(_NAME, max(len(header), *(cell_len(row[n]) for row in table.rows))) + 2
        for n, header in enumerate(headers)
    ]
    kept = list(range(len(headers)))
    for name in _LEAST_NEEDED:
        if sum(widths[n] for n in kept) > width:
            kept = [n for n in kept if not table.headers[n].startswith(name)]
    drawn = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for n in kept:
        number = table.numbers[n]
        drawn.add_column(
            headers[n], justify="right" if number else "left", no_wrap=number, overflow="fold",
            max_width=None if number else _NAME,
        )  # fmt: skip
    for n, row in enumerate(table.rows):
        drawn.add_row(*(Text(row[column]) for column in kept), style="bold" if n in table.best else "")
    return drawn
