"""Tokenizers: text to ids and back, with the vocabulary they were fitted on."""

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from lstmlab.errors import UserError
from lstmlab.text.speller import Speller
from lstmlab.text.vocabulary import END_OF_DOCUMENT, Vocabulary

Ids = NDArray[np.int64]


class Tokenizer(ABC):
    """Cuts text into tokens and numbers them; ``fit`` on the training part gives it a vocabulary.

    Args:
        min_count: types that occur less often in the training part are unknown.
        max_size: the most types a vocabulary holds, the most frequent first; None for all.
    """

    name: ClassVar[str]
    unit: ClassVar[str]  # what a perplexity of this tokenizer is per

    def __init__(self, min_count: int = 1, max_size: int | None = None) -> None:
        if min_count < 1:
            raise UserError(f"tokenizer.min_count={min_count} must be at least 1.")
        if max_size is not None and max_size < 1:
            raise UserError(f"tokenizer.max_size={max_size} must be at least 1, or null for no limit.")
        self.min_count = min_count
        self.max_size = max_size
        self._vocabulary: Vocabulary | None = None
        self._speller: Speller | None = None

    @abstractmethod
    def split(self, text: str) -> Sequence[str]:
        """The tokens of a text, in order."""

    @abstractmethod
    def join(self, tokens: Iterable[str]) -> str:
        """The text of tokens."""

    @property
    def fitted(self) -> bool:
        return self._vocabulary is not None

    @property
    def vocabulary(self) -> Vocabulary:
        if self._vocabulary is None:
            raise RuntimeError("the tokenizer has no vocabulary yet: call fit() with the training part")
        return self._vocabulary

    @property
    def speller(self) -> Speller:
        if self._speller is None:
            raise RuntimeError("the tokenizer has no speller yet: call fit() with the training part")
        return self._speller

    def fit(self, texts: Iterable[str], *, document_ends: bool = True) -> None:
        """Take the vocabulary, and the speller of what it lacks, from the training part."""
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(self.split(text))
        if not counts:
            raise UserError("data.split leaves no token in the training part; give train a larger share or more text.")
        self._vocabulary = Vocabulary.from_counts(
            counts, min_count=self.min_count, max_size=self.max_size, document_ends=document_ends
        )
        self._speller = Speller.fit(counts.items())

    def encode(self, text: str) -> Ids:
        """Ids of a text, (N,); tokens that the vocabulary lacks become its ``unknown_id``."""
        identify = self.vocabulary.id
        return np.fromiter((identify(token) for token in self.split(text)), dtype=np.int64)

    def unknown(self, text: str) -> list[str]:
        """The tokens of a text that the vocabulary lacks, in order, as often as they occur."""
        return [token for token in self.split(text) if token not in self.vocabulary]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids. The end of a document is a newline; an unknown token shows as ``<unk>``."""
        end = self.vocabulary.end_id
        return self.join("\n" if i == end else self.vocabulary.token(int(i)) for i in ids)

    def settings(self) -> dict[str, Any]:
        """What makes this tokenizer, as plain values: part of cache keys and checkpoints."""
        return {"name": self.name, "min_count": self.min_count, "max_size": self.max_size}

    def to_dict(self) -> dict[str, Any]:
        """Settings, vocabulary and speller as plain values."""
        return {
            "settings": self.settings(),
            "vocabulary": self.vocabulary.to_dict(),
            "speller": self.speller.to_dict(),
        }

    def __repr__(self) -> str:
        size = f"{len(self.vocabulary):,} entries" if self._vocabulary else "not fitted"
        return f"{type(self).__name__}({size})"


class CharTokenizer(Tokenizer):
    """One token a Unicode character."""

    name = "char"
    unit = "character"
    _SLICE = 1 << 20  # characters that are looked up at once: bounds the memory of a long text
    _tabled: tuple[Vocabulary, Ids] | None = None  # the table, and the vocabulary that it is of

    def split(self, text: str) -> Sequence[str]:
        return text

    def join(self, tokens: Iterable[str]) -> str:
        return "".join(tokens)

    def encode(self, text: str) -> Ids:
        """As the base class, through a table of code points: a million characters take milliseconds."""
        table = self._table()
        ids = np.empty(len(text), dtype=np.int64)
        for start in range(0, len(text), self._SLICE):
            slice_ = text[start : start + self._SLICE]
            points = np.frombuffer(slice_.encode("utf-32-le", "surrogatepass"), dtype="<u4")
            ids[start : start + len(slice_)] = table[np.minimum(points, len(table) - 1)]
        return ids

    def _table(self) -> Ids:
        """The id of every code point up to the vocabulary's greatest, and behind them that of all others."""
        vocabulary = self.vocabulary
        if self._tabled is None or self._tabled[0] is not vocabulary:
            points = np.array([ord(token) for token in vocabulary.types])
            table = np.full(points.max() + 2, vocabulary.unknown_id, dtype=np.int64)
            table[points] = np.arange(vocabulary.specials, len(vocabulary))
            self._tabled = (vocabulary, table)
        return self._tabled[1]


class WordTokenizer(Tokenizer):
    """One token a run of non-white space, and one a newline. Other white space is not kept."""

    name = "word"
    unit = "word"
    _TOKEN = re.compile(r"\n|[^\s]+")

    def split(self, text: str) -> Sequence[str]:
        return self._TOKEN.findall(text)

    def join(self, tokens: Iterable[str]) -> str:
        return " ".join(tokens).replace(" \n ", "\n").replace(" \n", "\n").replace("\n ", "\n")


_TOKENIZERS: dict[str, type[Tokenizer]] = {tokenizer.name: tokenizer for tokenizer in (CharTokenizer, WordTokenizer)}


def make_tokenizer(name: str, **settings: Any) -> Tokenizer:
    """An unfitted tokenizer by its name.

    Raises:
        UserError: no tokenizer has that name.
    """
    if name not in _TOKENIZERS:
        raise UserError(f"tokenizer.name={name} is none of {', '.join(_TOKENIZERS)}.")
    return _TOKENIZERS[name](**settings)


def tokenizer_from_dict(plain: dict[str, Any]) -> Tokenizer:
    """The fitted tokenizer that ``Tokenizer.to_dict`` described."""
    tokenizer = make_tokenizer(**plain["settings"])
    tokenizer._vocabulary = Vocabulary.from_dict(plain["vocabulary"])
    tokenizer._speller = Speller.from_dict(plain["speller"])
    return tokenizer


__all__ = [
    "END_OF_DOCUMENT",
    "CharTokenizer",
    "Ids",
    "Tokenizer",
    "WordTokenizer",
    "make_tokenizer",
    "tokenizer_from_dict",
]
