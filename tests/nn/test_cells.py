"""The written-out cells: equal to the library's, to their equations gate by gate, and step by step to the whole."""

import copy
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from lstmlab.errors import UserError
from lstmlab.nn import (
    Cell,
    CellLayer,
    Core,
    CoupledLSTMCell,
    GRUCell,
    GRULayer,
    LayerNormLSTMCell,
    LSTMCell,
    LSTMLayer,
    LSTMState,
    MogrifierLSTMCell,
    PeepholeLSTMCell,
    RecurrentLayer,
    RNNCell,
    RNNLayer,
    State,
    load_library,
    map_state,
)
from lstmlab.nn.cells.library import cell_of
from lstmlab.nn.cells.lstm_sequence import lstm_sequence
from lstmlab.nn.state import fill_state, state_tensors

B, T, E, H = 3, 6, 5, 7
CPU = torch.device("cpu")


def low_rank(input_size: int, hidden_size: int) -> MogrifierLSTMCell:
    return MogrifierLSTMCell(input_size, hidden_size, rounds=4, rank=2)


CELLS: dict[str, Callable[[int, int], Cell]] = {
    "lstm": LSTMCell,
    "gru": GRUCell,
    "rnn": RNNCell,
    "coupled": CoupledLSTMCell,
    "peephole": PeepholeLSTMCell,
    "mogrifier": MogrifierLSTMCell,
    "mogrifier of low rank": low_rank,
    "layer norm": LayerNormLSTMCell,
}
LIBRARY: dict[str, Callable[[int, int], RecurrentLayer]] = {"LSTM": LSTMLayer, "GRU": GRULayer, "RNN": RNNLayer}
LAYERS = [*CELLS, *LIBRARY]
every_cell = pytest.mark.parametrize("name", CELLS)
every_layer = pytest.mark.parametrize("name", LAYERS)


def make_layer(name: str, input_size: int = E, hidden_size: int = H) -> RecurrentLayer:
    torch.manual_seed(0)
    if name in LIBRARY:
        return LIBRARY[name](input_size, hidden_size)
    return CellLayer(CELLS[name](input_size, hidden_size))


