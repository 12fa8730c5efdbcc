"""The library's simple recurrent network as a layer."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from lstmlab.nn.cells.library import cell_of
from lstmlab.nn.layer import RecurrentLayer
from lstmlab.nn.weight_drop import check_weight_drop


class RNNLayer(RecurrentLayer):
    """One layer of ``torch.nn.RNN`` with tanh (Elman 1990).

    Args:
        weight_drop: share of the recurrent matrix that is dropped in training, one mask a window (DropConnect on the
            hidden-to-hidden weights, Merity et al. 2017, section 3).
    """

    def __init__(self, input_size: int, hidden_size: int, weight_drop: float = 0.0) -> None:
        super().__init__(input_size, hidden_size)
        check_weight_drop(weight_drop)
        self.weight_drop = weight_drop
        self.rnn = nn.RNN(input_size, hidden_size, batch_first=True)

    def initial_state(self, batch_size: int, device: torch.device, dtype: torch.dtype) -> Tensor:
        return torch.zeros(batch_size, self.hidden_size, device=device, dtype=dtype)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        if not (self.training and self.weight_drop):
            output, h = self.rnn(x, state[None])  # (B, T, H), (1, B, H)
            return output, h[0]
        w_x, w_h, b_x, b_h = self.rnn.all_weights[0]
        weights = [w_x, functional.dropout(w_h, self.weight_drop), b_x, b_h]
        output, h = torch.rnn_tanh(x, state[None], weights, True, 1, 0.0, True, False, True)
        return output, h[0]

    def step(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        h = torch.rnn_tanh_cell(x, state, *self.rnn.all_weights[0])
        return h, h

    def trace(self, x: Tensor, state: Tensor) -> dict[str, Tensor]:
        return cell_of(self.rnn).trace(x, state)
