"""What every recurrent layer can do."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from lstmlab.nn.state import State
from lstmlab.nn.step import Step, step_on


class RecurrentLayer(nn.Module, ABC):
    """One recurrent layer. A layer of your own subclasses this and is named by ``model.layer._target_``.

    ``forward`` reads a whole window, ``step`` one position; both give the same values.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size

    @abstractmethod
    def initial_state(self, batch_size: int, device: torch.device, dtype: torch.dtype) -> State:
        """The blank state for ``batch_size`` streams."""

    @abstractmethod
    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, T, input_size) and a state to (B, T, hidden_size) and the state after the last position."""

    @abstractmethod
    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, input_size) and a state to (B, hidden_size) and the next state."""

    def prepared(self, batch_size: int, inputs: Tensor | None = None) -> Step:
        """``step`` for many positions in a row, the same values to rounding, while the weights stay as they are.

        As it stands: ``step`` itself. A layer that can do part of the work once has its own.

        Args:
            batch_size: streams that are read side by side, about.
            inputs: all vectors that will be read, (V, input_size); the step then takes their numbers, (B,).
        """
        return step_on(self.step, inputs)

    def trace(self, x: Tensor, state: State) -> dict[str, Tensor]:
        """What happens inside while (B, T, input_size) are read: gates, cell state, output, (B, T, hidden_size) each.

        As it stands: the output alone.
        """
        return {"output": self(x, state)[0]}
