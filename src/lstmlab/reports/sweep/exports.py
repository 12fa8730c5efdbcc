"""results.csv, results.json and results.tex."""

import csv
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lstmlab.files import replacing
from lstmlab.reports.statistics import Interval
from lstmlab.reports.sweep.arms import Arm
from lstmlab.reports.sweep.findings import Findings
from lstmlab.reports.sweep.tables import arms_table
from lstmlab.reports.sweep.trials import Trial
from lstmlab.reports.sweep.values import shown

FIGURES = (
    "val/bits_per_char", "val/loss", "val/perplexity", "val/accuracy", "test/bits_per_char", "test/loss",
    "test/perplexity", "train/loss", "train/perplexity", "train/tokens_per_second", "steps", "epochs", "tokens_trained",
    "parameters", "vocabulary",
)  # fmt: skip


def write_csv(findings: Findings, path: Path) -> None:
    """One row a trial, those without figures and those for a choice included."""
    sweep = findings.sweep
    options = [*sweep.options, *sweep.choose]
    columns = [*options, "seed", "trial", "role", "state", "reason", *FIGURES, "wall_seconds", "text", "path"]
    with replacing(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for trial in sweep.trials:
            writer.writerow(
                [
                    *(_cell(trial.options.get(option)) for option in options),
                    _cell(trial.seed), trial.name, trial.role, trial.state, trial.reason or "",
                    *("" if (value := trial.figure(name)) is None else _number(value) for name in FIGURES),
                    "" if trial.wall_seconds is None else trial.wall_seconds, trial.text, trial.path,
                ]
            )  # fmt: skip


def write_json(findings: Findings, path: Path) -> None:
    """Everything that the report says, for programs. What is not known is null."""
    content = _finite(to_dict(findings))
    with replacing(path) as partial:
        text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False, default=str)
        partial.write_text(text + "\n", encoding="utf-8")


def to_dict(findings: Findings) -> dict[str, Any]:
    """Plain values. Differences are a − b in bits a character."""
    sweep = findings.sweep
    return {
        "sweep": sweep.name,
        "directories": [str(directory) for directory in sweep.directories],
        "options": {option: list(values) for option, values in sweep.options.items()},
        "sentences": list(findings.sentences),
        "notes": list(findings.notes),
        "winners": [
            {
                "options": dict(winner.arm.options),
                "text": winner.arm.text or None,
                "val/bits_per_char": winner.validation,
                "val_interval": _interval(winner.validation_interval),
                "test/bits_per_char": winner.test,
                "test_interval_over_text": _interval(winner.test_interval),
            }
            for winner in findings.winners
        ],
        "effects": [
            {
                "option": effect.option,
                "averaged_over": list(effect.over),
                "compared": not effect.changes_text,
                "levels": [
                    {
                        "value": level.value,
                        "val/bits_per_char": level.mean,
                        "interval": _interval(level.interval),
                        "by_seed": dict(level.by_seed),
                    }
                    for level in effect.levels
                ],
                "comparisons": [
                    {
                        "a": first, "b": second, "difference": found.difference, "interval": _interval(found.interval),
                        "p": found.p, "p_after_holm": found.p_adjusted, "method": found.method, "pairs": found.pairs,
                    }
                    for (first, second), found in effect.comparisons.items()
                ],
            }
            for effect in findings.effects
        ],
        "interactions": [
            {
                "options": [one.first, one.second],
                "means": [
                    {"values": list(pair), "val/bits_per_char": mean, "interval": _interval(interval), "seeds": seeds}
                    for pair, (mean, interval, seeds) in one.means.items()
                ],
            }
            for one in findings.interactions
        ],
        "importances": [vars(one) for one in findings.importances],
        "choices": [
            {
                "options": dict(choice.arm.options),
                "edges": dict(choice.edges),
                "candidates": [
                    {
                        "values": dict(one.values), "val/bits_per_char": one.bits, "trials": one.trials,
                        "chosen": one.chosen,
                    }
                    for one in choice.candidates
                ],
            }
            for choice in findings.choices
        ],
        "arms": [_arm(arm) for arm in findings.arms],
        "problems": [vars(problem) for problem in findings.problems],
        "trials": [_trial(trial) for trial in sweep.trials],
    }  # fmt: skip


def write_latex(findings: Findings, path: Path) -> None:
    r"""The table of arms, to be put in with \input; the winner in bold."""
    table = arms_table(findings)
    columns = "".join("r" if number else "l" for number in table.numbers)
    lines = [
        "% Needs \\usepackage{booktabs}; with Chinese values also XeLaTeX or LuaLaTeX and a font that has them.",
        *(f"% {' '.join(sentence.split())}" for sentence in findings.sentences),
        f"\\begin{{tabular}}{{{columns}}}",
        "\\toprule",
        " & ".join(map(latex, table.headers)) + r" \\",
        "\\midrule",
    ]
    for n, row in enumerate(table.rows):
        cells = [latex(cell) for cell in row]
        lines.append(" & ".join(f"\\textbf{{{one}}}" if n in table.best else one for one in cells) + r" \\")
    lines += ["\\bottomrule", "\\end{tabular}"]
    with replacing(path) as partial:
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")


_LATEX = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "−": "$-$", "–": "--",
    "<": r"\textless{}", ">": r"\textgreater{}", "…": r"\ldots{}", "[": "{[}", "]": "{]}",
    **{one: f"\\{one}" for one in "&%$#_{}"},
}  # fmt: skip


def latex(text: str) -> str:
    """Any text as LaTeX shows it; a bracket at a row's start is no argument."""
    return re.sub(r"[\\~^−–<>…&%$#_{}\[\]]", lambda found: _LATEX[found[0]], text)


def _arm(arm: Arm) -> dict[str, Any]:
    means = {name: arm.mean(name) for name in FIGURES}
    return {
        "options": dict(arm.options),
        "text": arm.text or None,
        "seeds": list(arm.seeds),
        "planned": arm.planned,
        **means,
        "interval": _interval(arm.interval()),
        "wall_seconds": arm.seconds(),
    }


def _trial(trial: Trial) -> dict[str, Any]:
    figures = {name: trial.figure(name) for name in FIGURES}
    return {
        "trial": trial.name, "path": str(trial.path), "role": trial.role, "options": dict(trial.options),
        "seed": trial.seed, "state": trial.state, "reason": trial.reason, **figures,
        "wall_seconds": trial.wall_seconds,
    }  # fmt: skip


def _interval(interval: Interval | None) -> dict[str, Any] | None:
    return vars(interval) if interval is not None and interval.known else None


def _cell(value: Any) -> Any:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else shown(value)


def _number(value: float) -> float | int:
    return int(value) if value.is_integer() else value


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): _finite(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    return value
