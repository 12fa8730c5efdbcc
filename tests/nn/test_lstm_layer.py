"""The library LSTM as a layer: step by step is the whole sequence, and windows with carried state are one."""

import torch
from torch import Tensor, nn

from lstmlab.nn import Core, LSTMLayer, map_state
from lstmlab.nn.state import fill_state, state_tensors


def layer_and_input() -> tuple[LSTMLayer, Tensor]:
    torch.manual_seed(0)
    return LSTMLayer(5, 7).double(), torch.randn(3, 11, 5, dtype=torch.float64)


def blank(layer: LSTMLayer, batch: int) -> tuple[Tensor, Tensor]:
    return layer.initial_state(batch, torch.device("cpu"), torch.float64)


def test_forward_is_the_librarys() -> None:
    layer, x = layer_and_input()
    expected, (h, c) = layer.lstm(x)
    output, state = layer(x, blank(layer, 3))
    assert torch.equal(output, expected)
    assert torch.equal(state.h, h[0])
    assert torch.equal(state.c, c[0])


def test_forward_follows_the_equations() -> None:
    """i, f, o = σ(…), g = tanh(…), c = f·c′ + i·g, h = o·tanh(c), written out for every gate."""
    layer, x = layer_and_input()
    w_x, w_h = layer.lstm.weight_ih_l0.double(), layer.lstm.weight_hh_l0.double()
    bias = layer.lstm.bias_ih_l0 + layer.lstm.bias_hh_l0
    h = c = torch.zeros(3, 7, dtype=torch.float64)
    expected = []
    for t in range(x.shape[1]):
        i, f, g, o = (x[:, t] @ w_x.T + h @ w_h.T + bias).chunk(4, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        expected.append(h)
    output, _ = layer(x, blank(layer, 3))
    torch.testing.assert_close(output, torch.stack(expected, 1), rtol=0, atol=1e-12)


def test_step_by_step_equals_the_whole_sequence() -> None:
    layer, x = layer_and_input()
    whole, after = layer(x, blank(layer, 3))
    state, steps = blank(layer, 3), []
    for t in range(x.shape[1]):
        output, state = layer.step(x[:, t], state)
        steps.append(output)
    torch.testing.assert_close(torch.stack(steps, 1), whole, rtol=0, atol=1e-12)
    for mine, theirs in zip(state, after, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)


def test_core_of_several_widths_step_by_step_and_in_windows() -> None:
    torch.manual_seed(1)
    core = Core([LSTMLayer(4, 6), LSTMLayer(6, 6), LSTMLayer(6, 3)]).double()
    assert core.output_size == 3
    x = torch.randn(2, 9, 4, dtype=torch.float64)
    begin = core.initial_state(2, torch.device("cpu"), torch.float64)
    whole, _ = core(x, begin)
    first, state = core(x[:, :4], begin)
    second, _ = core(x[:, 4:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole, rtol=0, atol=1e-12)
    state, steps = begin, []
    for t in range(9):
        output, state = core.step(x[:, t], state)
        steps.append(output)
    torch.testing.assert_close(torch.stack(steps, 1), whole, rtol=0, atol=1e-12)


def test_dropout_lies_between_layers_alone() -> None:
    torch.manual_seed(2)
    single = Core([LSTMLayer(4, 4)], dropout=0.9)
    x = torch.randn(2, 5, 4)
    begin = single.initial_state(2, torch.device("cpu"), torch.float32)
    assert torch.equal(single(x, begin)[0], single(x, begin)[0])
    double = Core([LSTMLayer(4, 4), LSTMLayer(4, 4)], dropout=0.9)
    begin = double.initial_state(2, torch.device("cpu"), torch.float32)
    assert not torch.equal(double(x, begin)[0], double(x, begin)[0])
    double.eval()
    assert torch.equal(double(x, begin)[0], double(x, begin)[0])


def test_state_functions_keep_the_form() -> None:
    layer = LSTMLayer(2, 3)
    state = (layer.initial_state(1, torch.device("cpu"), torch.float32), torch.ones(1, 2))
    doubled = map_state(lambda t: t + 1, state)
    assert type(doubled[0]) is type(state[0])
    tensors = state_tensors(doubled)
    assert [t.shape for t in tensors] == [(1, 3), (1, 3), (1, 2)]
    again = fill_state(state, tensors)
    assert all(torch.equal(a, b) for a, b in zip(state_tensors(again), tensors, strict=True))


def test_state_dict_keys_are_pinned() -> None:
    core = Core([LSTMLayer(2, 3)])
    assert list(core.state_dict()) == [
        "layers.0.lstm.weight_ih_l0",
        "layers.0.lstm.weight_hh_l0",
        "layers.0.lstm.bias_ih_l0",
        "layers.0.lstm.bias_hh_l0",
    ]
    reference = nn.LSTM(2, 3)
    core.layers[0].lstm.load_state_dict(reference.state_dict())


def test_weight_drop_takes_recurrent_weights_away_in_training_alone() -> None:
    """The same as the library's LSTM with the masked matrix, one mask for the whole window, gradients included."""
    torch.manual_seed(3)
    layer = LSTMLayer(5, 7, weight_drop=0.5).double()
    x = torch.randn(3, 11, 5, dtype=torch.float64)
    generator = torch.get_rng_state()
    output, state = layer(x, blank(layer, 3))
    output.sum().backward()
    torch.set_rng_state(generator)
    mask = nn.functional.dropout(torch.ones(28, 7, dtype=torch.float64), 0.5)
    assert 0 < int((mask == 0).sum()) < mask.numel()
    reference = nn.LSTM(5, 7, batch_first=True).double()
    reference.load_state_dict(layer.lstm.state_dict())
    with torch.no_grad():
        reference.weight_hh_l0.mul_(mask)
    expected, (h, _) = reference(x)
    expected.sum().backward()
    torch.testing.assert_close(output, expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(state.h, h[0], rtol=0, atol=1e-12)
    torch.testing.assert_close(layer.lstm.weight_hh_l0.grad, reference.weight_hh_l0.grad * mask, rtol=0, atol=1e-12)
    layer.eval()
    assert torch.equal(layer(x, blank(layer, 3))[0], layer.lstm(x)[0])
