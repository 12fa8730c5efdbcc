"""A cell as a layer: what training does to a recurrence is added here, once for all cells."""

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional

from lstmlab.errors import UserError
from lstmlab.nn.cell import Cell
from lstmlab.nn.layer import RecurrentLayer
from lstmlab.nn.state import State
from lstmlab.nn.step import Step
from lstmlab.nn.weight_drop import check_weight_drop


class CellLayer(RecurrentLayer):
    """A hand-written cell in the place of a library's layer.

    Args:
        weight_drop: share of the recurrent matrices that is dropped in training, one mask a window (DropConnect on the
            hidden-to-hidden weights, Merity et al. 2017, section 3).
    """

    def __init__(self, cell: Cell, weight_drop: float = 0.0) -> None:
        super().__init__(cell.input_size, cell.hidden_size)
        check_weight_drop(weight_drop)
        if weight_drop and not cell.recurrent_weights:
            raise UserError(
                f"model.layer.weight_drop={weight_drop}: {type(cell).__qualname__} names no recurrent_weights to drop."
            )
        self.cell = cell
        self.weight_drop = weight_drop

    def initial_state(self, batch_size: int, device: torch.device, dtype: torch.dtype) -> State:
        return self.cell.initial_state(batch_size, device, dtype)

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        if not (self.training and self.weight_drop):
            after: tuple[Tensor, State] = self.cell(x, state)
            return after
        # One mask a window, and no parameter is swapped: the cell is called with other weights.
        dropped = {
            name: functional.dropout(self.cell.get_parameter(name), self.weight_drop)
            for name in self.cell.recurrent_weights
        }
        after = functional_call(self.cell, dropped, (x, state))
        return after

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        return self.cell.step(x, state)

    def prepared(self, batch_size: int, inputs: Tensor | None = None) -> Step:
        return self.cell.prepared(batch_size, inputs)

    def trace(self, x: Tensor, state: State) -> dict[str, Tensor]:
        return self.cell.trace(x, state)
