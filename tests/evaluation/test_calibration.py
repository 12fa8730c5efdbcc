"""The calibration of a model: exact on small cases, in pieces as in one, within its budget."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from lstmlab.evaluation.calibration import calibrate
from lstmlab.evaluation.reliability import top_reliability
from lstmlab.models import LanguageModel, build_model

TYPES = 9


@pytest.fixture(params=["linear", "adaptive"])
def model(model_config: dict[str, Any], request: pytest.FixtureRequest) -> LanguageModel:
    if request.param == "adaptive":
        model_config["head"] = {"_target_": "lstmlab.nn.AdaptiveHead", "cutoffs": [3, 5], "div_value": 1.0}
    torch.manual_seed(0)
    model = build_model(model_config, TYPES).eval()
    with torch.no_grad():
        for parameter in model.head.parameters():
            parameter.normal_(std=2.0)
    return model


def written(model: LanguageModel, tokens: int, temperature: float, seed: int = 0) -> np.ndarray:
    """Ids (tokens + 1,) that a model wrote at a temperature: their probabilities are known to be true."""
    generator = torch.Generator().manual_seed(seed)
    ids, state = [0], None
    with torch.no_grad():
        for _ in range(tokens):
            hidden, state = model.step(torch.tensor([ids[-1]]), state)
            p = (model.head.logits(hidden) / temperature).softmax(-1)
            ids.append(int(torch.multinomial(p, 1, generator=generator)))
    return np.array(ids)


def distributions(model: LanguageModel, ids: np.ndarray) -> torch.Tensor:
    """ln p (N, V), at once."""
    with torch.no_grad():
        return model.head.logits(model(torch.from_numpy(ids[None, :-1]))[0][0]).log_softmax(-1)


def test_figures_against_the_whole_distribution(model: LanguageModel) -> None:
    ids = np.random.default_rng(0).integers(0, TYPES, 1201)
    found = calibrate(model, ids, None, 1)
    log_p, targets = distributions(model, ids), torch.from_numpy(ids[1:])
    best, which = log_p.max(-1)
    assert found.tokens == 1200 and found.whole and found.temperature is None
    assert found.loss == pytest.approx(float(torch.nn.functional.nll_loss(log_p, targets)), rel=1e-5)
    expected = top_reliability(best.exp().numpy(), (which == targets).numpy())
    assert found.top.error == pytest.approx(expected.error, abs=1e-6)
    bins = found.all_tokens.bins
    assert sum(one.count for one in bins) == 1200 * TYPES
    assert sum(one.count * one.probability for one in bins) == pytest.approx(1200, rel=1e-4)
    assert sum(one.count * one.frequency for one in bins) == pytest.approx(1200)
    low = 0.0
    for one in bins:  # each bin holds the probabilities between its neighbours'
        assert low < one.probability <= 1
        low = one.probability
    moved = sum(one.count * abs(one.probability - one.frequency) for one in bins) / 2400
    assert found.all_tokens.error == pytest.approx(moved, rel=1e-9)


def test_a_models_own_text_is_calibrated(model: LanguageModel) -> None:
    ids = written(model, 3000, 1.0)
    found = calibrate(model, ids, written(model, 1500, 1.0, seed=1), 1)
    assert found.top.error < 2 * found.top.by_chance and found.all_tokens.error < 2 * found.all_tokens.by_chance
    assert found.temperature is not None and found.temperature.value == pytest.approx(1.0, abs=0.1)


def test_a_sharper_models_temperature_is_found_on_validation_and_mends_the_test(model: LanguageModel) -> None:
    ids, validation = written(model, 3000, 1.6), written(model, 1500, 1.6, seed=1)
    found = calibrate(model, ids, validation, 1)
    fitted = found.temperature
    assert fitted is not None and fitted.validation_tokens == 1500
    assert fitted.value == pytest.approx(1.6, rel=0.08)
    log_p = (distributions(model, ids) / fitted.value).log_softmax(-1)
    assert fitted.loss == pytest.approx(float(torch.nn.functional.nll_loss(log_p, torch.from_numpy(ids[1:]))), rel=1e-5)
    assert fitted.loss < found.loss - 0.02
    assert found.top.error > 3 * found.top.by_chance and fitted.top.error < 2 * fitted.top.by_chance
    off, mended = (f"{one:.2%}" for one in (found.top.error, fitted.top.error))
    one, two = found.sentences("test")
    assert off in one and mended in two and f"temperature {fitted.value:.3f}" in two
    assert "the very part" in found.sentences("val")[1]


def test_streams_and_a_budget(model: LanguageModel) -> None:
    ids = np.random.default_rng(0).integers(0, TYPES, 3001)
    whole = calibrate(model, ids, None, 3)
    assert whole.whole and whole.tokens == 3000
    part = calibrate(model, ids, ids, 3, judged=1000 * TYPES, fitted=500 * TYPES)  # windows are of 3 x 256 tokens
    assert part.tokens == 1000 and not part.whole and part.temperature is not None
    assert part.temperature.validation_tokens == 500
    assert "on 1,000 of the tokens" in part.sentences("test")[0]


def test_it_leaves_the_mode_as_it_was(model: LanguageModel) -> None:
    model.train()
    calibrate(model, np.arange(900) % TYPES, np.arange(900) % TYPES, 1, judged=1, fitted=1)
    assert model.training


def test_certainty_is_no_error(model_config: dict[str, Any]) -> None:
    """Probabilities of 1 and 0, in single precision."""
    model = build_model(model_config, TYPES).eval()
    with torch.no_grad():
        model.head.linear.weight.zero_()
        model.head.linear.bias.copy_(torch.tensor([200.0] + [0.0] * (TYPES - 1)))
    found = calibrate(model, np.zeros(50, np.int64), np.zeros(50, np.int64), 1)
    assert found.top.error == 0 and found.all_tokens.error == 0 and found.loss == 0
    assert found.temperature is not None and math.isfinite(found.temperature.value) and found.temperature.loss == 0
