"""An LSTM whose gates see the cell state."""

import torch
from torch import Tensor, nn

from lstmlab.nn.cells.gated import GatedLSTMCell
from lstmlab.nn.lstm_state import LSTMState


class PeepholeLSTMCell(GatedLSTMCell):
    """Gers & Schmidhuber 2000, "Recurrent nets that time and count".

        i, f = σ(W x + b + U h′ + d + p·c′)        g = tanh(W x + b + U h′ + d)        each with its own rows
        c = f·c′ + i·g
        o = σ(W x + b + U h′ + d + p·c)            h = o·tanh(c)

    The peephole weights p are diagonal: ``weight_ci``, ``weight_cf``, ``weight_co``, (H,) each; the rows
    are in the order i, f, g, o.
    """

    blocks = 4

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        bound = hidden_size**-0.5
        self.weight_ci = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.weight_cf = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.weight_co = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def equations(self, from_input: Tensor, state: LSTMState) -> tuple[dict[str, Tensor], LSTMState]:
        i, f, g, o = (from_input + self.recurrent_products(state.h)).chunk(4, -1)  # (B, H) each
        i, f = torch.sigmoid(i + self.weight_ci * state.c), torch.sigmoid(f + self.weight_cf * state.c)
        g = torch.tanh(g)
        c = (f * state.c + i * g).to(state.c.dtype)
        o = torch.sigmoid(o + self.weight_co * c)
        h = (o * torch.tanh(c)).to(state.h.dtype)
        parts = {
            "input gate": i, "forget gate": f, "candidate": g, "output gate": o, "cell state": c, "output": h,
        }  # fmt: skip
        return parts, LSTMState(h, c)
