"""Strings at which a text that is being written ends."""

from collections.abc import Iterable

from lstmlab.errors import UserError


class StopStrings:
    """A text ends where one of ``strings`` begins.

    Raises:
        UserError: one is empty.
    """

    def __init__(self, strings: Iterable[str]) -> None:
        self.strings = tuple(strings)
        if "" in self.strings:
            raise UserError("stop holds an empty string, which every text begins with; leave it out.")

    def __bool__(self) -> bool:
        return bool(self.strings)

    @property
    def longest(self) -> int:
        """Characters of the longest."""
        return max(map(len, self.strings), default=0)

    def find(self, text: str, before: int) -> int | None:
        """Where the first stop string begins that ends behind the first ``before`` characters; None: there is none."""
        places = [text.find(string, max(0, before - len(string) + 1)) for string in self.strings]
        return min((place for place in places if place >= 0), default=None)

    def held_back(self, text: str) -> int:
        """How many characters at the end of a text may be the beginning of a stop string."""
        most = min(len(text), self.longest - 1)
        for length in range(most, 0, -1):
            if any(len(string) > length and string.startswith(text[-length:]) for string in self.strings):
                return length
        return 0
