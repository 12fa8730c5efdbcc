"""The library's LSTM as a layer."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from lstmlab.nn.cells.library import cell_of
from lstmlab.nn.layer import RecurrentLayer
from lstmlab.nn.lstm_state import LSTMState
from lstmlab.nn.weight_drop import check_weight_drop


class LSTMLayer(RecurrentLayer):
    """One layer of ``torch.nn.LSTM`` (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000).

    Args:
        weight_drop: share of the recurrent matrix that is dropped in training, one mask a window (DropConnect on the
            hidden-to-hidden weights, Merity et al. 2017, section 3).
    """

    def __init__(self, input_size: int, hidden_size: int, weight_drop: float = 0.0) -> None:
        super().__init__(input_size, hidden_size)
        check_weight_drop(weight_drop)
        self.weight_drop = weight_drop
        self.lstm = nn.LSTM(input_size, hidden_size, batch_first=True)

    def initial_state(self, batch_size: int, device: torch.device, dtype: torch.dtype) -> LSTMState:
        zeros = torch.zeros(batch_size, self.hidden_size, device=device, dtype=dtype)
        return LSTMState(zeros, zeros)

    def forward(self, x: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState]:
        before = (state.h[None], state.c[None])  # (1, B, H) each
        if not (self.training and self.weight_drop):
            output, (h, c) = self.lstm(x, before)  # (B, T, H), (1, B, H) each
            return output, LSTMState(h[0], c[0])
        w_x, w_h, b_x, b_h = self.lstm.all_weights[0]
        # The library's function with the dropped matrix in its place: the fused path stays, no parameter is swapped.
        weights = [w_x, functional.dropout(w_h, self.weight_drop), b_x, b_h]
        output, h, c = torch.lstm(x, before, weights, True, 1, 0.0, True, False, True)
        return output, LSTMState(h[0], c[0])

    def step(self, x: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState]:
        # Not nn.LSTM with T = 1: on a CPU that re-orders the weights at every call, 3 to 8 times the time.
        h, c = torch.lstm_cell(x, (state.h, state.c), *self.lstm.all_weights[0])
        return h, LSTMState(h, c)

    def trace(self, x: Tensor, state: LSTMState) -> dict[str, Tensor]:
        return cell_of(self.lstm).trace(x, state)