def window(length: int = T) -> Tensor:
    return torch.randn(B, length, E, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def drawn(blank: State) -> State:
    """A state of the same form with something in it."""
    generator = torch.Generator().manual_seed(2)
    return map_state(lambda t: torch.randn(t.shape, dtype=torch.float64, generator=generator).to(t.dtype) / 2, blank)


def lstm_state() -> LSTMState:
    state = drawn(LSTMState(torch.zeros(B, H, dtype=torch.float64), torch.zeros(B, H, dtype=torch.float64)))
    assert isinstance(state, LSTMState)
    return state


def same(one: Tensor, other: Tensor, atol: float = 1e-10) -> None:
    torch.testing.assert_close(one, other, rtol=0, atol=atol)


def outcome(layer: RecurrentLayer | Cell, length: int = T) -> dict[str, Tensor]:
    """Outputs, final state and every gradient of a loss that weighs each of them differently."""
    layer = layer.double()
    x = window(length).requires_grad_()
    before = drawn(layer.initial_state(B, CPU, torch.float64))
    before = map_state(lambda t: t.requires_grad_(), before)
    output, after = layer(x, before)
    loss = torch.zeros((), dtype=torch.float64)
    for number, tensor in enumerate([output, *state_tensors(after)]):
        loss = (
            loss + (tensor * torch.linspace(-1, 1 + number, tensor.numel(), dtype=torch.float64).view_as(tensor)).sum()
        )
    loss.backward()
    found = {"output": output, "input gradient": x.grad}
    found |= {f"state {number}": tensor for number, tensor in enumerate(state_tensors(after))}
    found |= {f"state gradient {number}": tensor.grad for number, tensor in enumerate(state_tensors(before))}
    found |= {f"{key.split('.')[-1].removesuffix('_l0')} gradient": p.grad for key, p in layer.named_parameters()}
    return {key: tensor.detach() for key, tensor in found.items() if tensor is not None}


@pytest.mark.parametrize("length", [1, T])
@pytest.mark.parametrize(("name", "library"), [("lstm", "LSTM"), ("gru", "GRU"), ("rnn", "RNN")])
def test_values_and_all_gradients_are_the_librarys(name: str, library: str, length: int) -> None:
    cell, layer = CELLS[name](E, H).double(), make_layer(library).double()
    load_library(cell, getattr(layer, library.lower()))
    mine, theirs = outcome(cell, length), outcome(layer, length)
    assert len(mine) == len(theirs) == 6 + 2 * len(state_tensors(cell.initial_state(1, CPU, torch.float64)))
    for key in theirs:
        same(mine[key], theirs[key])


@pytest.mark.parametrize(("name", "library"), [("lstm", nn.LSTMCell), ("gru", nn.GRUCell), ("rnn", nn.RNNCell)])
def test_library_cells_fit_and_begin_alike(name: str, library: type[nn.RNNCellBase]) -> None:
    torch.manual_seed(3)
    theirs = library(E, H)
    torch.manual_seed(3)
    cell = CELLS[name](E, H)
    assert list(cell.state_dict()) == list(theirs.state_dict())
    for key, value in theirs.state_dict().items():
        assert torch.equal(cell.state_dict()[key], value)
    cell.load_state_dict(theirs.state_dict())


def test_coupled_follows_its_equations() -> None:
    cell = make_layer("coupled").double().cell
    x, state = window(), lstm_state()
    output, after = cell(x, state)
    w, u, b = cell.weight_ih.chunk(3), cell.weight_hh.chunk(3), (cell.bias_ih + cell.bias_hh).chunk(3)
    h, c = state
    for t in range(T):
        g, candidate, o = (x[:, t] @ w[n].T + h @ u[n].T + b[n] for n in range(3))
        c = torch.sigmoid(g) * c + (1 - torch.sigmoid(g)) * torch.tanh(candidate)
        h = torch.sigmoid(o) * torch.tanh(c)
        same(output[:, t], h)
    same(after.h, h)
    same(after.c, c)


def test_peephole_follows_its_equations() -> None:
    cell = make_layer("peephole").double().cell
    x, state = window(), lstm_state()
    output, after = cell(x, state)
    w, u, b = cell.weight_ih.chunk(4), cell.weight_hh.chunk(4), (cell.bias_ih + cell.bias_hh).chunk(4)
    p_i, p_f, p_o = (torch.diag(p) for p in (cell.weight_ci, cell.weight_cf, cell.weight_co))
    h, c = state
    for t in range(T):
        i, f, g, o = (x[:, t] @ w[n].T + h @ u[n].T + b[n] for n in range(4))
        i, f = torch.sigmoid(i + c @ p_i), torch.sigmoid(f + c @ p_f)
        c = f * c + i * torch.tanh(g)
        h = torch.sigmoid(o + c @ p_o) * torch.tanh(c)
        same(output[:, t], h)
    same(after.c, c)


def test_mogrifier_follows_its_equations() -> None:
    for name, factors in [("mogrifier", 1), ("mogrifier of low rank", 2)]:
        cell = make_layer(name).double().cell
        x, state = window(), lstm_state()
        output, after = cell(x, state)
        parameters = iter([p for key, p in cell.named_parameters() if key.startswith("rounds")])
        matrices = []
        while (first := next(parameters, None)) is not None:
            matrices.append(first if factors == 1 else next(parameters) @ first)
        assert [tuple(matrix.shape) for matrix in matrices] == [(E, H), (H, E)] * 2 + [(E, H)] * (name == "mogrifier")
        w, u, b = cell.weight_ih.chunk(4), cell.weight_hh.chunk(4), (cell.bias_ih + cell.bias_hh).chunk(4)
        h, c = state
        for t in range(T):
            now = x[:, t]
            for number, matrix in enumerate(matrices, start=1):
                if number % 2:
                    now = 2 * torch.sigmoid(h @ matrix.T) * now
                else:
                    h = 2 * torch.sigmoid(now @ matrix.T) * h
            i, f, g, o = (now @ w[n].T + h @ u[n].T + b[n] for n in range(4))
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            same(output[:, t], h)
        same(after.c, c)


def test_layer_norm_follows_its_equations() -> None:
    cell = make_layer("layer norm").double().cell
    with torch.no_grad():  # the norms begin as 1 and 0, which would hide them
        for norm in (cell.norm_ih, cell.norm_hh, cell.norm_cell):
            for parameter in norm.parameters():
                parameter.add_(torch.randn(parameter.shape, dtype=torch.float64) / 4)
    x, state = window(), lstm_state()
    output, after = cell(x, state)

    def normal(z: Tensor) -> Tensor:
        centred = z - z.mean(-1, keepdim=True)
        return centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()

    h, c = state
    for t in range(T):
        sums = normal(x[:, t] @ cell.weight_ih.T) * cell.norm_ih.weight + cell.norm_ih.bias
        sums = sums + normal(h @ cell.weight_hh.T) * cell.norm_hh.weight
        i, f, g, o = sums[:, :H], sums[:, H : 2 * H], sums[:, 2 * H : 3 * H], sums[:, 3 * H :]
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(normal(c) * cell.norm_cell.weight + cell.norm_cell.bias)
        same(output[:, t], h)
    same(after.c, c)


@pytest.mark.parametrize("kind", ["mogrifier without rounds", "peepholes of zero"])
def test_where_a_variant_is_the_lstm(kind: str) -> None:
    lstm = LSTMCell(E, H)
    if kind == "peepholes of zero":
        variant: Cell = PeepholeLSTMCell(E, H)
        for parameter in variant.parameters():
            nn.init.zeros_(parameter)
    else:
        variant = MogrifierLSTMCell(E, H, rounds=0)
        assert list(variant.state_dict()) == list(lstm.state_dict())
    variant.load_state_dict(lstm.state_dict(), strict=False)
    mine, expected = outcome(variant), outcome(lstm)
    for key in expected:
        same(mine[key], expected[key])


@every_layer
def test_step_by_step_and_windows_equal_the_whole(name: str) -> None:
    layer = make_layer(name).double()
    x, begin = window(), drawn(layer.initial_state(B, CPU, torch.float64))
    whole, after = layer(x, begin)
    assert whole.shape == (B, T, H)
    first, state = layer(x[:, :2], begin)
    second, in_windows = layer(x[:, 2:], state)
    same(torch.cat([first, second], 1), whole)
    state, steps = begin, []
    for t in range(T):
        output, state = layer.step(x[:, t], state)
        assert type(state) is type(begin)
        steps.append(output)
    same(torch.stack(steps, 1), whole)
    for whole_state, window_state, step_state in zip(*map(state_tensors, (after, in_windows, state)), strict=True):
        same(window_state, whole_state)
        same(step_state, whole_state)


def sequence_arguments() -> tuple[Tensor, ...]:
    torch.manual_seed(4)
    shapes = [(2, 3, 2), (2, 3), (2, 3), (12, 2), (12, 3), (12,)]
    return tuple(torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes)


def sequence(x: Tensor, h: Tensor, c: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    outputs, state = lstm_sequence(x, LSTMState(h, c), *weights)
    return outputs, state.h, state.c


def test_gradients_of_the_sequence_are_right() -> None:
    assert torch.autograd.gradcheck(sequence, sequence_arguments())


@pytest.mark.parametrize("only", range(6))
def test_sequence_when_one_gradient_is_wanted(only: int) -> None:
    arguments = sequence_arguments()
    expected = torch.autograd.grad(sum(out.square().sum() for out in sequence(*arguments)), arguments)[only]
    alone = [argument.detach().requires_grad_(number == only) for number, argument in enumerate(arguments)]
    for _ in range(2):  # nothing that the backward pass reads is changed by it
        loss = sum(out.square().sum() for out in sequence(*alone))
        loss.backward(retain_graph=True)
        same(alone[only].grad, expected)
        alone[only].grad = None
        loss.backward()
        same(alone[only].grad, expected)
        alone[only].grad = None
    with torch.no_grad():
        output, *_ = sequence(*alone)
    assert not output.requires_grad
    same(output, sequence(*arguments)[0])


@every_cell
def test_weight_drop_is_the_cell_with_a_masked_matrix(name: str) -> None:
    layer = CellLayer(CELLS[name](E, H), weight_drop=0.5).double()
    x, begin = window(), drawn(layer.initial_state(B, CPU, torch.float64))
    torch.manual_seed(5)
    output, _ = layer(x, begin)
    output.sum().backward()
    reference = copy.deepcopy(layer.cell)
    reference.zero_grad()
    torch.manual_seed(5)
    mask = nn.functional.dropout(torch.ones_like(reference.weight_hh), 0.5)
    with torch.no_grad():
        reference.weight_hh.mul_(mask)
    expected, _ = reference(x, begin)
    expected.sum().backward()
    same(output, expected)
    same(layer.cell.weight_hh.grad, reference.weight_hh.grad * mask)
    same(layer.cell.weight_ih.grad, reference.weight_ih.grad)
    layer.eval()
    same(layer(x, begin)[0], layer.cell(x, begin)[0], atol=0)


@pytest.mark.parametrize("layer", [GRULayer, RNNLayer])
def test_weight_drop_of_library_layers(layer: type[GRULayer | RNNLayer]) -> None:
    dropping = layer(E, H, weight_drop=0.5).double()
    x, begin = window(), drawn(dropping.initial_state(B, CPU, torch.float64))
    torch.manual_seed(6)
    output, after = dropping(x, begin)
    plain = copy.deepcopy(dropping).eval()
    library = next(plain.children())
    same(plain(x, begin)[0], library(x, begin[None])[0], atol=0)
    torch.manual_seed(6)
    with torch.no_grad():
        library.weight_hh_l0.copy_(nn.functional.dropout(library.weight_hh_l0, 0.5))
    expected, expected_after = plain(x, begin)
    same(output, expected)
    same(after, expected_after)


@pytest.mark.parametrize("share", [-0.1, 1.0, math.nan])
def test_weight_drop_must_be_a_share(share: float) -> None:
    for build in (LSTMLayer, GRULayer, RNNLayer):
        with pytest.raises(UserError, match="weight_drop"):
            build(E, H, weight_drop=share)
    with pytest.raises(UserError, match="weight_drop"):
        CellLayer(LSTMCell(E, H), weight_drop=share)


def test_mogrifier_options_are_checked() -> None:
    with pytest.raises(UserError, match=r"model\.layer\.cell\.rounds=-1"):
        MogrifierLSTMCell(E, H, rounds=-1)
    with pytest.raises(UserError, match=r"model\.layer\.cell\.rank=0"):
        MogrifierLSTMCell(E, H, rank=0)


@every_cell
def test_bf16_autocast_is_close_and_keeps_the_state_in_fp32(name: str) -> None:
    layer = make_layer(name)
    x, begin = window().float(), drawn(layer.initial_state(B, CPU, torch.float32))
    expected, _ = layer(x, begin)
    expected.square().sum().backward()
    gradients = {key: parameter.grad for key, parameter in layer.named_parameters()}
    layer.zero_grad()
    with torch.autocast("cpu", torch.bfloat16):
        output, after = layer(x, begin)
        stepped, state = layer.step(x[:, 0], begin)
        traced = layer.trace(x, begin)["output"]
    output.float().square().sum().backward()
    assert all(tensor.dtype == torch.float32 for tensor in state_tensors((after, state)))
    for mine, wanted in [(output, expected), (stepped, expected[:, 0]), (traced, expected)]:
        torch.testing.assert_close(mine.float(), wanted, rtol=0, atol=0.03)
    for key, parameter in layer.named_parameters():
        assert parameter.grad.dtype == torch.float32
        assert (parameter.grad - gradients[key]).norm() <= 0.06 * gradients[key].norm(), key


@every_layer
def test_every_layer_runs_under_autocast(name: str) -> None:
    layer = make_layer(name)
    x, state = window().float(), layer.initial_state(B, CPU, torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        for _ in range(2):
            output, state = layer(x, map_state(Tensor.detach, state))
        layer.step(x[:, 0], state)
    output.float().sum().backward()
    assert output.isfinite().all()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in layer.parameters())


LSTM_PARTS = ["input gate", "forget gate", "candidate", "output gate", "cell state", "output"]
PARTS = dict.fromkeys(LAYERS, LSTM_PARTS) | {
    "coupled": LSTM_PARTS[1:],
    **{name: ["reset gate", "update gate", "candidate", "output"] for name in ("gru", "GRU")},
    **{name: ["output"] for name in ("rnn", "RNN")},
}


@every_layer
def test_trace_tells_what_happens_inside(name: str) -> None:
    layer = make_layer(name).double()
    before = torch.get_rng_state()
    x, begin = window(), drawn(layer.initial_state(B, CPU, torch.float64))
    parts = layer.trace(x, begin)
    assert torch.equal(torch.get_rng_state(), before)
    assert list(parts) == PARTS[name]
    assert all(part.shape == (B, T, H) for part in parts.values())
    same(parts["output"], layer(x, begin)[0])
    for part, values in parts.items():
        if part.endswith("gate"):
            assert bool(((values > 0) & (values < 1)).all())
    if "cell state" in parts:
        earlier = torch.cat([begin.c[:, None], parts["cell state"][:, :-1]], 1)
        taken = parts.get("input gate", 1 - parts["forget gate"])
        same(parts["cell state"], parts["forget gate"] * earlier + taken * parts["candidate"])
    if "update gate" in parts:
        earlier = torch.cat([begin[:, None], parts["output"][:, :-1]], 1)
        z = parts["update gate"]
        same(parts["output"], (1 - z) * parts["candidate"] + z * earlier)


def test_trace_of_a_library_layer_copies_no_parameter() -> None:
    layer = GRULayer(E, H)
    cell = cell_of(layer.gru)
    assert cell.weight_ih is layer.gru.weight_ih_l0 and cell.bias_hh is layer.gru.bias_hh_l0
    layer.trace(window().float(), layer.initial_state(B, CPU, torch.float32))
    assert list(layer.state_dict()) == [f"gru.{key}_l0" for key in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]


STACKED = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
KEYS = {
    "lstm": STACKED,
    "gru": STACKED,
    "rnn": STACKED,
    "coupled": STACKED,
    "peephole": [*STACKED, "weight_ci", "weight_cf", "weight_co"],
    "mogrifier": [*STACKED, *(f"rounds.{number}.weight" for number in range(5))],
    "mogrifier of low rank": [*STACKED, *(f"rounds.{n}.{factor}.weight" for n in range(4) for factor in (0, 1))],
    "layer norm": [
        "weight_ih", "weight_hh", "norm_ih.weight", "norm_ih.bias", "norm_hh.weight", "norm_cell.weight",
        "norm_cell.bias",
    ],
}  # fmt: skip


@every_cell
def test_state_dict_keys_are_pinned(name: str) -> None:
    assert list(make_layer(name).state_dict()) == [f"cell.{key}" for key in KEYS[name]]


@every_layer
def test_layers_copy_and_build_without_memory(name: str) -> None:
    layer = make_layer(name).double()
    twin = copy.deepcopy(layer)
    x, begin = window(), layer.initial_state(B, CPU, torch.float64)
    assert torch.equal(twin(x, begin)[0], layer(x, begin)[0])
    assert all(p is not q for p, q in zip(layer.parameters(), twin.parameters(), strict=True))
    with torch.device("meta"):
        assert all(parameter.is_meta for parameter in make_layer(name).parameters())


@pytest.mark.parametrize(("name", "library"), [("lstm", "LSTM"), ("gru", "GRU"), ("rnn", "RNN")])
def test_a_core_of_cells_equals_one_of_library_layers(name: str, library: str) -> None:
    sizes = [(E, H), (H, H), (H, 4)]
    theirs = Core([make_layer(library, *size) for size in sizes]).double()
    mine = Core([make_layer(name, *size) for size in sizes]).double()
    for cell_layer, layer in zip(mine.layers, theirs.layers, strict=True):
        load_library(cell_layer.cell, getattr(layer, library.lower()))
    x, begin = window(), drawn(theirs.initial_state(B, CPU, torch.float64))
    output, after = mine(x, fill_state(mine.initial_state(B, CPU, torch.float64), state_tensors(begin)))
    expected, expected_after = theirs(x, begin)
    same(output, expected)
    for one, other in zip(state_tensors(after), state_tensors(expected_after), strict=True):
        same(one, other)
