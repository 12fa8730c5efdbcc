"""The parts of a network: cells, layers, the core that stacks them, attention, dropout, heads. torch only."""

from lstmlab.nn.adaptive_head import AdaptiveHead
from lstmlab.nn.attention import Attention
from lstmlab.nn.cell import Cell
from lstmlab.nn.cell_layer import CellLayer
from lstmlab.nn.cells.coupled import CoupledLSTMCell
from lstmlab.nn.cells.gru import GRUCell
from lstmlab.nn.cells.layer_norm import LayerNormLSTMCell
from lstmlab.nn.cells.library import load_library
from lstmlab.nn.cells.lstm import LSTMCell
from lstmlab.nn.cells.mogrifier import MogrifierLSTMCell
from lstmlab.nn.cells.peephole import PeepholeLSTMCell
from lstmlab.nn.cells.rnn import RNNCell
from lstmlab.nn.chunked_head import ChunkedHead
from lstmlab.nn.core import Core
from lstmlab.nn.dropout import Dropout, TypeDropout
from lstmlab.nn.gru import GRULayer
from lstmlab.nn.head import Head, LinearHead
from lstmlab.nn.layer import RecurrentLayer
from lstmlab.nn.lstm import LSTMLayer
from lstmlab.nn.lstm_state import LSTMState
from lstmlab.nn.multihead_attention import MultiheadAttention
from lstmlab.nn.rnn import RNNLayer
from lstmlab.nn.state import State, cat_states, map_state, select_state
from lstmlab.nn.step import Step
from lstmlab.nn.transformer import TransformerLayer

__all__ = [
    "AdaptiveHead",
    "Attention",
    "Cell",
    "CellLayer",
    "ChunkedHead",
    "Core",
    "CoupledLSTMCell",
    "Dropout",
    "GRUCell",
    "GRULayer",
    "Head",
    "LSTMCell",
    "LSTMLayer",
    "LSTMState",
    "LayerNormLSTMCell",
    "LinearHead",
    "MogrifierLSTMCell",
    "MultiheadAttention",
    "PeepholeLSTMCell",
    "RNNCell",
    "RNNLayer",
    "RecurrentLayer",
    "State",
    "Step",
    "TransformerLayer",
    "TypeDropout",
    "cat_states",
    "load_library",
    "map_state",
    "select_state",
]
