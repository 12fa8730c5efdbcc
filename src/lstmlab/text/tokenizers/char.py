"""Text as its characters."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lstmlab.text.tokenizers.base import Ids, Tokenizer
from lstmlab.text.vocabulary import Vocabulary


class CharTokenizer(Tokenizer):
    """One token a Unicode character. A million of them are counted, or encoded, in milliseconds, as code points."""

    name = "char"
    unit = "character"
    _tabled: tuple[Vocabulary, Ids] | None = None  # the table, and the vocabulary that it is of

    def split(self, text: str) -> Sequence[str]:
        return text

    def join(self, tokens: Iterable[str]) -> str:
        return "".join(tokens)

    def fit(self, texts: Iterable[str], *, document_ends: bool = True) -> None:
        counts = np.zeros(0, np.int64)  # of every code point up to the greatest so far
        for text in texts:
            for points in _code_points(text):
                found = np.bincount(points)
                length = max(len(counts), len(found))
                counts = np.pad(counts, (0, length - len(counts))) + np.pad(found, (0, length - len(found)))
        counted = {chr(point): int(counts[point]) for point in np.flatnonzero(counts)}
        self.fit_counts(Counter(counted), document_ends=document_ends)

    def encode(self, text: str) -> Ids:
        table = self._table()
        ids = [table[np.minimum(points, len(table) - 1)] for points in _code_points(text)]
        return np.concatenate([np.zeros(0, np.int64), *ids])

    def _table(self) -> Ids:
        """The id of every code point up to the vocabulary's greatest, and behind them that of all others."""
        vocabulary = self.vocabulary
        if self._tabled is None or self._tabled[0] is not vocabulary:
            points = np.array([ord(token) for token in vocabulary.types])
            table = np.full(points.max() + 2, vocabulary.unknown_id, dtype=np.int64)
            table[points] = np.arange(vocabulary.specials, len(vocabulary))
            self._tabled = (vocabulary, table)
        return self._tabled[1]


_SLICE = 1 << 20  # characters that are looked up at once: bounds the memory of a long text


def _code_points(text: str) -> Iterator[NDArray[np.uint32]]:
    """The code points of a text, a slice at a time."""
    for start in range(0, len(text), _SLICE):
        yield np.frombuffer(text[start : start + _SLICE].encode("utf-32-le", "surrogatepass"), dtype="<u4")
