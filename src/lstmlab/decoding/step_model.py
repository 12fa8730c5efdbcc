"""What decoding asks of a model."""

from typing import Protocol

import torch
from torch import Tensor

from lstmlab.nn import State


class StepModel(Protocol):
    """A distribution over the next id, read step by step; ``lstmlab.models.Stepper`` is one.

    Every tensor of a state has the streams as its first dimension.
    """

    @property
    def device(self) -> torch.device: ...

    def initial_state(self, batch_size: int) -> State:
        """The blank state for ``batch_size`` streams."""

    def read(self, ids: Tensor, state: State) -> State:
        """Ids (B, T) and the state before them to the state after them."""

    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Ids (B,) and the state before them to logits (B, V) and the state after them."""
