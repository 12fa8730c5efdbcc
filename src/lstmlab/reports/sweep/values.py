"""Values of options: how they are told apart, written and found in a configuration."""

import json
import re
from collections.abc import Mapping
from typing import Any

Value = Any  # text, a number, a boolean, null or a list of them, as YAML and JSON have them

_NO_TEXT = re.compile(r"null|true|false|[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?|", re.IGNORECASE | re.ASCII)


def key(value: Value) -> str:
    """A text that is the same for equal values only; 1 and 1.0 are equal, 1 and true are not."""
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True)


def shown(value: Value) -> str:
    """The value as one types it on the command line: text has quotes only where it looks like something else."""
    value = _plain(value)
    if isinstance(value, str):
        return json.dumps(value) if _NO_TEXT.fullmatch(value) else value
    if isinstance(value, list):
        return f"[{','.join(shown(one) for one in value)}]"
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def short(text: str, longest: int = 24) -> str:
    """The text cut in its middle where it is long: paths and lists differ at their ends."""
    if len(text) <= longest:
        return text
    head = (longest - 1) // 2
    return f"{text[:head]}…{text[len(text) - (longest - 1 - head) :]}"


def compact(value: float) -> str:
    """A number for beside an axis: 200k, 1.5M, 0.02."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Value]:
    """A nested configuration by dotted names."""
    found: dict[str, Value] = {}
    for name, value in config.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found


def merged(base: Mapping[str, Any], options: Mapping[str, Value]) -> dict[str, Any]:
    """A copy of a nested configuration with options set by their dotted names, as far as these lead into groups."""
    copy: dict[str, Any] = json.loads(json.dumps(base, default=str))
    for option, value in options.items():
        *groups, last = option.split(".")
        place: Any = copy
        for group in groups:
            place = place.setdefault(group, {}) if isinstance(place, dict) else None
        if isinstance(place, dict) and not isinstance(place.get(last), dict):
            place[last] = value
    return copy


def at(config: Mapping[str, Any], option: str) -> tuple[bool, Value]:
    """Whether there is an option of this dotted name in a nested configuration, and its value."""
    place: Any = config
    for name in option.split("."):
        if not isinstance(place, Mapping) or name not in place:
            return False, None
        place = place[name]
    return True, place


def _plain(value: Value) -> Value:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value
