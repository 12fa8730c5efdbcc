"""Which runs were scored on the same text: only their figures can be compared."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lstmlab.reports.sweep.reading import Run
from lstmlab.reports.sweep.values import at, flat, key

# How windows are cut and where files lie change no text.
_NOT_OF_THE_TEXT = ("seq_length", "variable_length", "batch_size", "scoring_streams", "path", "root")
# Tokenizers differ in the length of the first token, which is not scored: so much is no other text.
_TOLERANCE = 0.001


def texts_of(runs: Sequence[Run]) -> list[str]:
    """For each run a name of the text it was scored on: "" where there is one text only, else "text 1", "text 2", …

    Two runs have the same text when what is read and how it is divided is the same in their configurations and their
    test parts have equally many characters. Without a test part the paths count as well.
    """
    kinds: list[tuple[str, float | None, str]] = []  # settings, characters, path
    numbers: list[int | None] = []
    for run in runs:
        if not run.config:
            numbers.append(None)
            continue
        settings, characters, path = _settings(run), held_out_characters(run), key(at(run.config, "data.path")[1])
        number = next(
            (index for index, kind in enumerate(kinds) if _same((settings, characters, path), kind)), len(kinds)
        )
        if number == len(kinds):
            kinds.append((settings, characters, path))
        elif kinds[number][1] is None:
            kinds[number] = (settings, characters, path)
        numbers.append(number)
    if len(kinds) < 2:
        return [""] * len(runs)
    return ["" if number is None else f"text {number + 1}" for number in numbers]


def held_out_characters(run: Run) -> float | None:
    """Characters of the scored test part, from its nats and its bits a character."""
    bits, spelling = run.summary.get("test/bits_per_char"), run.summary.get("test/spelling_bits_per_char", 0.0)
    loss, tokens = run.summary.get("test/loss"), held_out_tokens(run.path)
    if not tokens or not isinstance(loss, float) or not isinstance(bits, float) or not bits - spelling > 0:
        return None
    characters = loss * tokens / math.log(2) / (bits - spelling)
    return characters if math.isfinite(characters) else None


def held_out_tokens(path: Path) -> int | None:
    """How many tokens of the test part were scored."""
    try:
        return int(np.load(path / "test_losses.npy", mmap_mode="r").size)
    except (OSError, ValueError):
        return None


def _settings(run: Run) -> str:
    data: Any = run.config.get("data")
    options = flat(data) if isinstance(data, dict) else {}
    return key({name: value for name, value in options.items() if name not in _NOT_OF_THE_TEXT})


def _same(one: tuple[str, float | None, str], other: tuple[str, float | None, str]) -> bool:
    if one[0] != other[0]:
        return False
    if one[1] is not None and other[1] is not None:
        return abs(one[1] - other[1]) <= max(64.0, _TOLERANCE * max(one[1], other[1]))
    return one[2] == other[2]
