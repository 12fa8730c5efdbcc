"""The library's LSTM as a layer."""

import torch
from torch import Tensor, nn

from lstmlab.nn.library_layer import LibraryLayer
from lstmlab.nn.lstm_state import LSTMState
from lstmlab.nn.lstm_step import lstm_step
from lstmlab.nn.step import Step


class LSTMLayer(LibraryLayer):
    """One layer of ``torch.nn.LSTM`` (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000)."""

    kind = nn.LSTM
    name = "lstm"

    def initial_state(self, batch_size: int, device: torch.device, dtype: torch.dtype) -> LSTMState:
        zeros = torch.zeros(batch_size, self.hidden_size, device=device, dtype=dtype)
        return LSTMState(zeros, zeros)

    def forward(self, x: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState]:
        before, weights = (state.h[None], state.c[None]), self.dropped_weights()  # (1, B, H) each
        if weights is None:
            output, (h, c) = self.library(x, before)  # (B, T, H), (1, B, H) each
        else:
            output, h, c = torch.lstm(x, before, weights, True, 1, 0.0, True, False, True)
        return output, LSTMState(h[0], c[0])

    def step(self, x: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState]:
        # Not nn.LSTM with T = 1: on a CPU that re-orders the weights at every call, 3 to 8 times the time.
        h, c = torch.lstm_cell(x, (state.h, state.c), *self.library.all_weights[0])
        return h, LSTMState(h, c)

    def prepared(self, batch_size: int, inputs: Tensor | None = None) -> Step:
        if type(self).step is not LSTMLayer.step:  # a class of the user's steps otherwise
            return super().prepared(batch_size, inputs)
        w_x, w_h, b_x, b_h = self.library.all_weights[0]
        step = lstm_step(w_x, w_h, b_x + b_h, batch_size, inputs)
        return step or super().prepared(batch_size, inputs)
