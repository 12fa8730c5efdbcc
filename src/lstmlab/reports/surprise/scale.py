"""From bits to a shade."""

import math


def scale_end(vocabulary_size: int) -> int:
    """The bits of the darkest shade: a blind guess among the vocabulary, rounded up to an even number, at least 4.

    It depends on the vocabulary alone, so that pages of one model can be compared. What costs more is as dark.
    """
    return max(4, 2 * math.ceil(math.log2(max(1, vocabulary_size)) / 2))


def shade(bits: float, end: int) -> int:
    """0 … 100: proportional to the bits, which are proportional to what a token adds to the figure of the text."""
    return round(100 * min(1.0, max(0.0, bits / end)))
