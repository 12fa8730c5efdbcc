"""Sums are divided once."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.training.metrics import Total, bits_per_char, perplexity


@given(st.lists(st.lists(st.floats(0, 20), min_size=1, max_size=9), min_size=1, max_size=9))
def test_windows_of_any_length_weigh_by_their_tokens(windows: list[list[float]]) -> None:
    total = Total()
    for window in windows:
        total.add(torch.tensor(window, dtype=torch.float64).sum(), len(window), torch.tensor(1))
    tokens = [nats for window in windows for nats in window]
    assert total.loss == pytest.approx(sum(tokens) / len(tokens), abs=1e-12)
    assert total.perplexity == pytest.approx(math.exp(total.loss))
    assert total.accuracy == pytest.approx(len(windows) / len(tokens))


def test_nothing_scored_is_no_number() -> None:
    assert math.isnan(Total().loss)
    assert math.isnan(Total().accuracy)
    assert math.isnan(bits_per_char(1.0, 0))


def test_a_hopeless_model_has_infinite_perplexity_and_no_overflow() -> None:
    assert perplexity(1e6) == math.inf
    assert perplexity(0.0) == 1.0


def test_bits_per_char_of_a_fair_coin() -> None:
    assert bits_per_char(10 * math.log(2), 10) == pytest.approx(1.0)
