"""An LSTM whose sums are normalised."""

import torch
from torch import Tensor, nn

from lstmlab.nn.cells.gated import GatedLSTMCell, precise
from lstmlab.nn.lstm_state import LSTMState


class LayerNormLSTMCell(GatedLSTMCell):
    """Ba, Kiros & Hinton 2016, "Layer Normalization", the LSTM of the supplement (equations 20 to 22).

        i, f, o = σ(LN(W x) + LN(U h′) + b)        g = tanh(LN(W x) + LN(U h′) + b)        each with its own rows
        c = f·c′ + i·g                             h = o·tanh(LN(c))

    A normalisation LN takes all 4H sums of a position together. Of the three offsets that are added to each sum there
    (b and two of LN), one is kept, that of ``norm_ih``: their sum is all that counts. The order is i, f, g, o.
    """

    blocks = 4
    biased = False

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.norm_ih = nn.LayerNorm(4 * hidden_size)
        self.norm_hh = nn.LayerNorm(4 * hidden_size, bias=False)
        self.norm_cell = nn.LayerNorm(hidden_size)

    def input_products(self, x: Tensor) -> Tensor:
        return precise(self.norm_ih(super().input_products(x)))

    def recurrent_products(self, h: Tensor) -> Tensor:
        return precise(self.norm_hh(super().recurrent_products(h)))

    def equations(self, from_input: Tensor, state: LSTMState) -> tuple[dict[str, Tensor], LSTMState]:
        i, f, g, o = (from_input + self.recurrent_products(state.h)).chunk(4, -1)  # (B, H) each
        i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
        c = (f * state.c + i * g).to(state.c.dtype)
        h = (o * torch.tanh(precise(self.norm_cell(c)))).to(state.h.dtype)
        parts = {
            "input gate": i, "forget gate": f, "candidate": g, "output gate": o, "cell state": c, "output": h,
        }  # fmt: skip
        return parts, LSTMState(h, c)
