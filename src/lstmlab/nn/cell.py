"""What every recurrent cell can do: the lowest rung of cell → layer → core."""

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

from lstmlab.nn.state import State
from lstmlab.nn.step import Step, step_on


class Cell(nn.Module, ABC):
    """A recurrence written out from its equations. A cell of your own is named by ``model.layer.cell._target_``.

    What is drawn at random or done to the weights in training belongs to the layer around it.
    """

    recurrent_weights: ClassVar[tuple[str, ...]] = ()  # the parameters that multiply the state: what weight drop drops

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size

    @abstractmethod
    def initial_state(self, batch_size: int, device: torch.device, dtype: torch.dtype) -> State:
        """The blank state for ``batch_size`` streams."""

    @abstractmethod
    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, input_size) and a state to (B, hidden_size) and the next state."""

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, T, input_size) and a state to (B, T, hidden_size) and the state after the last position.

        As it stands: step by step. A cell that can do part of the work for a whole window at once has its own.
        """
        outputs = []
        for position in x.unbind(1):
            output, state = self.step(position, state)
            outputs.append(output)
        return torch.stack(outputs, 1), state

    def prepared(self, batch_size: int, inputs: Tensor | None = None) -> Step:
        """As ``RecurrentLayer.prepared``."""
        return step_on(self.step, inputs)

    def trace(self, x: Tensor, state: State) -> dict[str, Tensor]:
        """What happens inside while (B, T, input_size) are read: gates, cell state, output, (B, T, hidden_size) each.

        As it stands: the output alone.
        """
        return {"output": self(x, state)[0]}
