"""Attention with a memory: the same for any window length, exactly so far back, and never forward."""

from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from lstmlab.errors import UserError
from lstmlab.nn import MultiheadAttention, TransformerLayer
from lstmlab.nn.banded_attention import AttentionState

WIDTH, CPU = 8, torch.device("cpu")

Module = MultiheadAttention | TransformerLayer


def build(kind: str, memory: int, num_heads: int = 2) -> Module:
    torch.manual_seed(0)
    module: Module = (
        MultiheadAttention(WIDTH, num_heads, memory=memory)
        if kind == "multihead"
        else TransformerLayer(WIDTH, WIDTH, num_heads, memory, expansion=2)
    )
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.5)  # the output begins at zero, and so would hide everything
    return module.double()


def blank(module: Module, streams: int) -> AttentionState:
    return module.initial_state(streams, CPU, torch.float64)


def in_windows(module: Module, x: Tensor, lengths: Sequence[int]) -> Tensor:
    state, outputs = blank(module, len(x)), []
    for window in x.split(list(lengths), 1):
        output, state = module(window, state)
        outputs.append(output)
    return torch.cat(outputs, 1)


KINDS = pytest.mark.parametrize("kind", ["multihead", "transformer"])


@KINDS
@settings(deadline=None, max_examples=25)
@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=5), memory=st.integers(0, 12))
def test_any_windows_and_step_by_step_are_the_whole_sequence(kind: str, lengths: list[int], memory: int) -> None:
    module = build(kind, memory)
    x = torch.randn(3, sum(lengths), WIDTH, dtype=torch.float64)
    whole, after = module(x, blank(module, 3))
    torch.testing.assert_close(in_windows(module, x, lengths), whole, rtol=0, atol=1e-12)
    state, steps = blank(module, 3), []
    for position in x.unbind(1):
        output, state = module.step(position, state)
        steps.append(output)
    torch.testing.assert_close(torch.stack(steps, 1), whole, rtol=0, atol=1e-12)
    assert torch.equal(state.filled, after.filled)
    torch.testing.assert_close(state.keys, after.keys, rtol=0, atol=1e-12)


