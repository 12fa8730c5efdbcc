"""An exact index over the training text: the longest passages of another text that it holds, and where."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmlab.evaluation.novelty.suffix_array import suffix_array
from lstmlab.text.document import Document

_SEPARATOR = 1  # stands between documents; in no text that is looked for
_FIRST = 2  # the code of the first character


@dataclass(frozen=True)
class Matches:
    """For each place i of a text of L characters the longest passage from there that the training text holds.

    ``lengths`` (L,) in characters, 0 where not even the character is there. ``low`` and ``high`` (L,): the passage is
    the beginning of the suffixes ``low`` to ``high`` − 1, in their order.
    """

    lengths: NDArray[np.int32]
    low: NDArray[np.int64]
    high: NDArray[np.int64]


class TrainingIndex:
    """A suffix array over documents; no passage reaches from one into the next.

    Five million characters take a few seconds to index; the index keeps 8 bytes a character beside the text.

    Args:
        documents: the training text, one after the other; at least one character in all.
    """

    def __init__(self, documents: Sequence[Document]) -> None:
        self.names = [document.name for document in documents]
        self.texts = ["".join(document.blocks()) for document in documents]
        points = [_code_points(text) for text in self.texts]
        present = np.zeros(0x110000, np.bool_)
        for some in points:
            present[some] = True
        letters = int(present.sum())
        self._code_of = np.full(0x110000, _FIRST + letters, np.int32)  # that of all characters which are not there
        self._code_of[present] = np.arange(_FIRST, _FIRST + letters)
        lengths = [len(text) for text in self.texts]
        self._starts = np.concatenate([[0], np.cumsum(np.array(lengths, np.int64) + 1)])[:-1].tolist()
        self._codes = np.full(sum(lengths) + len(lengths), _SEPARATOR, np.int32)
        for start, some in zip(self._starts, points, strict=True):
            self._codes[start : start + len(some)] = self._code_of[some]
        self._suffixes = suffix_array(self._codes)
        counts = np.bincount(self._codes, minlength=_FIRST + letters + 1)
        self._bucket = np.concatenate([[0], np.cumsum(counts)])  # where suffixes that begin with a code begin
        self._codes = np.append(self._codes, np.int32(0))  # behind the end

    @property
    def characters(self) -> int:
        return sum(map(len, self.texts))

    def matches(self, text: str) -> Matches:
        """The longest passage from every place of a text of L characters that the training text holds.

        All places at once, a character further each round: the range of suffixes that begin with what was read is
        narrowed by bisection. Time grows with L, log N, and the length of the longest passage.
        """
        codes = self._code_of[_code_points(text)]
        lengths = np.zeros(len(codes), np.int32)
        found_low, found_high = self._bucket[codes], self._bucket[codes + 1]
        depth = 0
        active = np.flatnonzero(found_low < found_high)
        low, high = found_low[active], found_high[active]
        while len(active):
            depth += 1
            lengths[active], found_low[active], found_high[active] = depth, low, high
            goes_on = active + depth < len(codes)
            active, low, high = active[goes_on], low[goes_on], high[goes_on]
            wanted = codes[active + depth]
            first = self._first_not_below(low, high, depth, wanted)
            high = self._first_not_below(first, high, depth, wanted + 1)
            there = first < high
            active, low, high = active[there], first[there], high[there]
        return Matches(lengths, found_low, found_high)

    def occurrences(self, matches: Matches, place: int) -> list[tuple[int, int]]:
        """Where the passage from ``place`` on stands: the document's number and the character in it, in order."""
        suffixes = np.sort(self._suffixes[matches.low[place] : matches.high[place]]).tolist()
        documents = [bisect_right(self._starts, suffix) - 1 for suffix in suffixes]
        return [(number, suffix - self._starts[number]) for number, suffix in zip(documents, suffixes, strict=True)]

    def _first_not_below(
        self, low: NDArray[np.int64], high: NDArray[np.int64], depth: int, wanted: NDArray[np.int32]
    ) -> NDArray[np.int64]:
        """In each range of suffixes, alike before ``depth``, the first whose code there is not below ``wanted``."""
        low, high = low.copy(), high.copy()
        while len(left := np.flatnonzero(low < high)):
            middle = (low[left] + high[left]) // 2
            below = self._codes[self._suffixes[middle] + depth] < wanted[left]
            low[left[below]] = middle[below] + 1
            high[left[~below]] = middle[~below]
        return low


def _code_points(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
