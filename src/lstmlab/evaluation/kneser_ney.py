"""An interpolated n-gram model with modified Kneser-Ney smoothing, as a yardstick for the neural models.

Sources:
    R. Kneser and H. Ney, "Improved backing-off for m-gram language modeling", ICASSP 1995: a lower order
    counts the distinct tokens that precede an n-gram, not its occurrences.
    S. F. Chen and J. Goodman, "An empirical study of smoothing techniques for language modeling", Computer
    Speech and Language 13, 1999: interpolation at every order, and three discounts an order, for counts of
    one, two, and three or more.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]

FALLBACK = (0.5, 1.0, 1.5)  # as KenLM, where the counts of counts give no usable discount


@dataclass(frozen=True)
class _Table:
    """The G n-grams of one length over C contexts (the n-grams one shorter; for n = 1 the empty one)."""

    keys: Ids  # (G,) sorted: context * V + token; the place of a key here is that n-gram's number
    share: Floats  # (G,) (count - discount) / total count of its context
    backoff: Floats  # (C,) what the discounts freed for the order below; 1 where nothing followed a context


@dataclass(frozen=True)
class KneserNey:
    """p(token | context) = share(context, token) + backoff(context) * p(token | shorter context).

    The shorter context lacks the oldest token; below the empty one stands 1 / V. The highest order counts
    occurrences, the orders below distinct left neighbours; the beginning of the text is a neighbour too, so
    that no n-gram counts zero. A context that was never seen is shortened for free.
    """

    vocabulary_size: int
    order: int
    tables: tuple[_Table, ...]  # of lengths 1, 2, … order; fewer where the text is shorter than the order

    @classmethod
    def fit(cls, ids: NDArray[np.integer], vocabulary_size: int, order: int = 6) -> "KneserNey":
        """Count the n-grams of `ids` (N,), each 0 ≤ id < `vocabulary_size`, up to `order` tokens long.

        Takes `order` sorts of N keys. An empty `ids` gives the uniform model. Raises ValueError for an order
        or a vocabulary below 1 and for an id outside the vocabulary.
        """
        if order < 1 or vocabulary_size < 1:
            raise ValueError(f"order {order} and vocabulary_size {vocabulary_size} must both be at least 1")
        tokens = _checked(ids, vocabulary_size)
        tables: list[_Table] = []
        numbers = np.zeros(len(tokens) + 1, dtype=np.int64)  # (N - n + 1,) the n-gram starting at each place
        keys, counts, contexts = numbers[:0], numbers[:0], 1  # the longest n-grams so far, not yet tabulated
        for length in range(1, min(order, len(tokens)) + 1):
            longer, starts, longer_numbers, longer_counts = np.unique(
                numbers[:-1] * vocabulary_size + tokens[length - 1 :],
                return_index=True,
                return_inverse=True,
                return_counts=True,
            )
            if length > 1:
                # Each distinct longer n-gram is one left neighbour of the n-gram that starts one place later.
                neighbours = np.bincount(numbers[starts + 1], minlength=len(keys))  # (G,)
                neighbours[numbers[0]] += 1  # the beginning of the text
                tables.append(_tabulate(keys, neighbours, contexts, vocabulary_size))
                contexts = len(keys)
            keys, counts, numbers = longer, longer_counts, longer_numbers
        if len(tokens):
            tables.append(_tabulate(keys, counts, contexts, vocabulary_size))
        return cls(vocabulary_size, order, tuple(tables))

    def nats(self, ids: NDArray[np.integer], first: int = 0) -> Floats:
        """-ln p of each of `ids[first:]` given up to order - 1 ids before it: (M,) → (M - first,).

        All are finite. Raises ValueError for an id outside the vocabulary or a negative `first`.
        """
        if first < 0:
            raise ValueError(f"first is {first}; it must not be negative")
        start = max(0, first - self.order + 1)
        tokens = _checked(ids[start:], self.vocabulary_size)
        probability = np.full(len(tokens), 1.0 / self.vocabulary_size)  # (M - start,) at the order so far
        context = np.zeros(len(tokens), dtype=np.int64)  # number of the n - 1 tokens before; -1: never seen
        for table in self.tables:
            wanted = context * self.vocabulary_size + tokens
            gram = np.minimum(np.searchsorted(table.keys, wanted), len(table.keys) - 1)
            seen = table.keys[gram] == wanted
            probability *= np.where(context >= 0, table.backoff[context], 1.0)
            probability += np.where(seen, table.share[gram], 0.0)
            context[1:] = np.where(seen, gram, -1)[:-1]  # the n-gram that ends one place before
            context[:1] = -1
        result: Floats = -np.log(probability[first - start :])
        return result


def discounts(counts: Ids) -> tuple[float, float, float]:
    """What to take off a count of one, of two, and of three or more, given the counts (G,) of one order.

    With n_c the number of n-grams that count c, and Y = n_1 / (n_1 + 2 n_2), Chen and Goodman take
    D_c = c - (c + 1) Y n_(c+1) / n_c. In a small text, or over a few characters, some n_c is zero or a D_c
    falls outside 0 < D_c ≤ c; that one is then taken from FALLBACK, so that every context frees some
    probability and no count turns negative.
    """
    n = np.bincount(np.minimum(counts, 5), minlength=6)
    found = list(FALLBACK)
    for c in (1, 2, 3):
        if n[1] and n[2] and n[c] and n[c + 1]:
            value = float(c - (c + 1) * n[1] / (n[1] + 2 * n[2]) * n[c + 1] / n[c])
            if 0 < value <= c:
                found[c - 1] = value
    return found[0], found[1], found[2]


def _tabulate(keys: Ids, counts: Ids, contexts: int, vocabulary_size: int) -> _Table:
    """Turn sorted n-grams (G,) and their counts (G,), all at least 1, into a table over C = `contexts`."""
    taken = np.array(discounts(counts))[np.minimum(counts, 3) - 1]  # (G,)
    context = keys // vocabulary_size  # (G,)
    total = np.bincount(context, weights=counts, minlength=contexts)  # (C,)
    freed = np.bincount(context, weights=taken, minlength=contexts)  # (C,)
    backoff = np.divide(freed, total, out=np.ones(contexts), where=total > 0)
    return _Table(keys, (counts - taken) / total[context], backoff)


def _checked(ids: NDArray[np.integer], vocabulary_size: int) -> Ids:
    tokens = ids.astype(np.int64)
    if len(tokens) and not (tokens.min() >= 0 and tokens.max() < vocabulary_size):
        raise ValueError(f"ids {tokens.min()} to {tokens.max()} exceed the vocabulary of {vocabulary_size}")
    return tokens
