"""A sweep as a W&B sweep file, whose agents run ``lstmlab train``.

The server draws each option's value and the agent types ``option=value`` with Python's ``str`` of it. So None would
come as the text None, and a text with a comma or a nested value would be read as something else: those are written as
the text that the command line reads back as the value. Numbers and truth values stay what they are; W&B plots them.
"""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from lstmlab.errors import UserError
from lstmlab.experiment.sweep.definition import spell
from lstmlab.files import replacing
from lstmlab.nearest import did_you_mean
from lstmlab.overrides import LITERAL

METHODS = ("grid", "random", "bayes")
METRIC = "val/bits_per_char"

# What W&B takes for a parameter's name (the schema of its sweep files).
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def write_wandb_sweep(
    name: str,
    options: Mapping[str, Sequence[Any]],
    space: Mapping[str, Mapping[str, Any]],
    method: str,
    fixed_overrides: Sequence[str],
    path: Path,
    *,
    project: str | None = None,
    entity: str | None = None,
) -> None:
    """Write the sweep file that ``wandb sweep PATH`` makes a sweep of.

    Args:
        name: of the sweep; its runs are grouped by it and lie in ``outputs/NAME/``, each under its W&B id.
        options: the values of each varied option, as they are in the configuration.
        space: what random and bayes draw from, where it is not empty: for each option ``low``, ``high`` and ``log``, or
            ``choices``. grid takes the options.
        method: grid, random or bayes.
        fixed_overrides: what every run is given besides, as typed.
        path: of the file.
        project: of the sweep; W&B ignores that of its runs.
        entity: whose it is; None: the user's own.

    Raises:
        UserError: there is no such method, nothing varies, or an option cannot be written as a parameter.
    """
    if method not in METHODS:
        raise UserError(
            f"method={method} is no method of W&B's sweeps: take {', '.join(METHODS)}.{did_you_mean(method, METHODS)}"
        )
    if method == "grid" or not space:
        parameters = {option: _values(option, values) for option, values in options.items()}
    else:
        parameters = {option: _drawn(option, entry) for option, entry in space.items()}
    if not parameters:
        raise UserError("nothing varies, so there is no sweep to write: give sweep.options or a sweep=… that has some.")
    given = [*_own(name, fixed_overrides), *fixed_overrides]
    content: dict[str, Any] = {
        "name": name,
        "project": project,
        "entity": entity,
        "method": method,
        "metric": {"name": METRIC, "goal": "minimize"},
        "program": "lstmlab",
        "command": ["${env}", "${program}", "train", *given, "${args_no_hyphens}"],
        "parameters": parameters,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial:
        text = yaml.safe_dump(_without_none(content), allow_unicode=True, sort_keys=False, width=120)
        partial.write_text(f"# wandb sweep {path.name}\n{text}", encoding="utf-8")


def _own(name: str, fixed: Sequence[str]) -> list[str]:
    """What the runs are given of their own accord, unless it was typed."""
    typed = {override.partition("=")[0].lstrip("+") for override in fixed}
    own = {
        "logger": "wandb",
        "logger.group": spell(name),
        "logger.tags": f"[wandb-sweep,{spell(name)}]",
        "hydra.run.dir": f"outputs/{name}/${{oc.env:WANDB_RUN_ID}}",
    }
    return [f"{option}={value}" for option, value in own.items() if option not in typed]


def _values(option: str, values: Any) -> dict[str, Any]:
    if not isinstance(values, (list, tuple)) or not values:
        raise UserError(f"sweep.options.{option}={values} must be a list of values that is not empty, as in [1, 2, 3].")
    return {"values": [_written(_checked(option), value) for value in values]}


def _drawn(option: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter with a distribution, from ``low``, ``high`` and ``log``, or ``choices``."""
    known = ("low", "high", "log", "choices")
    for word in entry:
        if word not in known:
            raise UserError(f"sweep.space.{option}.{word} is no option.{did_you_mean(word, known)}")
    if entry.get("choices") is not None:
        return _values(option, entry["choices"])
    low: Any = entry.get("low")
    high: Any = entry.get("high")
    log = bool(entry.get("log", False))
    if not _is_number(low) or not _is_number(high) or low >= high or (log and low <= 0):
        raise UserError(
            f"sweep.space.{option} needs low and high, with low below high and above 0 where log is true, or choices."
        )
    _checked(option)
    limits: dict[str, Any] = {"min": low, "max": high}
    whole = isinstance(low, int) and isinstance(high, int)
    if not log:
        return {"distribution": "int_uniform" if whole else "uniform"} | limits
    if whole:
        return {"distribution": "q_log_uniform_values", "q": 1} | limits  # rounded to multiples of q
    return {"distribution": "log_uniform_values"} | limits


def _checked(option: str) -> str:
    if not _NAME.fullmatch(option):
        raise UserError(
            f"{option} cannot be varied by a W&B sweep, whose names are of letters, digits, dots and dashes; fix it, or"
            " give the option without its sign."
        )
    return option


def _written(option: str, value: Any) -> Any:
    """A value as the file holds it: what the agent makes of it is what the command line reads as the value."""
    if option in LITERAL:
        if not isinstance(value, str):
            raise UserError(f"{option} is read as text from the command line, so a W&B sweep cannot give it {value}.")
        return value
    if isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return spell(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _without_none(content: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if value is not None}
