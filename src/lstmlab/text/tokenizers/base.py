"""What every tokenizer does: cut text, number its tokens, put them together again."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from lstmlab.errors import UserError
from lstmlab.text.speller import BigramSpeller, Speller, speller_from_dict
from lstmlab.text.vocabulary import Vocabulary

Ids = NDArray[np.int64]


class Tokenizer(ABC):
    """Cuts text into tokens and numbers them; ``fit`` on the training part gives it a vocabulary.

    Args:
        min_count: types that occur less often in the training part are unknown.
        max_size: the most types a vocabulary holds, the most frequent first; None for all.
    """

    name: ClassVar[str]
    unit: ClassVar[str]  # what a perplexity of this tokenizer is per
    cuts_once: ClassVar[bool] = False  # cutting takes long: a corpus is cut once, its types counted on the way

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

    def split_all(self, texts: Iterable[str]) -> Iterator[Sequence[str]]:
        """``split`` of each text, in order. Texts are taken a little ahead of what is given back."""
        return map(self.split, texts)

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
        """Take the vocabulary, and the speller of what it lacks, from the training part.

        Raises:
            UserError: the training part, or what min_count leaves of it, is empty.
        """
        counts: Counter[str] = Counter()
        for tokens in self.split_all(texts):
            counts.update(tokens)
        self.fit_counts(counts, document_ends=document_ends)

    def fit_counts(self, counts: Counter[str], *, document_ends: bool = True) -> None:
        """``fit`` where the tokens of the training part are counted already.

        Raises:
            UserError: as ``fit``.
            TypeError: the types of this tokenizer are learnt from text, not counted.
        """
        if not counts:
            raise UserError("data.split leaves no token in the training part; give train a larger share or more text.")
        self._vocabulary = Vocabulary.from_counts(
            counts, min_count=self.min_count, max_size=self.max_size, document_ends=document_ends
        )
        self._speller = BigramSpeller.fit(counts, self._vocabulary)

    def encode(self, text: str) -> Ids:
        """Ids of a text, (N,); tokens that the vocabulary lacks become its ``unknown_id``."""
        tokens = self.split(text)
        return np.fromiter(map(self.vocabulary.id, tokens), dtype=np.int64, count=len(tokens))

    def prompt_tokens(self, text: str) -> Sequence[str]:
        """``split`` of a text that is to be continued: where that helps, no token is left unknown."""
        return self.split(text)

    def unknown(self, text: str) -> list[str]:
        """The tokens of a text that the vocabulary lacks, in order, as often as they occur."""
        return [token for token in self.split(text) if token not in self.vocabulary]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids. The end of a document is a newline; an unknown token shows as ``<unk>``."""
        return self.join(map(self._shown, ids))

    def decode_stream(self, ids: Iterable[int], before: Sequence[int] = ()) -> Iterator[str]:
        """The text of ids piece by piece, as they come: the pieces joined are ``decode`` of all of them.

        Args:
            ids: the ids to show.
            before: ids of the text in front, which is not shown: a word brings the space that parts it from that.
        """
        last = list(before)[-1:]
        for one in ids:
            yield self.decode([*last, one])[len(self.decode(last)) :]
            last = [one]

    def _shown(self, one: int) -> str:
        return "\n" if one == self.vocabulary.end_id else self.vocabulary.token(int(one))

    def versions(self) -> dict[str, str]:
        """The versions of the libraries that decide how text is cut, for the keys of caches."""
        return {}

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

    def restored(self, plain: dict[str, Any]) -> Self:
        """This unfitted tokenizer, fitted as the one was that ``to_dict`` described."""
        self._vocabulary = Vocabulary.from_dict(plain["vocabulary"])
        self._speller = speller_from_dict(plain["speller"])
        return self

    def __repr__(self) -> str:
        size = f"{len(self.vocabulary):,} entries" if self._vocabulary else "not fitted"
        return f"{type(self).__name__}({size})"
