"""What is done to a text before it is tokenised; ``data.cleaning`` names one of these."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from lstmlab.text.novel import novel

Cleaning = Callable[[Iterable[str], Counter[str]], Iterator[str]]
"""Blocks of one text in, blocks out, the same text however the input was cut; the counter gathers, by the name of a
rule, how often it took something away."""

_NON_LETTERS = re.compile("[^A-Za-z]+")


def none(blocks: Iterable[str], removed: Counter[str]) -> Iterator[str]:
    """The text as it was read."""
    yield from blocks


def d2l(blocks: Iterable[str], removed: Counter[str]) -> Iterator[str]:
    """Every run of non-letters becomes one space, letters lower-case: 27 symbols. Nothing is counted.

    The cleaning of The Time Machine in *Dive into Deep Learning* (Zhang et al., section 9.2): 173,427 characters.
    """
    space = ""  # what stands between the letters so far and the next: nothing in front of the first
    begun = False
    for block in blocks:
        spaced = _NON_LETTERS.sub(" ", block).lower()
        words = spaced.strip(" ")
        if begun and spaced.startswith(" "):
            space = " "
        if words:
            yield space + words
            begun, space = True, " " if spaced.endswith(" ") else ""


CLEANINGS: dict[str, Cleaning] = {"none": none, "d2l": d2l, "novel": novel}