@KINDS
@pytest.mark.parametrize("memory", [0, 1, 5])
@pytest.mark.parametrize("window", [1, 4, 16])
def test_a_position_sees_itself_and_exactly_the_memory_before_it(kind: str, memory: int, window: int) -> None:
    """Changed one position at a time: who notices?"""
    module, length = build(kind, memory), 16
    x = torch.randn(1, length, WIDTH, dtype=torch.float64)
    lengths = [window] * (length // window)
    before = in_windows(module, x, lengths)
    for changed in range(length):
        other = x.clone()
        other[:, changed] += torch.linspace(-1, 2, WIDTH)  # a constant would vanish in the norm
        difference = (in_windows(module, other, lengths) - before).abs().amax((0, 2))
        noticed = set(difference.gt(1e-9).nonzero().flatten().tolist())
        assert noticed == set(range(changed, min(length, changed + memory + 1)))


@KINDS
def test_streams_do_not_see_each_other_and_fill_by_themselves(kind: str) -> None:
    """A stream that begins later (a blank state in a batch of others) is as if it were alone."""
    module = build(kind, 4)
    x = torch.randn(2, 6, WIDTH, dtype=torch.float64)
    _, state = module(x, blank(module, 2))
    mixed = AttentionState(*(torch.stack([old[0], new[1]]) for old, new in zip(state, blank(module, 2), strict=True)))
    y = torch.randn(2, 3, WIDTH, dtype=torch.float64)
    output, _ = module(y, mixed)
    alone, _ = module(y[1:], blank(module, 1))
    torch.testing.assert_close(output[1:], alone, rtol=0, atol=1e-12)


def test_it_is_the_librarys_attention() -> None:
    """Against torch.nn.MultiheadAttention with the same weights and a band for a mask."""
    memory, length = 3, 9
    module = build("multihead", memory)
    assert isinstance(module, MultiheadAttention)
    x = torch.randn(2, length, WIDTH, dtype=torch.float64)
    library = nn.MultiheadAttention(WIDTH, 2, batch_first=True).double()
    with torch.no_grad():
        library.in_proj_weight.copy_(torch.cat([module.query.weight, module.key_value.weight]))
        library.in_proj_bias.copy_(torch.cat([module.query.bias, module.key_value.bias]))
        library.out_proj.load_state_dict(module.output.state_dict())
    distance = torch.arange(length)[:, None] - torch.arange(length)
    hidden = (distance < 0) | (distance > memory)
    normed = functional.layer_norm(x, (WIDTH,), module.norm.weight, module.norm.bias)
    attended, weights = library(normed, normed, normed, attn_mask=hidden, average_attn_weights=False)
    output, _ = module(x, blank(module, 2))
    added = functional.layer_norm(attended, (WIDTH,), module.output_norm.weight, module.output_norm.bias)
    torch.testing.assert_close(output, x + added, rtol=0, atol=1e-12)
    torch.testing.assert_close(module.weights(x, blank(module, 2))[..., memory:], weights, rtol=0, atol=1e-12)


def test_weights_are_shares_of_what_is_seen() -> None:
    module = build("multihead", 4)
    assert isinstance(module, MultiheadAttention)
    x = torch.randn(1, 7, WIDTH, dtype=torch.float64)
    _, state = module(x, blank(module, 1))
    weights = module.weights(x, state)  # (1, heads, 7, 4 + 7)
    assert weights.shape == (1, 2, 7, 11)
    torch.testing.assert_close(weights.sum(-1), torch.ones(1, 2, 7, dtype=torch.float64))
    key, query = torch.arange(11), torch.arange(7)[:, None]
    seen = (key >= query) & (key <= query + 4)
    assert (weights[..., ~seen] == 0).all() and (weights[..., seen] > 0).all()


def test_multihead_begins_as_if_it_were_not_there() -> None:
    x = torch.randn(2, 5, WIDTH)
    module = MultiheadAttention(WIDTH)
    assert torch.equal(module(x, module.initial_state(2, CPU, torch.float32))[0], x)


def test_transformer_widens_its_input() -> None:
    layer = TransformerLayer(3, WIDTH, num_heads=2)
    output, _ = layer(torch.randn(2, 5, 3), layer.initial_state(2, CPU, torch.float32))
    assert output.shape == (2, 5, WIDTH)


def test_the_distance_bias_is_alibis() -> None:
    """Slopes 2^(−8h/n), for 8 heads 1/2, 1/4, …, 1/256, times the distance."""
    layer = TransformerLayer(WIDTH, WIDTH, num_heads=8, memory=2)
    bias = layer._distance_bias(3, layer.initial_state(1, CPU, torch.float32))
    assert bias[0, :, 2, 3].tolist() == [-(0.5**head) for head in range(1, 9)]
    assert bias[0, 0].isinf().tolist() == [
        [True, True, False, True, True],
        [True, True, False, False, True],
        [True, True, False, False, False],
    ]


@KINDS
def test_under_bf16_autocast_it_is_close_to_fp32(kind: str) -> None:
    module = build(kind, 4).float()
    x = torch.randn(2, 6, WIDTH)
    exact, _ = module(x, module.initial_state(2, CPU, torch.float32))
    with torch.autocast("cpu", torch.bfloat16):
        _, state = module(x, module.initial_state(2, CPU, torch.float32))
        rounded, _ = module(x, module.initial_state(2, CPU, torch.float32))
        again, _ = module(x, state)  # its own state, in whatever precision it left it
    assert (rounded - exact).abs().max() < 0.1 * exact.abs().max()
    assert again.isfinite().all()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: MultiheadAttention(8, num_heads=3), r"attention.num_heads=3 does not divide .* 8"),
        (lambda: MultiheadAttention(8, dropout=1.0), "attention.dropout=1.0 must be from 0 to below 1"),
        (lambda: MultiheadAttention(8, memory=-1), "attention.memory=-1 must not be negative"),
        (lambda: TransformerLayer(8, 8, num_heads=3), "model.layer.num_heads=3 does not divide"),
        (lambda: TransformerLayer(8, 8, memory=-1), "model.layer.memory=-1"),
        (lambda: TransformerLayer(8, 8, expansion=0), "model.layer.expansion=0"),
        (lambda: TransformerLayer(8, 8, dropout=1.0), "model.layer.dropout=1.0"),
    ],
)
def test_wrong_options_are_named(make: object, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        make()  # type: ignore[operator]
