"""Dynamic evaluation: scored first, learnt afterwards, and nothing left behind."""

import copy
from typing import Any

import numpy as np
import pytest
import torch

from lstmlab.data.streams import ScoringLoader
from lstmlab.evaluation.dynamic import DynamicSettings, dynamic_nats, root_mean_squares
from lstmlab.evaluation.scoring import score_windows
from lstmlab.models import LanguageModel, build_model

VOCABULARY = 12
HEADS = {
    "linear": {"_target_": "lstmlab.nn.LinearHead"},
    "chunked": {"_target_": "lstmlab.nn.ChunkedHead"},
    "adaptive": {"_target_": "lstmlab.nn.AdaptiveHead", "cutoffs": [4, 8], "div_value": 2.0},
}
ATTENTION = {"_target_": "lstmlab.nn.MultiheadAttention", "num_heads": 2, "dropout": 0.3, "memory": 5}
TEXT = np.tile([3, 5, 1, 7, 7, 2, 11, 9], 12)  # 96 ids that repeat themselves
RMS, SGD = DynamicSettings("rms", 0.005, 0.01, 5), DynamicSettings("sgd", 0.5, 0.01, 5)


@pytest.fixture(params=["linear", "chunked", "adaptive", "attention", "tied"])
def model(request: pytest.FixtureRequest, model_config: dict[str, Any]) -> LanguageModel:
    config = copy.deepcopy(model_config) | {"head": HEADS.get(request.param, HEADS["linear"])}
    if request.param == "attention":
        config["attention"] = ATTENTION
    config["model"]["tie_weights"] = request.param == "tied"
    torch.manual_seed(0)
    return build_model(config, VOCABULARY).double()


def test_without_a_step_it_is_the_static_figure(model: LanguageModel) -> None:
    static = score_windows(model, ScoringLoader(TEXT, streams=1)).nats
    still = dynamic_nats(model, TEXT, DynamicSettings("sgd", 0.0, 0.0, 7), None)
    np.testing.assert_allclose(still, static, rtol=0, atol=1e-10)


@pytest.mark.parametrize("settings", [RMS, SGD], ids=["rms", "sgd"])
def test_what_comes_later_changes_no_score(model: LanguageModel, settings: DynamicSettings) -> None:
    """And what came before does: the text is learnt from."""
    roots = root_mean_squares(model, TEXT, 5)
    found = dynamic_nats(model, TEXT, settings, roots)
    assert len(found) == len(TEXT) - 1
    changed = TEXT.copy()
    changed[60:] = 4
    np.testing.assert_array_equal(dynamic_nats(model, changed, settings, roots)[:59], found[:59])
    static = score_windows(model, ScoringLoader(TEXT, streams=1)).nats
    np.testing.assert_allclose(found[:5], static[:5], rtol=0, atol=1e-10)  # the first segment is scored by the model
    assert found[-20:].mean() < static[-20:].mean() - 0.1  # it repeats itself


def test_the_weights_are_put_back(model: LanguageModel) -> None:
    """Bit for bit, also where scoring is broken off, and neither gradient nor mode is changed."""
    before = copy.deepcopy(model.state_dict())

    def fail(tokens: int) -> None:
        raise KeyboardInterrupt

    roots = root_mean_squares(model, TEXT, 5)
    dynamic_nats(model, TEXT, RMS, roots)
    with pytest.raises(KeyboardInterrupt):
        dynamic_nats(model, TEXT, SGD, None, advance=fail)
    assert all(torch.equal(before[name], weight) for name, weight in model.state_dict().items())
    assert all(weight.grad is None for weight in model.parameters())
    assert model.training


def test_a_rms_step_is_the_papers(model_config: dict[str, Any]) -> None:
    """Two segments by hand: the second is scored by the weights that equation 7 gives after the first."""
    torch.manual_seed(0)
    model = build_model(model_config, VOCABULARY).double().eval()
    ids = torch.from_numpy(TEXT[:11].astype(np.int64))[None]
    weights = list(model.parameters())
    roots = root_mean_squares(model, TEXT, 5)
    found = dynamic_nats(model, TEXT[:11], RMS, roots)
    nats, state = model.loss(ids[:, :5], ids[:, 1:6])
    nats.mean().backward()
    mean = torch.cat([root.flatten() for root in roots]).mean()
    with torch.no_grad():
        for weight, root in zip(weights, roots, strict=True):  # θ₀ − θ is 0 before the first step
            weight -= 0.005 * weight.grad / (root + 3 * mean)
        again, _ = model.loss(ids[:, 5:10], ids[:, 6:11], state)
    np.testing.assert_allclose(found, torch.cat([nats, again], 1)[0].detach().numpy(), rtol=1e-9)


def test_frozen_weights_stay(model_config: dict[str, Any]) -> None:
    model = build_model(model_config, VOCABULARY).double()
    model.embedding.weight.requires_grad_(False)
    assert len(root_mean_squares(model, TEXT, 5)) == len(list(model.parameters())) - 1
    assert np.isfinite(dynamic_nats(model, TEXT, SGD, None)).all()
