"""What the page and the notebook's fragment say alike."""

from collections.abc import Iterator
from itertools import pairwise

from lstmlab.evaluation.surprise import TextSurprise


def separators(surprise: TextSurprise) -> Iterator[str]:
    """What stands in front of each token without being one: the space between words, where tokens are words."""
    join = surprise.tokenizer.join
    first = [surprise.context] if surprise.context else []
    if not first:
        yield ""
    for before, token in pairwise([*first, *surprise.tokens]):
        both = join([before, token])
        yield both[len(before) : len(both) - len(token)] if both.startswith(before) and both.endswith(token) else ""


def share(probability: float) -> str:
    """A probability as people read it: a percentage, or one in so many where that would be small."""
    if probability >= 0.001:
        return f"{probability:.1%}".replace("%", " %")
    return f"1 in {1 / probability:,.0f}" if probability > 1e-15 else "less than 1 in 10¹⁵"
