"""The gated recurrent unit."""

import torch
from torch import Tensor

from lstmlab.nn.cells.gated import GatedOutputCell


class GRUCell(GatedOutputCell):
    """Cho et al. 2014, in the library's form: the reset gate is applied after the recurrent product, bias included.

        r, z = σ(W x + b + U h′ + d)        n = tanh(W x + b + r·(U h′ + d))        each with its own rows
        h = (1 − z)·n + z·h′

    W is ``weight_ih``, U ``weight_hh``, in the order r, z, n: a state dict of ``torch.nn.GRUCell`` fits.
    """

    blocks = 3

    def equations(self, from_input: Tensor, state: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        from_input_rz, from_input_n = from_input.tensor_split([2 * self.hidden_size], -1)
        from_h_rz, from_h_n = self.recurrent_products(state).tensor_split([2 * self.hidden_size], -1)
        r, z = torch.sigmoid(from_input_rz + from_h_rz).chunk(2, -1)  # (B, H) each
        n = torch.tanh(from_input_n + r * from_h_n)
        h = (n + z * (state - n)).to(state.dtype)
        return {"reset gate": r, "update gate": z, "candidate": n, "output": h}, h
