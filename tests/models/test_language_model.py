"""The language model: shapes, ties, state, and one distribution whichever way it is asked."""

from typing import Any

import pytest
import torch

from lstmlab.errors import UserError
from lstmlab.models import build_model

CONFIG: dict[str, Any] = {
    "model": {
        "layer": {"_target_": "lstmlab.nn.LSTMLayer"},
        "num_layers": 2,
        "hidden_size": 12,
        "embedding_size": 8,
        "dropout": 0.0,
        "tie_weights": False,
    },
    "attention": {"_target_": None},
    "head": {"_target_": "lstmlab.nn.LinearHead"},
}


def config(**model: Any) -> dict[str, Any]:
    return CONFIG | {"model": CONFIG["model"] | model}


def test_windows_steps_and_the_whole_sequence_agree() -> None:
    torch.manual_seed(0)
    model = build_model(config(), 11).double()
    ids = torch.randint(0, 11, (3, 10))
    whole, _ = model(ids)
    first, state = model(ids[:, :7])
    second, _ = model(ids[:, 7:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole, rtol=0, atol=1e-12)
    state, steps = None, []
    for t in range(10):
        hidden, state = model.step(ids[:, t], state)
        steps.append(hidden)
    torch.testing.assert_close(torch.stack(steps, 1), whole, rtol=0, atol=1e-12)


def test_loss_is_the_logits_cross_entropy() -> None:
    torch.manual_seed(0)
    model = build_model(config(), 11).double()
    ids, targets = torch.randint(0, 11, (3, 10)), torch.randint(0, 11, (3, 10))
    nats, _ = model.loss(ids, targets)
    hidden, _ = model(ids)
    log_p = model.head.logits(hidden).log_softmax(-1)
    expected = -log_p.gather(-1, targets[..., None])[..., 0]
    torch.testing.assert_close(nats, expected, rtol=0, atol=1e-12)
    scored, correct, _ = model.score(ids, targets)
    torch.testing.assert_close(scored, expected, rtol=0, atol=1e-12)
    assert torch.equal(correct, log_p.argmax(-1) == targets)


def test_no_output_sees_a_later_token() -> None:
    torch.manual_seed(0)
    model = build_model(config(), 11)
    ids = torch.randint(0, 11, (2, 10))
    changed = ids.clone()
    changed[:, 6:] = (changed[:, 6:] + 1) % 11
    assert torch.equal(model(ids)[0][:, :6], model(changed)[0][:, :6])


def test_streams_do_not_touch_each_other() -> None:
    torch.manual_seed(0)
    model = build_model(config(), 11).double()
    ids = torch.randint(0, 11, (4, 10))
    alone, _ = model(ids[2:3])
    torch.testing.assert_close(model(ids)[0][2:3], alone, rtol=0, atol=1e-12)


def test_tied_weights_are_one_parameter_also_after_a_move_and_a_load() -> None:
    model = build_model(config(tie_weights=True), 11)
    assert model.head.linear.weight is model.embedding.weight
    assert model.core.output_size == 8  # the last layer is as wide as the shared matrix
    moved = model.double()
    assert moved.head.linear.weight is moved.embedding.weight
    other = build_model(config(tie_weights=True), 11).double()
    other.load_state_dict(model.state_dict())
    assert other.head.linear.weight is other.embedding.weight
    ids = torch.randint(0, 11, (2, 4))
    assert torch.equal(other(ids)[0], model(ids)[0])


def test_state_dict_keys_are_pinned() -> None:
    layer = [f"lstm.{name}_l0" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    expected = ["embedding.weight", *(f"core.layers.{i}.{name}" for i in range(2) for name in layer)]
    assert list(build_model(config(), 11).state_dict()) == [*expected, "head.linear.weight", "head.linear.bias"]


def test_one_layer_per_width() -> None:
    model = build_model(config(num_layers=3, tie_weights=True), 5)
    assert [(layer.input_size, layer.hidden_size) for layer in model.core.layers] == [(8, 12), (12, 12), (12, 8)]


@pytest.mark.parametrize("target", ["os.system", "lstmlab.nn.LinearHead", "nowhere.Layer", "lstmlab.nn.Nothing", "x"])
def test_a_layer_must_be_one(target: str) -> None:
    with pytest.raises(UserError, match=r"model\.layer\._target_"):
        build_model(config(layer={"_target_": target}), 5)
