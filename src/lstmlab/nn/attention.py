"""What an attention over the core's outputs can do."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from lstmlab.nn.state import State


class Attention(nn.Module, ABC):
    """Attention between the core and the head; named by ``attention._target_``, absent with ``attention=none``.

    Built with ``width``, the core's output size, which is also its own.
    """

    @abstractmethod
    def initial_state(self, batch_size: int, device: torch.device, dtype: torch.dtype) -> State:
        """The empty memory for ``batch_size`` streams."""

    @abstractmethod
    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, T, H) to (B, T, H), no position seeing a later one."""

    @abstractmethod
    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, H) to (B, H): ``forward`` for one position."""
