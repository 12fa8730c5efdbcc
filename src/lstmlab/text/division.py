"""Which stretches of a corpus are for training, validation and test: by position, by chapter, by whole documents."""

from collections.abc import Callable, Sequence
from typing import Literal

from lstmlab.text.document import PARTS, Part

Holdout = Literal["position", "chapter", "book"]

# A cut moves forward to the next white space, so that no word is halved; text without spaces is cut where it falls.
LONGEST_WORD = 64


def by_position(
    characters: int, split: Sequence[float], whole_word: Callable[[int], int]
) -> list[tuple[Part, int, int]]:
    """Stretches (part, start, stop) of a text of so many characters: ``split`` gives the shares of (train, val, test).

    In order and without a gap; a part with a share of exactly 0 has none, and a short text's may be empty.
    ``whole_word`` moves a position out of a word: it is given and gives a count of characters.
    """
    stretches: list[tuple[Part, int, int]] = []
    start = 0
    for part, reached in _reached(split):
        stop = characters if reached == 1 else max(start, whole_word(round(reached * characters)))
        stretches.append((part, start, stop))
        start = stop
    return stretches


def by_beginnings(beginnings: Sequence[int], characters: int, split: Sequence[float]) -> list[tuple[Part, int, int]]:
    """As ``by_position``, cut where something begins (a chapter, a book), as near to the shares as that can be.

    Every part with a share gets one of them at least.

    Raises:
        ValueError: fewer things begin than there are parts with a share.
    """
    shares = _reached(split)
    starts = sorted({0, *beginnings} - {characters}) if characters else []
    if len(starts) < len(shares):
        raise ValueError(f"{len(starts)} for {len(shares)} parts")
    borders, taken = [*starts, characters], 0
    stretches: list[tuple[Part, int, int]] = []
    for index, (part, reached) in enumerate(shares):
        left = len(shares) - index - 1  # parts to come, each wants one
        choices = range(taken + 1, len(borders) - left)
        nearest = min(choices, key=lambda border: abs(borders[border] - reached * characters))
        stretches.append((part, borders[taken], borders[nearest]))
        taken = nearest
    return stretches


def out_of_word(text: str, position: int) -> int:
    """The first position from ``position`` on that does not fall inside a word."""
    for candidate in range(position, min(position + LONGEST_WORD, len(text))):
        if candidate == 0 or text[candidate].isspace() or text[candidate - 1].isspace():
            return candidate
    return position


def _reached(split: Sequence[float]) -> list[tuple[Part, float]]:
    """The parts that have a share, and the share up to their ends; exactly 1 for the last."""
    shares = [(part, share) for part, share in zip(PARTS, split, strict=True) if share > 0]
    total, reached, ends = sum(split), 0.0, []
    for part, share in shares:
        reached += share
        ends.append((part, reached / total))
    return [*ends[:-1], (shares[-1][0], 1.0)]
