"""The library's simple recurrent network as a layer."""

import torch
from torch import nn

from lstmlab.nn.library_layer import OutputStateLayer


class RNNLayer(OutputStateLayer):
    """One layer of ``torch.nn.RNN`` with tanh (Elman 1990)."""

    kind = nn.RNN
    name = "rnn"
    window = staticmethod(torch.rnn_tanh)
    position = staticmethod(torch.rnn_tanh_cell)
