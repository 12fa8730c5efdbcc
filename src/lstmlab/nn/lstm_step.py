"""One position of an LSTM after the other, with weights made ready once: what decoding spends its time on."""

import torch
from torch import Tensor
from torch.nn import functional

from lstmlab.nn.lstm_state import LSTMState
from lstmlab.nn.packed_linear import PackedLinear

# Up to so many types the input products of all of them are taken at once: from a hundred positions on that is sooner.
TABLE_TYPES = 1024


class LSTMStep:
    """The step of an LSTM layer, the same values to rounding, for weights that do not change meanwhile.

    Input and recurrent products are one matrix; where the layer reads one of a few vectors, embedded types, the input
    products are a table. The gates lie in the order i, f, o, g, so that one call squashes three of them.

    Args:
        weight_ih: (4H, input_size) in the order i, f, g, o, like those that follow.
        weight_hh: (4H, H).
        bias: (4H,), of both products together.
        batch_size: streams that are read side by side, about.
        inputs: all vectors that will be read, (V, input_size); a call then takes their numbers, (B,).
    """

    def __init__(
        self, weight_ih: Tensor, weight_hh: Tensor, bias: Tensor, batch_size: int, inputs: Tensor | None = None
    ) -> None:
        weight_ih, weight_hh, bias = (_sigmoids_first(weights.detach()) for weights in (weight_ih, weight_hh, bias))
        self.hidden_size = weight_hh.shape[1]
        self.inputs = None if inputs is None else inputs.detach()
        self.table: Tensor | None = None
        if self.inputs is not None and len(self.inputs) <= TABLE_TYPES:
            self.table = functional.linear(self.inputs, weight_ih, bias)  # (V, 4H)
            self.product = PackedLinear(weight_hh, None, batch_size)
        else:
            self.product = PackedLinear(torch.cat([weight_ih, weight_hh], 1), bias, batch_size)

    def __call__(self, x: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState]:
        """(B, input_size), or numbers (B,) of ``inputs``, and a state to (B, H) and the next state."""
        if self.table is not None:
            gates = self.product(state.h).add_(self.table.index_select(0, x))  # (B, 4H)
        else:
            vectors = x if self.inputs is None else self.inputs.index_select(0, x)
            gates = self.product(torch.cat([vectors, state.h], -1))
        i, f, o = gates[:, : 3 * self.hidden_size].sigmoid_().chunk(3, -1)  # (B, H) each
        g = gates[:, 3 * self.hidden_size :].tanh_()
        c = torch.addcmul(i * g, f, state.c)
        h = o * c.tanh()
        return h, LSTMState(h, c)


def _sigmoids_first(weights: Tensor) -> Tensor:
    i, f, g, o = weights.chunk(4)
    return torch.cat([i, f, o, g])
