"""The neural cache against its definition, pair by pair."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from lstmlab.evaluation import neural_cache
from lstmlab.evaluation.neural_cache import cache_nats, mixed_nats
from lstmlab.models import LanguageModel, build_model

VOCABULARY = 9
TEXT = np.random.default_rng(0).integers(0, VOCABULARY, 70)
THETAS = [0.0, 0.4, 3.0]


@pytest.fixture(params=["linear", "adaptive"])
def model(request: pytest.FixtureRequest, model_config: dict[str, Any]) -> LanguageModel:
    if request.param == "adaptive":
        model_config["head"] = {"_target_": "lstmlab.nn.AdaptiveHead", "cutoffs": [3], "div_value": 2.0}
    torch.manual_seed(0)
    return build_model(model_config, VOCABULARY).double()


@pytest.mark.parametrize("size", [1, 7, 500])
@pytest.mark.parametrize("block", [5, 256])
def test_it_is_what_the_paper_says(
    model: LanguageModel, size: int, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neural_cache, "_BLOCK", block)
    own, cached = cache_nats(model, TEXT, size, THETAS)
    with torch.no_grad():
        hidden, _ = model.eval()(torch.from_numpy(TEXT[None, :-1]))
        log_p = model.head.logits(hidden)[0].log_softmax(-1)
    for t in range(len(TEXT) - 1):
        target = TEXT[t + 1]
        assert own[t] == pytest.approx(-float(log_p[t, target]), abs=1e-9)
        held = range(max(0, t - size), t)
        for row, theta in zip(cached, THETAS, strict=True):
            weights = [math.exp(theta * float(hidden[0, t] @ hidden[0, i])) for i in held]
            same = sum(w for w, i in zip(weights, held, strict=True) if TEXT[i + 1] == target)
            p = same / sum(weights) if weights else 0.0
            assert math.exp(-row[t]) == pytest.approx(p, abs=1e-9)
            if t:
                expected = 0.7 * math.exp(float(log_p[t, target])) + 0.3 * p
                assert math.exp(-mixed_nats(own, row, 0.3)[t]) == pytest.approx(expected, abs=1e-9)


def test_the_mixture_is_a_distribution(model: LanguageModel) -> None:
    """Over all tokens that may come next, it adds up to 1."""
    total = 0.0
    for token in range(VOCABULARY):
        own, [row] = cache_nats(model, np.append(TEXT[:40], token), 20, [0.5])
        total += math.exp(-mixed_nats(own, row, 0.25)[-1])
    assert total == pytest.approx(1, abs=1e-9)


def test_without_a_share_it_is_the_model_and_the_first_token_has_no_cache(model: LanguageModel) -> None:
    own, [row] = cache_nats(model, TEXT, 20, [0.5])
    np.testing.assert_allclose(mixed_nats(own, row, 0.0), own, rtol=1e-12)
    assert mixed_nats(own, row, 0.5)[0] == own[0]
    assert row[0] == math.inf


def test_what_comes_later_changes_no_score(model: LanguageModel) -> None:
    changed = TEXT.copy()
    changed[50:] = 0
    for before, after in zip(cache_nats(model, TEXT, 20, [0.5]), cache_nats(model, changed, 20, [0.5]), strict=True):
        np.testing.assert_array_equal(before[..., :49], after[..., :49])
