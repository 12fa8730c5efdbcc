"""Steps that were made ready for decoding against the steps they stand for."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from lstmlab.conf_path import conf_directory
from lstmlab.models import LanguageModel, Stepper
from lstmlab.nn import (
    AdaptiveHead,
    CellLayer,
    ChunkedHead,
    Head,
    LinearHead,
    LSTMCell,
    LSTMLayer,
    LSTMState,
    RecurrentLayer,
    cat_states,
    select_state,
)
from lstmlab.nn.lstm_step import TABLE_TYPES, PackedStep, TableStep
from lstmlab.nn.packed_linear import PackedLinear
from lstmlab.nn.state import state_tensors

KINDS = sorted(path.stem for path in (conf_directory() / "model").glob("[!_]*.yaml"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [[], ["attention=multihead"], ["model.output_norm=true", "model.dropout=0.4"]])
def test_every_model_steps_as_it_does_unprepared(
    model_of_kind: Callable[..., LanguageModel], kind: str, options: list[str]
) -> None:
    if kind == "transformer" and "model.output_norm=true" in options:
        options = ["model.dropout=0.4"]
    model = model_of_kind(kind, *options).float()
    stepper = Stepper(model, 3)
    state = prepared = model.initial_state(3)
    with torch.no_grad():
        for ids in torch.randint(0, 6, (7, 3)):
            hidden, state = model.step(ids, state)
            logits, prepared = stepper.step(ids, prepared)
            torch.testing.assert_close(logits, model.head.logits(hidden), rtol=1e-4, atol=1e-4)
    for one, other in zip(state_tensors(state), state_tensors(prepared), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("layer", [LSTMLayer(3, 32), CellLayer(LSTMCell(3, 32))], ids=["library", "scratch"])
@pytest.mark.parametrize("batch_size", [1, 5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_lstm_steps_by_table_packed_and_plain(
    layer: RecurrentLayer, batch_size: int, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few types and many, on processors of either make, for the number of streams that was said and another."""
    torch.manual_seed(0)
    layer = copy.deepcopy(layer).to(dtype)
    tolerance = 1e-12 if dtype == torch.float64 else 1e-5
    for intel in (True, False):
        for module in ("lstm_step", "packed_linear"):
            monkeypatch.setattr(f"lstmlab.nn.{module}.intel", lambda intel=intel: intel)
        for types in (7, TABLE_TYPES + 1):
            vectors = torch.randn(types, 3, dtype=dtype)
            on_types, on_vectors = layer.prepared(batch_size, vectors), layer.prepared(batch_size)
            assert isinstance(on_types, TableStep) == (types == 7)
            packed = dtype == torch.float32 and not (intel and batch_size == 1)
            assert isinstance(on_vectors, PackedStep) == packed
            for streams in (batch_size, 3):
                state = LSTMState(*torch.randn(2, streams, 32, dtype=dtype).unbind())
                ids = torch.randint(0, types, (streams,))
                with torch.no_grad():
                    expected = layer.step(vectors[ids], state)
                    for found in (on_types(ids, state), on_vectors(vectors[ids], state)):
                        torch.testing.assert_close(found, expected, rtol=0, atol=tolerance)


def test_a_users_step_is_not_passed_over() -> None:
    class Still(LSTMLayer):
        def step(self, x: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState]:
            return state.h, state

    class Loud(LinearHead):
        def logits(self, hidden: Tensor) -> Tensor:
            return super().logits(hidden) + 1

    state = LSTMState(torch.ones(1, 2), torch.ones(1, 2))
    assert torch.equal(Still(3, 2).prepared(1)(torch.randn(1, 3), state)[0], state.h)
    head, hidden = Loud(2, 4), torch.randn(1, 2)
    assert torch.equal(head.prepared(1)(hidden), head.logits(hidden))


@pytest.mark.parametrize("batch_size", [1, 5])
@pytest.mark.parametrize(
    "head",
    [LinearHead(8, 50), ChunkedHead(8, 50), AdaptiveHead(8, 50, cutoffs=[10, 30])],
    ids=lambda h: type(h).__name__,
)
def test_heads(head: Head, batch_size: int) -> None:
    hidden = torch.randn(batch_size, 8)
    torch.testing.assert_close(head.prepared(batch_size)(hidden), head.logits(hidden), rtol=1e-5, atol=1e-5)


def test_a_packed_product_is_the_product_whatever_the_number_of_vectors() -> None:
    torch.manual_seed(0)
    linear = nn.Linear(37, 23)
    for expected in (1, 64):
        packed = PackedLinear(linear.weight, linear.bias, expected)
        for count in (1, 2, 17, 64):
            x = torch.randn(count, 37)
            torch.testing.assert_close(packed(x), linear(x).detach(), rtol=1e-5, atol=1e-5)


def test_states_are_selected_and_joined_by_stream() -> None:
    one = (LSTMState(torch.arange(6.0).view(3, 2), torch.arange(3.0)), torch.tensor([7, 8, 9]))
    chosen = select_state(one, torch.tensor([2, 0, 0]))
    assert chosen[0].h.tolist() == [[4, 5], [0, 1], [0, 1]]
    assert chosen[1].tolist() == [9, 7, 7]
    joined = cat_states([chosen, one])
    assert isinstance(joined[0], LSTMState)
    assert joined[0].c.tolist() == [2, 0, 0, 0, 1, 2]
