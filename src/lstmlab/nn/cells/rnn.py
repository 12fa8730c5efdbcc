"""The simple recurrent network."""

import torch
from torch import Tensor

from lstmlab.nn.cells.gated import GatedOutputCell


class RNNCell(GatedOutputCell):
    """Elman 1990: h = tanh(W x + b + U h′ + d). A state dict of ``torch.nn.RNNCell`` fits."""

    blocks = 1

    def equations(self, from_input: Tensor, state: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        h = torch.tanh(from_input + self.recurrent_products(state)).to(state.dtype)
        return {"output": h}, h
