"""The estimate of a training's memory: nothing is allocated for it, and it follows what takes memory."""

from typing import Any

import pytest
import torch

from lstmlab.models import build_model
from lstmlab.models.memory import estimate_memory


def config_of(config: dict[str, Any], *, head: str = "LinearHead", **options: Any) -> dict[str, Any]:
    model = {name: value for name, value in options.items() if name in config["model"]}
    return {
        "model": config["model"] | model,
        "attention": config["attention"],
        "head": {"_target_": f"lstmlab.nn.{head}"},
        "trainer": {"precision": options.get("precision", "32-true"), "devices": options.get("devices", 1)}
        | {"num_nodes": 1, "accelerator": "cpu"},
        "data": {"batch_size": options.get("batch_size", 4), "seq_length": options.get("seq_length", 8)},
    }


def test_weights_gradients_and_state(model_config: dict[str, Any]) -> None:
    config = config_of(model_config)
    parameters = sum(p.numel() for p in build_model(config, 100).parameters())
    for state in (0, 1, 2):
        assert estimate_memory(config, 100, state).weights == parameters * 4 * (2 + state)


def test_no_size_is_too_large(model_config: dict[str, Any]) -> None:
    """No memory is taken and no random number drawn."""
    before = torch.get_rng_state()
    large = estimate_memory(config_of(model_config, hidden_size=10**6), 100, 2)
    assert large.total > 1e13 and "weights" in large.largest
    assert estimate_memory(config_of(model_config, hidden_size=10**10), 100, 2).total == float("inf")
    assert torch.equal(torch.get_rng_state(), before)


def test_the_logits_of_each_head(model_config: dict[str, Any]) -> None:
    sizes = {"batch_size": 32, "seq_length": 64}
    linear, chunked, adaptive = (
        estimate_memory(config_of(model_config, head=head, **sizes), 100_000, 2)
        for head in ("LinearHead", "ChunkedHead", "AdaptiveHead")
    )
    assert linear.logits == 12 * 32 * 64 * 100_000 and "logits" in linear.largest
    assert chunked.logits <= 4 * 2**25
    assert adaptive.logits <= 4 * 2**25 and adaptive.weights < 0.7 * chunked.weights


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ({}, {"batch_size": 8}),
        ({}, {"seq_length": 16}),
        ({}, {"num_layers": 3}),
        ({}, {"hidden_size": 24}),
        ({}, {"embedding_size": 16}),
        ({}, {"precision": "64-true"}),
        ({"devices": 2}, {}),
    ],
)
def test_more_takes_more(model_config: dict[str, Any], less: dict[str, Any], more: dict[str, Any]) -> None:
    smaller, larger = (estimate_memory(config_of(model_config, **o), 100, 2).total for o in (less, more))
    assert smaller < larger
