"""The core: recurrent layers on top of each other."""

import torch
from torch import Tensor, nn

from lstmlab.nn.dropout import Dropout
from lstmlab.nn.layer import RecurrentLayer
from lstmlab.nn.state import State
from lstmlab.nn.step import Step


class Core(nn.Module):
    """Layers, each reading the outputs of the one below, with dropout between them (Zaremba et al. 2014).

    Args:
        locked: one dropout mask a window and stream in place of one a position.
        norm: a layer norm behind the last layer.
    """

    def __init__(
        self, layers: list[RecurrentLayer], dropout: float = 0.0, *, locked: bool = False, norm: bool = False
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.dropout = Dropout(dropout, locked=locked)
        self.norm = nn.LayerNorm(layers[-1].hidden_size) if norm else nn.Identity()

    @property
    def output_size(self) -> int:
        return self._layers()[-1].hidden_size

    def initial_state(self, batch_size: int, device: torch.device, dtype: torch.dtype) -> tuple[State, ...]:
        """The blank states of all layers."""
        return tuple(layer.initial_state(batch_size, device, dtype) for layer in self._layers())

    def forward(self, x: Tensor, states: tuple[State, ...]) -> tuple[Tensor, tuple[State, ...]]:
        """(B, T, E) to the last layer's outputs, (B, T, H)."""
        after = []
        for index, (layer, state) in enumerate(zip(self._layers(), states, strict=True)):
            x, state = layer(self.dropout(x) if index else x, state)  # (B, T, H)
            after.append(state)
        return self.norm(x), tuple(after)

    def step(self, x: Tensor, states: tuple[State, ...]) -> tuple[Tensor, tuple[State, ...]]:
        """(B, E) to (B, H): ``forward`` for one position."""
        after = []
        for index, (layer, state) in enumerate(zip(self._layers(), states, strict=True)):
            x, state = layer.step(self.dropout(x) if index else x, state)  # (B, H)
            after.append(state)
        return self.norm(x), tuple(after)

    def prepared(self, batch_size: int, inputs: Tensor) -> Step:
        """``step`` without dropout for many positions in a row, while the weights stay as they are.

        Args:
            batch_size: streams that are read side by side, about.
            inputs: (V, E), the vectors that will be read; the step takes their numbers, (B,).
        """
        first, *others = self._layers()
        steps = [first.prepared(batch_size, inputs), *(layer.prepared(batch_size) for layer in others)]

        def step(x: Tensor, states: tuple[State, ...]) -> tuple[Tensor, tuple[State, ...]]:
            after = []
            for layer_step, state in zip(steps, states, strict=True):
                x, state = layer_step(x, state)  # (B, H)
                after.append(state)
            return self.norm(x), tuple(after)

        return step

    def _layers(self) -> list[RecurrentLayer]:
        return list(self.layers)  # type: ignore[arg-type]  # a ModuleList forgets what it holds
