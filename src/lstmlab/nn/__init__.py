"""The parts of a recurrent network: layers, the core that stacks them, heads. torch only."""

from lstmlab.nn.adaptive_head import AdaptiveHead
from lstmlab.nn.attention import Attention
from lstmlab.nn.cell import Cell
from lstmlab.nn.cell_layer import CellLayer
from lstmlab.nn.chunked_head import ChunkedHead
from lstmlab.nn.core import Core
from lstmlab.nn.dropout import Dropout, TypeDropout
from lstmlab.nn.head import Head, LinearHead
from lstmlab.nn.layer import RecurrentLayer
from lstmlab.nn.lstm import LSTMLayer, LSTMState
from lstmlab.nn.multihead_attention import MultiheadAttention
from lstmlab.nn.state import State, map_state
from lstmlab.nn.transformer import TransformerLayer

__all__ = [
    "AdaptiveHead",
    "Attention",
    "Cell",
    "CellLayer",
    "ChunkedHead",
    "Core",
    "Dropout",
    "Head",
    "LSTMLayer",
    "LSTMState",
    "LinearHead",
    "MultiheadAttention",
    "RecurrentLayer",
    "State",
    "TransformerLayer",
    "TypeDropout",
    "map_state",
]
