"""Distributions go by in pieces: all rows once, never many at a time."""

from typing import Any

import numpy as np
import torch

from lstmlab.data.streams import ScoringLoader
from lstmlab.evaluation.distribution import hidden_windows, log_probabilities
from lstmlab.models import build_model
from lstmlab.nn import LinearHead

LARGE = 100_000


def test_the_distributions_of_a_large_vocabulary_are_never_all_there() -> None:
    torch.manual_seed(0)
    head, hidden, targets = LinearHead(4, LARGE), torch.randn(150, 4), torch.randint(LARGE, (150,))
    seen = 0
    for log_p, wanted in log_probabilities(head, hidden, targets):
        assert log_p.numel() <= 2**22 and log_p.shape == (len(wanted), LARGE)
        torch.testing.assert_close(log_p, head.logits(hidden[seen : seen + len(wanted)]).detach().log_softmax(-1))
        assert torch.equal(wanted, targets[seen : seen + len(wanted)])
        seen += len(wanted)
    assert seen == 150
    assert list(log_probabilities(head, hidden[:0], targets[:0])) == []


def test_windows_carry_state_and_leave_padding_out(model_config: dict[str, Any]) -> None:
    torch.manual_seed(0)
    model = build_model(model_config, 9).eval()
    ids = np.random.default_rng(0).integers(0, 9, 102)
    pieces = list(hidden_windows(model, ScoringLoader(ids, 1, 30)))
    assert [len(targets) for _, targets in pieces] == [30, 30, 30, 11]
    with torch.no_grad():
        whole = model(torch.from_numpy(ids[None, :-1]))[0][0]
    torch.testing.assert_close(torch.cat([hidden for hidden, _ in pieces]), whole, rtol=1e-4, atol=1e-5)
    assert torch.cat([targets for _, targets in pieces]).tolist() == ids[1:].tolist()
    several = list(hidden_windows(model, ScoringLoader(ids, 4, 30)))  # rows of 26, the last of 23
    assert sum(len(targets) for _, targets in several) == 101
