"""The tables of a report as text: headers and rows, whatever they are then drawn with."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from lstmlab.reports.statistics import Interval
from lstmlab.reports.sweep.arms import Arm
from lstmlab.reports.sweep.findings import Findings
from lstmlab.reports.sweep.sentences import shown_p
from lstmlab.reports.sweep.values import key, shown

NONE = "–"
BITS = "val bits/char"
Cell = Callable[[Arm], str]


@dataclass(frozen=True)
class Table:
    """``numbers`` tells which columns hold numbers, to be set to the right; ``best`` which rows are the winners'."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[bool, ...]
    best: frozenset[int] = frozenset()


def arms_table(findings: Findings) -> Table:
    """One row an arm. What is nowhere known has no column."""
    sweep, unit = findings.sweep, findings.sweep.unit
    figures: list[tuple[str, Cell]] = [
        (
            "seeds",
            lambda arm: f"{len(arm.trials)}" if len(arm.trials) == arm.planned else f"{len(arm.trials)}/{arm.planned}",
        ),
        (BITS, lambda arm: number(arm.mean("val/bits_per_char"), 4)),
        ("95 % CI", lambda arm: interval_text(arm.interval(), 4)),
        ("test bits/char", lambda arm: number(arm.mean("test/bits_per_char"), 4)),
        *([(f"val perplexity/{unit}", lambda arm: number(arm.mean("val/perplexity"), 3))] if unit else []),
        ("steps", lambda arm: number(arm.mean("steps"))),
        ("tokens", lambda arm: number(arm.mean("tokens_trained"))),
        ("parameters", lambda arm: number(arm.mean("parameters"))),
        ("tokens/s", lambda arm: number(arm.mean("train/tokens_per_second"))),
        ("wall time", lambda arm: duration(arm.seconds())),
    ]
    options = [(option, _option_of(option)) for option in sweep.options]
    text: list[tuple[str, Cell]] = [] if sweep.one_text else [("text", lambda arm: arm.text or NONE)]
    chosen = [(option, _choice_of(option)) for option in sweep.choose]
    columns = [*options, *text, *chosen, *figures]
    filled = [(name, tuple(cell(arm) for arm in findings.arms)) for name, cell in columns]
    known = [(name, cells) for name, cells in filled if any(cell != NONE for cell in cells)]
    words = len(options) + len(text) + len(chosen)
    winners = {id(winner.arm) for winner in findings.winners}
    return Table(
        tuple(name for name, _ in known),
        tuple(zip(*(cells for _, cells in known), strict=True)),
        tuple(n >= words for n in range(len(known))),
        frozenset(n for n, arm in enumerate(findings.arms) if id(arm) in winners),
    )


def comparisons_table(findings: Findings) -> Table:
    """One row a pair of values, of all options."""
    rows = []
    for effect in findings.effects:
        for (first, second), found in effect.comparisons.items():
            if found.pairs:
                rows.append(
                    (
                        effect.option, first, second, signed(found.difference, 4), interval_text(found.interval, 4),
                        str(found.pairs), found.method, shown_p(found.p).removeprefix("= "),
                        shown_p(found.p_adjusted).removeprefix("= "),
                    )
                )  # fmt: skip
    headers = ("option", "a", "b", "a − b, bits/char", "95 % CI", "pairs", "method", "p", "p after Holm")
    return Table(headers, tuple(rows), (False, False, False, True, True, True, False, True, True))


def choices_table(findings: Findings) -> Table:
    """One row an arm and a value that it tried."""
    options = tuple(findings.sweep.choose)
    rows: list[tuple[str, ...]] = []
    best: set[int] = set()
    for choice in findings.choices:
        for candidate in choice.candidates:
            if candidate.chosen:
                best.add(len(rows))
            edges = [f"the {choice.edges[option]} tried" for option in options if option in choice.edges]
            note = "chosen" + (f", {', '.join(edges)}" if edges else "") if candidate.chosen else ""
            rows.append(
                (
                    choice.arm.name, *(shown(candidate.values[option]) for option in options),
                    number(candidate.bits, 4), str(candidate.trials), note,
                )
            )  # fmt: skip
    headers = ("arm", *options, "val bits/char", "trials", "")
    return Table(headers, tuple(rows), (False, *(True for _ in options), True, True, False), frozenset(best))


def problems_table(findings: Findings) -> Table:
    """One row a trial that gave no figure."""
    words = {"completed": "no figure", "missing": "missing", "running": "running"}
    rows = tuple((one.trial, words.get(one.state, one.state), one.reason) for one in findings.problems)
    return Table(("trial", "state", "reason"), rows, (False, False, False))


def importances_table(findings: Findings) -> Table:
    """One row an option."""
    rows = tuple((one.option, f"{one.share:.1%}", f"{one.low:.1%} to {one.high:.1%}") for one in findings.importances)
    return Table(("option", "share of the variance", "95 % of the repeats"), rows, (False, True, True))


def number(value: float | None, digits: int = 0) -> str:
    """With separators of thousands, and a dash for none."""
    return NONE if value is None or not math.isfinite(value) else f"{value:,.{digits}f}".replace("-", "−")


def signed(value: float, digits: int) -> str:
    """With its sign."""
    return f"{value:+.{digits}f}".replace("-", "−") if math.isfinite(value) else NONE


def interval_text(interval: Interval | None, digits: int) -> str:
    """ "1.234 to 1.250"."""
    if interval is None or not interval.known:
        return NONE
    return f"{interval.low:.{digits}f} to {interval.high:.{digits}f}".replace("-", "−")


def duration(seconds: float | None) -> str:
    """ "3.2 s", "4 min 5 s", "2 h 3 min"."""
    if seconds is None:
        return NONE
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _option_of(option: str) -> Cell:
    return lambda arm: shown(arm.options[option])


def _choice_of(option: str) -> Cell:
    def cell(arm: Arm) -> str:
        values = {key(trial.options.get(option)): shown(trial.options.get(option)) for trial in arm.trials}
        return ", ".join(values.values()) or NONE

    return cell
