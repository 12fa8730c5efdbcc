"""The price of a token that the vocabulary lacks: its spelling."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

# Unicode scalar values: all code points but the surrogates.
_UNICODE = 0x110000 - 0x800


@dataclass(frozen=True)
class Speller:
    """A unigram model of characters, fitted on the training part, that can spell any string.

    A token w = c₁…cₙ costs −Σ ln p(cᵢ) − ln p(end), where p(c) = (count(c) + 1/U) / (Σ counts + tokens + 2) for each of
    the U Unicode characters and p(end) takes the tokens' share: a proper distribution over all strings, so a model that
    answers ``<unk>`` and then spells is a proper distribution over all texts.
    """

    counts: dict[str, int]
    tokens: int
    _cache: dict[str, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def fit(cls, types: Iterable[tuple[str, int]]) -> "Speller":
        """From (token, occurrences) of the training part."""
        counts: Counter[str] = Counter()
        tokens = 0
        for token, n in types:
            tokens += n
            for character in token:
                counts[character] += n
        return cls(dict(counts), tokens)

    @cached_property
    def _total(self) -> float:
        return sum(self.counts.values()) + self.tokens + 2.0

    def nats(self, token: str) -> float:
        """The cost of spelling one unknown token, in nats."""
        if token not in self._cache:
            end = math.log((self.tokens + 1.0) / self._total)
            spelt = sum(math.log((self.counts.get(c, 0) + 1.0 / _UNICODE) / self._total) for c in token)
            self._cache[token] = -(spelt + end)
        return self._cache[token]

    def to_dict(self) -> dict[str, Any]:
        return {"counts": dict(self.counts), "tokens": self.tokens}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> "Speller":
        return cls(dict(plain["counts"]), plain["tokens"])
