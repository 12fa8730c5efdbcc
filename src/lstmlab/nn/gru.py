"""The library's GRU as a layer."""

import torch
from torch import nn

from lstmlab.nn.library_layer import OutputStateLayer


class GRULayer(OutputStateLayer):
    """One layer of ``torch.nn.GRU`` (Cho et al. 2014, with the reset gate after the recurrent product)."""

    kind = nn.GRU
    name = "gru"
    window = staticmethod(torch.gru)
    position = staticmethod(torch.gru_cell)
