"""The speller of older checkpoints: characters one by one."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

# Unicode scalar values: all code points but the surrogates.
_UNICODE = 0x110000 - 0x800


@dataclass(frozen=True)
class UnigramSpeller:
    """A unigram model of characters, as checkpoints hold it that were written before ``BigramSpeller``.

    A token w = c₁…cₙ costs −Σ ln p(cᵢ) − ln p(end), where p(c) = (count(c) + 1/U) / (Σ counts + tokens + 2) for each of
    the U Unicode characters and p(end) takes the tokens' share: a proper distribution over all strings.
    """

    counts: dict[str, int]
    tokens: int
    _cache: dict[str, float] = field(default_factory=dict, init=False, repr=False, compare=False)

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
    def from_dict(cls, plain: dict[str, Any]) -> "UnigramSpeller":
        return cls(dict(plain["counts"]), plain["tokens"])
