"""The long short-term memory."""

import torch
from torch import Tensor

from lstmlab.nn.cells.gated import GatedLSTMCell
from lstmlab.nn.cells.lstm_sequence import lstm_sequence
from lstmlab.nn.lstm_state import LSTMState
from lstmlab.nn.lstm_step import lstm_step
from lstmlab.nn.step import Step


class LSTMCell(GatedLSTMCell):
    """Hochreiter & Schmidhuber 1997, with the forget gate of Gers, Schmidhuber & Cummins 2000.

        i, f, o = σ(W x + b + U h′ + d)        g = tanh(W x + b + U h′ + d)        each with its own rows
        c = f·c′ + i·g                         h = o·tanh(c)

    W is ``weight_ih``, U ``weight_hh``, in the order i, f, g, o: a state dict of ``torch.nn.LSTMCell`` fits.
    """

    blocks = 4

    def equations(self, from_input: Tensor, state: LSTMState) -> tuple[dict[str, Tensor], LSTMState]:
        i, f, g, o = (from_input + self.recurrent_products(state.h)).chunk(4, -1)  # (B, H) each
        i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
        c = (f * state.c + i * g).to(state.c.dtype)
        h = (o * torch.tanh(c)).to(state.h.dtype)
        parts = {
            "input gate": i, "forget gate": f, "candidate": g, "output gate": o, "cell state": c, "output": h,
        }  # fmt: skip
        return parts, LSTMState(h, c)

    def forward(self, x: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState]:
        """The same equations over a whole window, and their gradients, written out in ``lstm_sequence``."""
        assert self.bias_ih is not None and self.bias_hh is not None
        return lstm_sequence(x, state, self.weight_ih, self.weight_hh, self.bias_ih + self.bias_hh)

    def prepared(self, batch_size: int, inputs: Tensor | None = None) -> Step:
        if type(self) is not LSTMCell:  # one made from it has other equations
            return super().prepared(batch_size, inputs)
        assert self.bias_ih is not None and self.bias_hh is not None
        step = lstm_step(self.weight_ih, self.weight_hh, self.bias_ih + self.bias_hh, batch_size, inputs)
        return step or super().prepared(batch_size, inputs)
