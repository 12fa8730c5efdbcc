"""What the library's recurrent networks have in common as layers."""

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from lstmlab.nn.cells.library import cell_of
from lstmlab.nn.layer import RecurrentLayer
from lstmlab.nn.state import State
from lstmlab.nn.weight_drop import check_weight_drop


class LibraryLayer(RecurrentLayer):
    """One layer of a recurrent network of ``torch.nn``, which is this module's child ``name``.

    Args:
        weight_drop: share of the recurrent matrix that is dropped in training, one mask a window (DropConnect on the
            hidden-to-hidden weights, Merity et al. 2017, section 3).
    """

    kind: ClassVar[Callable[..., nn.RNNBase]]
    name: ClassVar[str]

    def __init__(self, input_size: int, hidden_size: int, weight_drop: float = 0.0) -> None:
        super().__init__(input_size, hidden_size)
        check_weight_drop(weight_drop)
        self.weight_drop = weight_drop
        self.add_module(self.name, self.kind(input_size, hidden_size, batch_first=True))

    @property
    def library(self) -> Any:  # nn.RNNBase, whose call and weights are untyped
        return getattr(self, self.name)

    def dropped_weights(self) -> list[Tensor] | None:
        """The weights of one window, some of the recurrent matrix dropped; None where nothing is.

        For the library's function in place of its module: the fused path stays, and no parameter is swapped.
        """
        if not (self.training and self.weight_drop):
            return None
        w_x, w_h, b_x, b_h = self.library.all_weights[0]
        return [w_x, functional.dropout(w_h, self.weight_drop), b_x, b_h]

    def trace(self, x: Tensor, state: State) -> dict[str, Tensor]:
        return cell_of(self.library).trace(x, state)


class OutputStateLayer(LibraryLayer):
    """A library layer whose output is all its state."""

    window: ClassVar[Callable[..., tuple[Tensor, Tensor]]]
    position: ClassVar[Callable[..., Tensor]]

    def initial_state(self, batch_size: int, device: torch.device, dtype: torch.dtype) -> Tensor:
        return torch.zeros(batch_size, self.hidden_size, device=device, dtype=dtype)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        weights = self.dropped_weights()
        if weights is None:
            output, h = self.library(x, state[None])  # (B, T, H), (1, B, H)
        else:
            output, h = self.window(x, state[None], weights, True, 1, 0.0, True, False, True)
        return output, h[0]

    def step(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        h = self.position(x, state, *self.library.all_weights[0])
        return h, h
