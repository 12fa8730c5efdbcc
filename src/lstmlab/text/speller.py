"""The price of a token that the vocabulary lacks: its spelling."""

import math
from collections import Counter, defaultdict
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from lstmlab.text.unigram_speller import UnigramSpeller

# Every code point that a string may hold, lone surrogates too, and the end of the token.
_SYMBOLS = 0x110000 + 1
# What each count gives up for what was not seen (Chen and Goodman 1999 find 0.7 to 0.8 for counts of 1 and 2).
_DISCOUNT = 0.75
_EDGE = ""  # stands for the beginning where it is a context, and for the end where it follows one


class Speller(Protocol):
    """A proper distribution over all strings: a model that answers ``<unk>`` and then spells is one over all texts."""

    def nats(self, token: str) -> float:
        """The cost of spelling one unknown token, in nats; finite for any string."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for checkpoints and caches."""


class _Followers(NamedTuple):
    """How often each symbol follows, in sum, and how many different ones do."""

    counts: Mapping[str, int]
    total: int
    different: int

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> "_Followers":
        return cls(counts, sum(counts.values()), len(counts))


@dataclass(frozen=True)
class BigramSpeller:
    """A bigram model of the characters of a token, with interpolated Kneser-Ney smoothing.

    A token c₁…cₙ costs −Σ ln p(cᵢ | cᵢ₋₁), i = 1 … n + 1, where c₀ is its beginning and cₙ₊₁ its end, and

        p(c | a) = max(n(a c) − D, 0) / n(a ·) + D · t(a ·) / n(a ·) · q(c),      D = 0.75
        q(c)     = (m(c) + M · u) / (Σ m + M),      u = 1 / (number of code points + 1)

    with n the counts of pairs, t of different pairs, m(c) the number of different characters that c follows (at the
    beginning: of different contexts), M of different such c: Kneser and Ney 1995 in the interpolated form of Chen and
    Goodman 1999, its lower order interpolated with the uniform distribution by Witten and Bell 1991. Behind a character
    that was never seen p is q.

    ``pairs`` holds n(a c) as {a: {c: n}}, "" for the beginning as a and for the end as c.
    """

    pairs: dict[str, dict[str, int]]
    _cache: dict[str, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def fit(cls, counts: Mapping[str, int], known: Container[str] = ()) -> "BigramSpeller":
        """From the counted types of the training part, of which the vocabulary has the ``known``.

        Unknown words are rare words. Every type counts once, so that frequent words do not drown the others, and one
        that the vocabulary lacks as often as it occurs: these are the unknown tokens of the training part itself.
        """
        pairs: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for token, count in counts.items():
            weight = 1 if token in known else count
            before = _EDGE
            for character in (*token, _EDGE):
                pairs[before][character] += weight
                before = character
        return cls({before: dict(followers) for before, followers in pairs.items()})

    @cached_property
    def _behind(self) -> dict[str, _Followers]:
        return {before: _Followers.of(followers) for before, followers in self.pairs.items()}

    @cached_property
    def _lower(self) -> tuple[_Followers, _Followers]:
        """In how many contexts each symbol follows: behind characters, and for the first character of a token.

        Apart, because where tokens are single characters an end follows each, and only an end.
        """
        inside: Counter[str] = Counter()
        first: Counter[str] = Counter()
        for before, followers in self.pairs.items():
            if before != _EDGE:
                inside.update(followers.keys())
            first.update(followers.keys())
        del first[_EDGE]  # no token is empty
        return _Followers.of(inside), _Followers.of(first)

    def probability(self, before: str, symbol: str) -> float:
        """p(symbol | before), "" for the beginning as ``before`` and for the end as ``symbol``."""
        inside, first = self._lower
        lower = first if before == _EDGE else inside
        value = 1 / _SYMBOLS
        if lower.total:
            value = (lower.counts.get(symbol, 0) + lower.different * value) / (lower.total + lower.different)
        behind = self._behind.get(before)
        if behind is None:
            return value
        seen = max(behind.counts.get(symbol, 0) - _DISCOUNT, 0.0)
        return (seen + _DISCOUNT * behind.different * value) / behind.total

    def nats(self, token: str) -> float:
        """The cost of spelling one unknown token, in nats; finite for any string."""
        if token not in self._cache:
            symbols = [*token, _EDGE]
            self._cache[token] = -sum(
                math.log(self.probability(before, symbol))
                for before, symbol in zip([_EDGE, *token], symbols, strict=True)
            )
        return self._cache[token]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for checkpoints and caches: about a megabyte for the words of three million characters."""
        return {"pairs": {before: dict(followers) for before, followers in self.pairs.items()}}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> "BigramSpeller":
        return cls({before: dict(followers) for before, followers in plain["pairs"].items()})


def speller_from_dict(plain: dict[str, Any]) -> Speller:
    """The speller that ``to_dict`` described, of this or an older version."""
    return BigramSpeller.from_dict(plain) if "pairs" in plain else UnigramSpeller.from_dict(plain)
