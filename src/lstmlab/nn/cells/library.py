"""Between the library's layers and the written-out cells."""

import torch
from torch import nn

from lstmlab.nn.cells.gated import GatedCell
from lstmlab.nn.cells.gru import GRUCell
from lstmlab.nn.cells.lstm import LSTMCell
from lstmlab.nn.cells.rnn import RNNCell

_NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
_CELLS: dict[str, type[GatedCell]] = {"LSTM": LSTMCell, "GRU": GRUCell, "RNN_TANH": RNNCell}


def cell_of(library: nn.RNNBase) -> GatedCell:
    """The written-out cell over the very parameters of a library layer, none of them copied."""
    with torch.device("meta"):  # its own are thrown away at once: they cost neither memory nor random numbers
        cell = _CELLS[library.mode](library.input_size, library.hidden_size)
    for name in _NAMES:
        setattr(cell, name, getattr(library, f"{name}_l0"))
    return cell


@torch.no_grad()
def load_library(cell: GatedCell, library: nn.RNNBase) -> None:
    """Copy the weights of the first layer of an ``nn.LSTM``, ``nn.GRU`` or ``nn.RNN`` into a cell of the same form."""
    for name in _NAMES:
        cell.get_parameter(name).copy_(getattr(library, f"{name}_l0"))
