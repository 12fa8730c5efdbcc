"""An LSTM that forgets as much as it takes in."""

import torch
from torch import Tensor

from lstmlab.nn.cells.gated import GatedLSTMCell
from lstmlab.nn.lstm_state import LSTMState


class CoupledLSTMCell(GatedLSTMCell):
    """One gate in the place of input and forget gate (CIFG in Greff et al. 2017, "LSTM: A Search Space Odyssey").

        g, o = σ(W x + b + U h′ + d)        c̃ = tanh(W x + b + U h′ + d)        each with its own rows
        c = g·c′ + (1 − g)·c̃                h = o·tanh(c)

    The rows are in the order g, c̃, o.
    """

    blocks = 3

    def equations(self, from_input: Tensor, state: LSTMState) -> tuple[dict[str, Tensor], LSTMState]:
        g, candidate, o = (from_input + self.recurrent_products(state.h)).chunk(3, -1)  # (B, H) each
        g, candidate, o = torch.sigmoid(g), torch.tanh(candidate), torch.sigmoid(o)
        c = (g * state.c + (1 - g) * candidate).to(state.c.dtype)
        h = (o * torch.tanh(c)).to(state.h.dtype)
        parts = {"forget gate": g, "candidate": candidate, "output gate": o, "cell state": c, "output": h}
        return parts, LSTMState(h, c)
