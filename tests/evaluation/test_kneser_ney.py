"""The vectorised model against a dictionary implementation, a figure worked by hand, and its own promises."""

import math
import time
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmlab.evaluation.kneser_ney import FALLBACK, KneserNey, discounts

Gram = tuple[int, ...]

BEGINNING = -1


class Naive:
    """The recursion as the papers write it, one probability at a time."""

    def __init__(self, ids: list[int], vocabulary_size: int, order: int) -> None:
        self.vocabulary_size = vocabulary_size
        self.order = min(order, len(ids))
        text = [BEGINNING, *ids]
        self.counts: dict[int, Counter[Gram]] = {}
        for length in range(1, self.order + 1):
            places = range(1, len(text) - length + 1)
            if length == self.order:
                self.counts[length] = Counter(tuple(text[i : i + length]) for i in places)
            else:
                lefts: dict[Gram, set[int]] = defaultdict(set)
                for i in places:
                    lefts[tuple(text[i : i + length])].add(text[i - 1])
                self.counts[length] = Counter({gram: len(left) for gram, left in lefts.items()})

    def discount(self, length: int, count: int) -> float:
        n = Counter(self.counts[length].values())
        c = min(count, 3)
        if not (n[1] and n[2] and n[c] and n[c + 1]):
            return FALLBACK[c - 1]
        y = n[1] / (n[1] + 2 * n[2])
        value = c - (c + 1) * y * n[c + 1] / n[c]
        return value if 0 < value <= c else FALLBACK[c - 1]

    def probability(self, token: int, context: Gram) -> float:
        length = len(context) + 1
        below = 1 / self.vocabulary_size if not context else self.probability(token, context[1:])
        if length > self.order:
            return below
        following = {g[-1]: c for g, c in self.counts[length].items() if g[:-1] == context}
        if not following:
            return below
        total = sum(following.values())
        freed = sum(self.discount(length, count) for count in following.values())
        own = following.get(token, 0)
        kept = own - self.discount(length, own) if own else 0.0
        return kept / total + freed / total * below

    def nats(self, ids: list[int], order: int) -> list[float]:
        contexts = [tuple(ids[max(0, i - order + 1) : i]) for i in range(len(ids))]
        return [-math.log(self.probability(ids[i], contexts[i])) for i in range(len(ids))]


def test_worked_by_hand() -> None:
    # Train 0 1 0 1 2, V = 4, order 2. Bigrams: 01 twice, 10 once, 12 once.
    # Left neighbours: of 0 {beginning, 1}, of 1 {0}, of 2 {1}; the unigrams count 2, 1, 1.
    # Both orders have n_1 = 2, n_2 = 1, n_3 = 0, so d1 = 1 - 2 * 1/2 * 1/2 = 1/2, and d2 falls back to 1.
    # p(1) = (1 - d1)/4 + (d2 + d1 + d1)/4 * 1/4 = 1/8 + 1/8 = 1/4
    # p(1 | 0) = (2 - d2)/2 + d2/2 * p(1) = 1/2 + 1/2 * 1/4 = 5/8
    # p(3) = (d2 + d1 + d1)/4 * 1/4 = 1/8. The context 3 was never seen: p(1 | 3) = p(1).
    model = KneserNey.fit(np.array([0, 1, 0, 1, 2]), 4, order=2)
    assert model.nats(np.array([1]))[0] == pytest.approx(-math.log(1 / 4))
    assert model.nats(np.array([0, 1]), first=1)[0] == pytest.approx(-math.log(5 / 8))
    assert model.nats(np.array([3, 1])) == pytest.approx([-math.log(1 / 8), -math.log(1 / 4)])


def test_discounts_follow_chen_and_goodman() -> None:
    counts = np.repeat([1, 2, 3, 4, 9], [40, 20, 10, 5, 7])
    y = 40 / (40 + 2 * 20)
    assert discounts(counts) == pytest.approx((1 - 2 * y * 20 / 40, 2 - 3 * y * 10 / 20, 3 - 4 * y * 5 / 10))


@pytest.mark.parametrize("counts", [[], [1, 1], [7] * 27, [1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3]])
def test_discounts_are_usable_whatever_the_counts(counts: list[int]) -> None:
    for c, value in enumerate(discounts(np.array(counts, dtype=np.int64)), start=1):
        assert 0 < value <= c


small = st.integers(2, 5).flatmap(
    lambda size: st.tuples(
        st.just(size),
        st.lists(st.integers(0, size - 1), max_size=60),
        st.lists(st.integers(0, size - 1), min_size=1, max_size=12),
        st.integers(1, 5),
    )
)


@settings(max_examples=150, deadline=None)
@given(small)
def test_equals_the_naive_implementation(case: tuple[int, list[int], list[int], int]) -> None:
    size, train, test, order = case
    model = KneserNey.fit(np.array(train, dtype=np.int64), size, order)
    assert model.nats(np.array(test)) == pytest.approx(Naive(train, size, order).nats(test, order))


@settings(max_examples=100, deadline=None)
@given(small)
def test_probabilities_sum_to_one(case: tuple[int, list[int], list[int], int]) -> None:
    size, train, context, order = case
    model = KneserNey.fit(np.array(train, dtype=np.int64), size, order)
    nats = [model.nats(np.array([*context, token]), first=len(context))[0] for token in range(size)]
    assert sum(math.exp(-nat) for nat in nats) == pytest.approx(1.0)


@settings(max_examples=100, deadline=None)
@given(small, st.integers(0, 12))
def test_first_is_a_slice(case: tuple[int, list[int], list[int], int], first: int) -> None:
    size, train, test, order = case
    model = KneserNey.fit(np.array(train, dtype=np.int64), size, order)
    assert model.nats(np.array(test), first).tolist() == model.nats(np.array(test))[first:].tolist()


def test_nothing_to_learn_from_is_uniform() -> None:
    model = KneserNey.fit(np.array([], dtype=np.uint16), 10)
    assert model.nats(np.array([3, 9])) == pytest.approx([math.log(10)] * 2)
    assert model.nats(np.array([], dtype=np.uint16)).shape == (0,)


def test_unseen_ids_are_finite() -> None:
    nats = KneserNey.fit(np.array([0, 1] * 50, dtype=np.uint8), 1000).nats(np.array([0, 999, 999, 1]))
    assert np.isfinite(nats).all()
    assert nats[1] > nats[0]


@pytest.mark.parametrize("ids", [[0, 4], [-1, 2]])
def test_ids_outside_the_vocabulary_are_refused(ids: list[int]) -> None:
    with pytest.raises(ValueError, match="vocabulary of 4"):
        KneserNey.fit(np.array(ids), 4)
    with pytest.raises(ValueError, match="vocabulary of 4"):
        KneserNey.fit(np.array([0, 1]), 4).nats(np.array(ids))


def test_senseless_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="order 0"):
        KneserNey.fit(np.array([0]), 4, order=0)
    with pytest.raises(ValueError, match="vocabulary_size 0"):
        KneserNey.fit(np.array([], dtype=np.int64), 0)
    with pytest.raises(ValueError, match="first"):
        KneserNey.fit(np.array([0]), 4).nats(np.array([0]), first=-1)


def test_many_words_take_seconds() -> None:
    rng = np.random.default_rng(0)
    weights = 1 / np.arange(1, 33_001)
    words = rng.choice(33_000, 220_000, p=weights / weights.sum())
    start = time.perf_counter()
    nats = KneserNey.fit(words[:200_000], 33_000, order=5).nats(words, first=200_000)
    assert time.perf_counter() - start < 10
    assert nats.mean() < math.log(33_000)
