"""Logit processors at their edges."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.decoding import processors
from lstmlab.errors import UserError

LOGITS = torch.tensor([[2.0, 1.0, 0.0, -1.0], [0.0, 0.0, 3.0, 3.0]])


def kept(logits: torch.Tensor) -> list[list[int]]:
    return [torch.isfinite(row).nonzero()[:, 0].tolist() for row in logits]


def test_ban_gives_probability_zero() -> None:
    banned = processors.ban(LOGITS, torch.tensor([0, 2]))
    assert kept(banned) == [[1, 3], [1, 3]]
    assert torch.equal(LOGITS[:, 0], torch.tensor([2.0, 0.0]))  # the argument is as it was


def test_temperature_divides() -> None:
    assert torch.equal(processors.temperature(LOGITS, 0.5), LOGITS * 2)
    for value in (0.0, -1.0, float("nan")):
        with pytest.raises(UserError, match=r"decoding\.temperature"):
            processors.temperature(LOGITS, value)


def test_top_k_keeps_k_and_ties() -> None:
    assert kept(processors.top_k(LOGITS, 1)) == [[0], [2, 3]]
    assert kept(processors.top_k(LOGITS, 2)) == [[0, 1], [2, 3]]
    assert torch.equal(processors.top_k(LOGITS, 4), LOGITS)
    assert torch.equal(processors.top_k(LOGITS, 99), LOGITS)
    with pytest.raises(UserError, match=r"decoding\.top_k"):
        processors.top_k(LOGITS, 0)


def test_top_p_keeps_the_token_that_crosses() -> None:
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()
    assert kept(processors.top_p(logits, 0.5)) == [[0]]
    assert kept(processors.top_p(logits, 0.51)) == [[0, 1]]
    assert kept(processors.top_p(logits, 0.96)) == [[0, 1, 2, 3]]
    assert torch.equal(processors.top_p(LOGITS, 1.0), LOGITS)
    for value in (0.0, 1.1, -0.5):
        with pytest.raises(UserError, match=r"decoding\.top_p"):
            processors.top_p(LOGITS, value)


@given(st.lists(st.floats(-20, 20), min_size=2, max_size=12), st.floats(0.01, 0.999))
def test_top_p_is_the_smallest_sufficient_set(values: list[float], p: float) -> None:
    logits = torch.tensor([values], dtype=torch.float64)
    result = processors.top_p(logits, p)
    probabilities = logits.softmax(-1)[0]
    chosen = torch.isfinite(result[0])
    assert chosen.any()
    assert float(probabilities[chosen].sum()) >= p - 1e-9
    least = probabilities[chosen].min()
    assert float(probabilities[chosen].sum() - least) < p + 1e-9  # without its least likely member it is too small
    assert bool((probabilities[~chosen] <= least).all())
    assert torch.equal(result[0][chosen], logits[0][chosen])
