"""What the written-out cells share: the weights of all gates stacked in two matrices."""

from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from lstmlab.nn.cell import Cell
from lstmlab.nn.lstm_state import LSTMState
from lstmlab.nn.state import State


def precise(x: Tensor) -> Tensor:
    """In fp32 at least: what a 16-bit product gave is summed and squashed in fp32."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


class GatedCell(Cell):
    """A cell whose gates are blocks of one input product and one recurrent product.

    A cell says how many blocks it has and writes ``equations``. The input products do not wait for the recurrence, so
    ``forward`` takes those of a whole window at once. Names of the parameters and their initialisation,
    U(−1/√H, 1/√H), are those of the library's cells.

    Under autocast the products are in its type, everything else in fp32. The state keeps the type it came with, so a
    cell state in fp32 loses nothing from window to window.
    """

    blocks: ClassVar[int]
    biased: ClassVar[bool] = True
    recurrent_weights = ("weight_hh",)

    bias_ih: nn.Parameter | None
    bias_hh: nn.Parameter | None

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        rows = self.blocks * hidden_size
        self.weight_ih = nn.Parameter(torch.empty(rows, input_size))
        self.weight_hh = nn.Parameter(torch.empty(rows, hidden_size))
        self.register_parameter("bias_ih", nn.Parameter(torch.empty(rows)) if self.biased else None)
        self.register_parameter("bias_hh", nn.Parameter(torch.empty(rows)) if self.biased else None)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(hidden_size**-0.5), hidden_size**-0.5)

    @abstractmethod
    def equations(self, from_input: Tensor, state: State) -> tuple[dict[str, Tensor], State]:
        """One position: what the input gives to all gates, (B, blocks · H), and the state before it.

        Returns everything that has a name, (B, H) each, ``output`` among it, and the state after it.
        """

    def read(self, x: Tensor, state: State) -> tuple[dict[str, Tensor], State]:
        """``equations`` for one position of the input itself, (B, input_size)."""
        return self.equations(self.input_products(x), state)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        parts, state = self.read(x, state)
        return parts["output"], state

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        outputs = []
        for from_input in self.input_products(x).unbind(1):  # (B, blocks · H)
            parts, state = self.equations(from_input, state)
            outputs.append(parts["output"])
        return torch.stack(outputs, 1), state

    def trace(self, x: Tensor, state: State) -> dict[str, Tensor]:
        positions = []
        for position in x.unbind(1):
            parts, state = self.read(position, state)
            positions.append(parts)
        return {name: torch.stack([parts[name] for parts in positions], 1) for name in positions[0]}

    def input_products(self, x: Tensor) -> Tensor:
        """(..., input_size) to (..., blocks · H)."""
        return precise(functional.linear(x, self.weight_ih, self.bias_ih))

    def recurrent_products(self, h: Tensor) -> Tensor:
        """(B, H) to (B, blocks · H)."""
        return precise(functional.linear(h, self.weight_hh, self.bias_hh))


class GatedLSTMCell(GatedCell):
    """A gated cell with an output and a cell state."""

    def initial_state(self, batch_size: int, device: torch.device, dtype: torch.dtype) -> LSTMState:
        zeros = torch.zeros(batch_size, self.hidden_size, device=device, dtype=dtype)
        return LSTMState(zeros, zeros)


class GatedOutputCell(GatedCell):
    """A gated cell whose output is all its state."""

    def initial_state(self, batch_size: int, device: torch.device, dtype: torch.dtype) -> Tensor:
        return torch.zeros(batch_size, self.hidden_size, device=device, dtype=dtype)
