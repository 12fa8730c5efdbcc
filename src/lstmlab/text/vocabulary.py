"""The vocabulary: which tokens have an id of their own."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from lstmlab.errors import UserError

UNKNOWN = "<unk>"
UNKNOWN_ID = 0
END_OF_DOCUMENT = "<eod>"


@dataclass(frozen=True)
class Vocabulary:
    """Token types by falling frequency in the training part, behind the special ids.

    Id 0 is the unknown token. Id 1 ends a document, in corpora whose documents have an end. A text may itself hold a
    word spelt ``<unk>`` (WikiText-2 does): that is a type like any other and has its own id.
    """

    types: tuple[str, ...]
    counts: tuple[int, ...]
    document_ends: bool = True
    _index: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        first = self.specials
        object.__setattr__(self, "_index", {token: first + i for i, token in enumerate(self.types)})

    @classmethod
    def from_counts(
        cls,
        counts: Counter[str],
        *,
        min_count: int = 1,
        max_size: int | None = None,
        document_ends: bool = True,
    ) -> "Vocabulary":
        """The ``max_size`` most frequent types (specials not counted) that occur at least ``min_count`` times.

        Ties are broken by code point, so that the same text always gives the same ids.

        Raises:
            UserError: no type is left.
        """
        kept = sorted(
            ((token, n) for token, n in counts.items() if n >= min_count),
            key=lambda item: (-item[1], item[0]),
        )[:max_size]
        if not kept:
            raise UserError(
                f"tokenizer.min_count={min_count} leaves no token in the vocabulary; lower it: the most frequent"
                f" token of the training part occurs {max(counts.values(), default=0):,} times."
            )
        return cls(tuple(token for token, _ in kept), tuple(n for _, n in kept), document_ends)

    @property
    def unknown_id(self) -> int:
        return UNKNOWN_ID

    @property
    def end_id(self) -> int | None:
        """The id of the end-of-document token; None where the corpus has no document ends."""
        return 1 if self.document_ends else None

    @property
    def specials(self) -> int:
        return 2 if self.document_ends else 1

    def __len__(self) -> int:
        return self.specials + len(self.types)

    def __contains__(self, token: object) -> bool:
        return token in self._index

    def id(self, token: str) -> int:
        """The id of a token, ``unknown_id`` where the vocabulary lacks it."""
        return self._index.get(token, self.unknown_id)

    def token(self, index: int) -> str:
        """The token of an id; specials by their names ``<unk>`` and ``<eod>``."""
        if index >= self.specials:
            return self.types[index - self.specials]
        return UNKNOWN if index == self.unknown_id else END_OF_DOCUMENT

    def to_dict(self) -> dict[str, Any]:
        """Plain values for checkpoints and caches."""
        return {"types": list(self.types), "counts": list(self.counts), "document_ends": self.document_ends}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> "Vocabulary":
        return cls(tuple(plain["types"]), tuple(plain["counts"]), plain["document_ends"])
