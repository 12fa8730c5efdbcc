"""The library's LSTM as a layer."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from lstmlab.nn.layer import RecurrentLayer


class LSTMState(NamedTuple):
    """What an LSTM layer carries."""

    h: Tensor  # (B, H) output
    c: Tensor  # (B, H) cell


class LSTMLayer(RecurrentLayer):
    """One layer of ``torch.nn.LSTM`` (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000)."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.lstm = nn.LSTM(input_size, hidden_size, batch_first=True)

    def initial_state(self, batch_size: int, device: torch.device, dtype: torch.dtype) -> LSTMState:
        zeros = torch.zeros(batch_size, self.hidden_size, device=device, dtype=dtype)
        return LSTMState(zeros, zeros)

    def forward(self, x: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState]:
        output, (h, c) = self.lstm(x, (state.h[None], state.c[None]))  # (B, T, H), (1, B, H) each
        return output, LSTMState(h[0], c[0])

    def step(self, x: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState]:
        # Not nn.LSTM with T = 1: on a CPU that re-orders the weights at every call, 3 to 8 times the time.
        h, c = torch.lstm_cell(x, (state.h, state.c), *self.lstm.all_weights[0])
        return h, LSTMState(h, c)
