"""The order of all suffixes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.evaluation.novelty.suffix_array import suffix_array


def codes(highest: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(1, highest), min_size=1, max_size=60)


@given(st.one_of(codes(1), codes(2), codes(3), codes(60_000)))
def test_is_the_order_of_the_suffixes(given_codes: list[int]) -> None:
    wanted = sorted(range(len(given_codes)), key=lambda start: given_codes[start:])
    assert suffix_array(np.array(given_codes, np.int32)).tolist() == wanted


def test_a_text_that_repeats_itself() -> None:
    """Suffixes that are alike for thousands of codes; the shortest comes first."""
    text = np.full(5000, 7, np.int32)
    assert suffix_array(text).tolist() == list(range(4999, -1, -1))
    halves = np.random.default_rng(0).integers(1, 100, 2000, dtype=np.int32)
    order = suffix_array(np.concatenate([halves, halves]))
    place = np.empty(4000, np.int64)
    place[order] = np.arange(4000)
    assert (place[2000:] < place[:2000]).all()
