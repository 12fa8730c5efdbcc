"""What every kind of LSTM carries from position to position."""

from typing import NamedTuple

from torch import Tensor


class LSTMState(NamedTuple):
    """What an LSTM layer carries."""

    h: Tensor  # (B, H) output
    c: Tensor  # (B, H) cell
