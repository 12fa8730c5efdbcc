"""What the page and the notebook's fragment say alike."""

from collections.abc import Iterator
from itertools import pairwise

from lstmlab.evaluation.surprise import TextSurprise
from lstmlab.reports.surprise.visible import label


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


class Surroundings:
    """The text on either side of a token, in a line: so many characters, line ends as signs."""

    def __init__(self, surprise: TextSurprise, characters: int = 18) -> None:
        self._pieces = [
            before + label(token).replace("␣", " ")
            for before, token in zip(separators(surprise), surprise.tokens, strict=True)
        ]
        self._characters = characters

    def of(self, index: int) -> tuple[str, str]:
        """What stands in front of a token and what follows it."""
        first, last = max(0, index - self._characters), index + 1 + self._characters  # a token has a character at least
        before, behind = "".join(self._pieces[first:index]), "".join(self._pieces[index + 1 : last])
        return before[-self._characters :], behind[: self._characters]
