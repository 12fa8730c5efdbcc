"""An LSTM whose input and output gate each other before they meet."""

import torch
from torch import Tensor, nn

from lstmlab.errors import UserError
from lstmlab.nn.cell import Cell
from lstmlab.nn.cells.gated import precise
from lstmlab.nn.cells.lstm import LSTMCell
from lstmlab.nn.lstm_state import LSTMState


class MogrifierLSTMCell(LSTMCell):
    """Melis, Kočiský & Blunsom 2020, "Mogrifier LSTM", equations 1 to 4.

    Round i = 1, …, ``rounds`` changes x where i is odd, h′ where it is even:

        x ← 2σ(Q_i h′)·x        h′ ← 2σ(R_i x)·h′

    and the LSTM reads what they have become. x waits for h′ here, so no input product is taken before its turn.

    Args:
        rounds: how often; 0: the LSTM.
        rank: Q_i and R_i are products of two matrices with so many rows or columns between them; null: of full rank.
    """

    def __init__(self, input_size: int, hidden_size: int, rounds: int = 5, rank: int | None = None) -> None:
        super().__init__(input_size, hidden_size)
        if rounds < 0:
            raise UserError(f"model.layer.cell.rounds={rounds} must be 0 or more.")
        if rank is not None and rank < 1:
            raise UserError(f"model.layer.cell.rank={rank} must be 1 or more, or null for full rank.")
        sizes = [(hidden_size, input_size), (input_size, hidden_size)]
        self.rounds = nn.ModuleList(_matrix(*sizes[number % 2], rank) for number in range(rounds))  # Q_1, R_2, Q_3, …

    def read(self, x: Tensor, state: LSTMState) -> tuple[dict[str, Tensor], LSTMState]:
        h = state.h
        for number, matrix in enumerate(self.rounds):
            if number % 2:
                h = (2 * torch.sigmoid(precise(matrix(x))) * h).to(h.dtype)
            else:
                x = (2 * torch.sigmoid(precise(matrix(h))) * x).to(x.dtype)
        return super().read(x, LSTMState(h, state.c))

    def forward(self, x: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState]:
        after: tuple[Tensor, LSTMState] = Cell.forward(self, x, state)  # step by step
        return after


def _matrix(from_size: int, to_size: int, rank: int | None) -> nn.Module:
    if rank is None:
        return nn.Linear(from_size, to_size, bias=False)
    return nn.Sequential(nn.Linear(from_size, rank, bias=False), nn.Linear(rank, to_size, bias=False))
