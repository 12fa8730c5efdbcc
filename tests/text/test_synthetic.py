import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmlab.errors import UserError
from lstmlab.text.synthetic import MarkovSource

SOURCES = st.builds(
    MarkovSource,
    symbols=st.integers(2, 5),
    order=st.integers(1, 3),
    concentration=st.sampled_from([0.05, 0.5, 5.0]),
    seed=st.integers(0, 99),
)


def given_transitions(rows: list[list[float]]) -> MarkovSource:
    source = MarkovSource(symbols=len(rows[0]))
    source.__dict__["transitions"] = np.array(rows)  # where the cached property keeps what it drew
    return source


def code_lengths(source: MarkovSource, text: str) -> list[float]:
    """−log₂ p of every character behind the first context, by the source's own table."""
    letters = [ord(c) - ord("a") for c in text]
    lengths = []
    for position in range(source.order, len(letters)):
        context = 0
        for letter in letters[position - source.order : position]:
            context = context * source.symbols + letter
        lengths.append(-math.log2(source.transitions[context, letters[position]]))
    return lengths


@settings(deadline=None, max_examples=30)
@given(SOURCES)
def test_the_entropy_rate_is_that_of_the_stationary_chain(source: MarkovSource) -> None:
    """Contexts are strings here; the stationary distribution comes from following the chain until it rests."""
    contexts = ["".join(c) for c in itertools.product("abcde"[: source.symbols], repeat=source.order)]
    table = dict(zip(contexts, source.transitions.tolist(), strict=True))
    weight = dict.fromkeys(contexts, 1 / len(contexts))
    for _ in range(20_000):
        moved = dict.fromkeys(contexts, 0.0)
        for context, w in weight.items():
            for letter, p in zip("abcde", table[context], strict=False):
                moved[(context + letter)[1:]] += w * p
        change = max(abs(moved[c] - weight[c]) for c in contexts)
        weight = moved
        if change < 1e-13:
            break
    rate = -math.fsum(weight[c] * p * math.log2(p) for c in contexts for p in table[c])
    assert source.entropy_rate == pytest.approx(rate, abs=1e-9)
    np.testing.assert_allclose(source.stationary, [weight[c] for c in contexts], atol=1e-9)
    assert 0 < source.entropy_rate <= math.log2(source.symbols)
    np.testing.assert_allclose(source.transitions.sum(axis=1), 1)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_two_letters_by_hand(p: float, q: float) -> None:
    def h(x: float) -> float:
        return -x * math.log2(x) - (1 - x) * math.log2(1 - x)

    source = given_transitions([[1 - p, p], [q, 1 - q]])
    assert source.entropy_rate == pytest.approx((q * h(p) + p * h(q)) / (p + q), abs=1e-12)


@given(st.floats(0.05, 0.45), st.integers(1, 10**6))
def test_the_interval_of_a_symmetric_chain_by_hand(p: float, characters: int) -> None:
    """Its costs are independent: variance p (1 − p) log₂²((1 − p) / p)."""
    source = given_transitions([[1 - p, p], [p, 1 - p]])
    low, high = source.sampling_interval(characters, 0.99)
    half = 2.5758293035489 * math.sqrt(p * (1 - p) / characters) * math.log2((1 - p) / p)
    assert (low, high) == pytest.approx((source.entropy_rate - half, source.entropy_rate + half), abs=1e-9)


@pytest.mark.parametrize("source", [MarkovSource(), MarkovSource(4, order=2, concentration=0.3, seed=1)])
@pytest.mark.parametrize(("confidence", "tolerance"), [(0.9, 0.03), (0.99, 0.01)])
def test_the_interval_covers_as_often_as_it_says(source: MarkovSource, confidence: float, tolerance: float) -> None:
    texts, characters = 1000, 800
    low, high = source.sampling_interval(characters, confidence)
    inside = 0
    for seed in range(texts):
        inside += low <= np.mean(code_lengths(source, source.draw(characters + source.order, seed))) <= high
    assert abs(inside / texts - confidence) < tolerance


def test_a_long_text_costs_its_entropy_rate() -> None:
    source = MarkovSource(6, order=2, seed=3)
    lengths = code_lengths(source, source.draw(200_000, seed=0))
    low, high = source.sampling_interval(len(lengths), 0.999)
    assert low < np.mean(lengths) < high
    assert high - low < 0.05


def test_the_seeds_decide_everything() -> None:
    assert MarkovSource(seed=1).draw(500, 7) == MarkovSource(seed=1).draw(500, 7)
    assert MarkovSource(seed=1).draw(500, 7) != MarkovSource(seed=1).draw(500, 8)
    assert MarkovSource(seed=1).draw(500, 7) != MarkovSource(seed=2).draw(500, 7)
    assert MarkovSource(seed=1).entropy_rate != MarkovSource(seed=2).entropy_rate


@given(SOURCES, st.integers(1, 300), st.integers(0, 9))
@settings(deadline=None, max_examples=30)
def test_a_text_has_its_length_and_its_alphabet(source: MarkovSource, characters: int, seed: int) -> None:
    text = source.draw(characters, seed)
    assert len(text) == characters
    assert set(text) <= set("abcde"[: source.symbols])


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"symbols": 1}, "data.symbols=1"),
        ({"symbols": 27}, "data.symbols=27"),
        ({"order": 0}, "data.order=0"),
        ({"symbols": 8, "order": 5}, "data.order=5"),
        ({"concentration": 0.0}, "data.concentration=0.0"),
    ],
)
def test_what_is_no_source(options: dict[str, float], named: str) -> None:
    with pytest.raises(UserError, match=named):
        MarkovSource(**options)  # type: ignore[arg-type]
