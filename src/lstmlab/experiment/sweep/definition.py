"""What a sweep varies, from its definition and from what was typed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override

from lstmlab.errors import UserError
from lstmlab.overrides import literal

_PLAIN = re.compile(r"[A-Za-z_][\w./-]*", re.ASCII)
_WORDS = ("null", "true", "false", "nan", "inf")  # Hydra's grammar reads them as something else than text
_UNSAFE = re.compile(r"[^\w.+,=\[\]-]+")  # in a directory's name
_LONGEST_NAME = 120  # bytes; a file system's limit is 255


@dataclass(frozen=True)
class Varied:
    """An option and its values: as Hydra reads them, and what they are then."""

    key: str  # as it is overridden: data.seq_length, model, +data.extra
    spelt: tuple[str, ...]
    values: tuple[Any, ...]

    @property
    def option(self) -> str:
        """The option's name without Hydra's signs."""
        return self.key.lstrip("+")


@dataclass(frozen=True)
class Definition:
    """Everything that makes the trials of a sweep: what stays, what is varied, what each arm chooses first."""

    fixed: tuple[str, ...]
    varied: tuple[Varied, ...]
    choose: tuple[Varied, ...]

    def options(self) -> dict[str, list[Any]]:
        """The varied options with their values, for sweep.yaml."""
        return {one.option: list(one.values) for one in self.varied}

    def name(self) -> str:
        """After what is varied; the seed counts only where nothing else is."""
        named = [one.option for one in self.varied if one.option != "seed"] or ["seed"]
        return safe_name("-".join(short_names(named).values()))


def read_definition(
    arguments: Sequence[str],
    options: Mapping[str, Any],
    choose: Mapping[str, Any],
    parser: OverridesParser,
    seed: int | None = None,
) -> Definition:
    """The definition of ``sweep.options`` with what was typed: an option typed with one value is fixed to it, with
    several it takes these. A sweep that does not vary the seed has the one given, so that every trial names its own and
    more can follow.

    Raises:
        UserError: nothing is varied, or an option has no values.
    """
    varied = {key: _of_values("sweep.options", key, values, parser) for key, values in options.items()}
    fixed = []
    for override in parser.parse_overrides(list(arguments)):
        key = override.get_key_element()
        if key.lstrip("+~") in varied or override.is_sweep_override():
            varied.pop(key.lstrip("+~"), None)
        if override.is_sweep_override():
            varied[key] = _of_override(key, override, parser)
        else:
            fixed.append(str(override.input_line))
    empty = [one for one in fixed if ",," in one or one.endswith(",")]
    if empty:
        raise UserError(f"{empty[0]} has an empty value between commas; take out one comma.")
    if not any(len(one.values) > 1 for one in varied.values()):
        raise UserError(
            "nothing varies, so there is no sweep: give an option several values (-m model.num_layers=1,2) or take a"
            " definition, as in sweep=seq_length."
        )
    if "run" in varied:
        raise UserError("run=… cannot be varied: each trial is a training of its own.")
    if "seed" not in varied and seed is not None and not {"experiment", "debug"} & set(varied):
        varied["seed"] = Varied("seed", (str(seed),), (seed,))
    chosen = tuple(_of_values("sweep.choose", key, values, parser) for key, values in choose.items())
    for one in chosen:
        if one.option in varied:
            raise UserError(f"{one.option} is both varied and in sweep.choose; take it out of one of them.")
    return Definition(tuple(fixed), tuple(varied.values()), chosen)


def combinations(varied: Sequence[Varied]) -> list[dict[str, tuple[str, Any]]]:
    """Every combination: for each key the spelling and the value. The seed varies slowest, so that a sweep that is
    stopped has its arms compared on the seeds that it came to.
    """
    ordered = sorted(varied, key=lambda one: one.option != "seed")
    rows = product(*(list(zip(one.spelt, one.values, strict=True)) for one in ordered))
    combined = [dict(zip((one.key for one in ordered), row, strict=True)) for row in rows]
    return [{one.key: row[one.key] for one in varied} for row in combined]


def trial_name(values: Mapping[str, Any]) -> str:
    """``seq_length=16,seed=1``, fit to be a directory's name."""
    short = short_names(values)
    return safe_name(",".join(f"{short[option]}={_shown(value)}" for option, value in values.items()))


def short_names(options: Sequence[str] | Mapping[str, Any]) -> dict[str, str]:
    """The last part of each option's dotted name, more of it where two would be alike."""
    short = {}
    for option in options:
        parts = option.replace("/", ".").split(".")
        for count in range(1, len(parts) + 1):
            name = ".".join(parts[-count:])
            if sum(other.replace("/", ".").endswith(f".{name}") or other == name for other in options) == 1:
                break
        short[option] = name
    return short


def safe_name(text: str) -> str:
    """The text without what a path or a shell takes for something else; a long one ends in a digest of itself."""
    from hashlib import blake2b

    name = _UNSAFE.sub("-", text).strip("-.") or "trial"
    if name == text and len(name.encode()) <= _LONGEST_NAME:
        return name
    begins = name.encode()[:_LONGEST_NAME].decode(errors="ignore")
    return f"{begins}-{blake2b(text.encode(), digest_size=3).hexdigest()}"


def spell(value: Any) -> str:
    """A value as Hydra's grammar writes it: read back, it is the same value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(spell, value))}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{spell(entry)}" for key, entry in value.items()) + "}"
    text = str(value)
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else literal(text)


def same_value(one: Any, other: Any) -> bool:
    """Whether two values make the same training: a number has many spellings, and is no truth value."""
    return one == other if _is_number(one) and _is_number(other) else spell(one) == spell(other)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _of_values(where: str, key: str, values: Any, parser: OverridesParser) -> Varied:
    if not isinstance(values, list) or not values:
        raise UserError(f"{where}.{key}={values} must be a list of values that is not empty, as in [1, 2, 3].")
    return _unique(Varied(key, tuple(map(spell, values)), tuple(values)), where)


def _of_override(key: str, override: Override, parser: OverridesParser) -> Varied:
    if not override.is_discrete_sweep():
        raise UserError(f"{override.input_line} names no values that could be counted; write them out, as in a=1,2,3.")
    spelt = tuple(override.sweep_string_iterator())
    values = tuple(parser.parse_override(f"{key}={one}").value() for one in spelt)
    return _unique(Varied(key, spelt, values), "")


def _unique(one: Varied, where: str) -> Varied:
    for place, value in enumerate(one.values):
        if any(same_value(value, other) for other in one.values[:place]):
            raise UserError(f"{f'{where}.' if where else ''}{one.option} has the value {spell(value)} twice.")
    return one


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "null")
    return str(value).replace(" ", "").replace("'", "") if isinstance(value, (list, dict)) else str(value)
