"""One position of an LSTM after the other, with weights made ready once: what decoding spends its time on."""

import torch
from torch import Tensor
from torch.nn import functional

from lstmlab.nn.lstm_state import LSTMState
from lstmlab.nn.packed_linear import PackedLinear, intel, packs
from lstmlab.nn.step import Step, step_on

# Up to so many types the input products of all of them are taken at once: from a few hundred positions on that is
# sooner, and with a hundred types from a few dozen.
TABLE_TYPES = 1024


def lstm_step(
    weight_ih: Tensor, weight_hh: Tensor, bias: Tensor, batch_size: int, inputs: Tensor | None = None
) -> Step | None:
    """The step of an LSTM layer, the same values to rounding, for weights that do not change meanwhile; None where
    the library's own step is as good.

    Args:
        weight_ih: (4H, input_size) in the order i, f, g, o, like those that follow.
        weight_hh: (4H, H).
        bias: (4H,), of both products together.
        batch_size: streams that are read side by side, about.
        inputs: all vectors that will be read, (V, input_size); the step then takes their numbers, (B,).
    """
    if inputs is not None and len(inputs) <= TABLE_TYPES and inputs.device.type == "cpu":
        return TableStep(functional.linear(inputs, weight_ih, bias).detach(), weight_hh.detach(), batch_size)
    if batch_size == 1 and intel():
        return None  # for one stream MKL's products are no slower there, and the library's step is one call
    if packs(weight_hh, "_reorder_mkldnn_rnn_layer_weight") and hasattr(torch.ops.aten, "mkldnn_rnn_layer"):
        step = PackedStep(weight_ih.detach(), weight_hh.detach(), bias.detach(), batch_size)
        return step_on(step, None if inputs is None else inputs.detach())
    return None


class TableStep:
    """A layer that reads one of a few vectors, embedded types: its input products are looked up.

    Args:
        table: (V, 4H), input products and biases of each type.
    """

    def __init__(self, table: Tensor, weight_hh: Tensor, batch_size: int) -> None:
        self.table = table
        self.weight_hh = weight_hh
        self.product = PackedLinear(weight_hh, None, batch_size)
        self.no_input = table.new_zeros(1, 1)
        self.no_weight = table.new_zeros(table.shape[1], 1)

    def __call__(self, ids: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState]:
        """Numbers (B,) of types and a state to (B, H) and the next state."""
        from_input = self.table.index_select(0, ids)  # (B, 4H)
        if len(ids) == 1 and intel():  # one call of the library's in place of ten: its input bias is the input product
            h, c = torch.lstm_cell(self.no_input, state, self.no_weight, self.weight_hh, from_input[0])
            return h, LSTMState(h, c)
        size = state.h.shape[1]
        gates = self.product(state.h).add_(from_input)
        i, f = gates[:, : 2 * size].sigmoid_().chunk(2, -1)  # (B, H) each
        g, o = gates[:, 2 * size : 3 * size].tanh_(), gates[:, 3 * size :].sigmoid_()
        c = torch.addcmul(i * g, f, state.c)
        h = o * c.tanh()
        return h, LSTMState(h, c)


class PackedStep:
    """oneDNN's LSTM, which ``nn.LSTM`` calls too, with weights in its layout.

    ``nn.LSTM`` brings them into that layout at each call, which for one position is most of its time.
    """

    def __init__(self, weight_ih: Tensor, weight_hh: Tensor, bias: Tensor, batch_size: int) -> None:
        self.hidden_size = weight_hh.shape[1]
        self.bias, self.no_bias = bias, torch.zeros_like(bias)
        shape = [1, batch_size, weight_ih.shape[1]]
        self.weights = torch.ops.mkldnn._reorder_mkldnn_rnn_layer_weight(
            weight_ih, weight_hh, self.hidden_size, False, True, False, shape
        )

    def __call__(self, x: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState]:
        """(B, input_size) and a state to (B, H) and the next state."""
        lstm = 2  # the mode
        _, h, c, _ = torch.ops.aten.mkldnn_rnn_layer(
            x[None], *self.weights, self.bias, self.no_bias, state.h[None], state.c[None],
            False, [], lstm, self.hidden_size, 1, True, False, False, False,
        )  # fmt: skip
        return h[0], LSTMState(h[0], c[0])
