"""What is done to a text before it is tokenised; ``data.cleaning`` names one of these."""

import re
from collections.abc import Callable

_NON_LETTERS = re.compile("[^A-Za-z]+")


def none(text: str) -> str:
    """The text as it was read."""
    return text


def d2l(text: str) -> str:
    """Every run of non-letters becomes one space, letters lower-case: 27 symbols.

    The cleaning of The Time Machine in *Dive into Deep Learning* (Zhang et al., section 9.2): 173,427 characters.
    """
    return _NON_LETTERS.sub(" ", text).strip(" ").lower()


CLEANINGS: dict[str, Callable[[str], str]] = {"none": none, "d2l": d2l}
