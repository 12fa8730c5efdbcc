"""Streams: a part's ids as rows that are read side by side, and the windows cut from them."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

IGNORED = -100  # a target that no loss counts: padding behind the end of a row

# The windows in which held-out text is read. State is carried, so no figure depends on it, nor on data.seq_length.
SCORING_WINDOW = 256


class Window(NamedTuple):
    """``inputs`` and ``targets`` are (B, T) ids; ``targets[b, t]`` is what follows ``inputs[b, t]``."""

    inputs: Tensor
    targets: Tensor

    def to(self, device: torch.device) -> "Window":
        return Window(self.inputs.to(device, non_blocking=True), self.targets.to(device, non_blocking=True))


class Streams:
    """``count`` contiguous rows over ids (N,), each read from left to right in windows.

    Of every row the ids and, one step on, what follows them; a row's last target is the next row's first id. The fewer
    than ``count`` tokens that do not fill a column are left out (training). Of the rows only [first, first + own) are
    served: the block of one process among several.
    """

    def __init__(self, ids: NDArray[np.integer], count: int, *, first: int = 0, own: int | None = None) -> None:
        self.length = (len(ids) - 1) // count  # inputs a row
        self.count = count
        own = count if own is None else own
        step = ids.strides[0]
        self._rows = np.lib.stride_tricks.as_strided(
            ids[first * self.length :],
            shape=(own, self.length + 1),
            strides=(self.length * step, step),
            writeable=False,
        )

    def window(self, start: int, stop: int) -> Window:
        """Inputs [start, stop) of every row, (own, T), and what follows each."""
        block = torch.from_numpy(self._rows[:, start : stop + 1].astype(np.int64))
        return Window(block[:, :-1], block[:, 1:])


def scoring_windows(ids: NDArray[np.integer], streams: int, seq_length: int) -> Iterator[Window]:
    """Windows in which every id but the first is a target exactly once, in order, the short last one included.

    The N − 1 targets are dealt to ``streams`` contiguous rows; rows end together, padded with ``IGNORED`` targets.
    """
    targets = len(ids) - 1
    length = -(-targets // streams)
    for start in range(0, length, seq_length):
        width = min(seq_length, length - start)
        inputs = np.zeros((streams, width), np.int64)
        wanted = np.full((streams, width), IGNORED, np.int64)
        for row in range(streams):
            first = row * length + start
            n = min(width, (row + 1) * length - first, targets - first)
            if n > 0:
                inputs[row, :n] = ids[first : first + n]
                wanted[row, :n] = ids[first + 1 : first + n + 1]
        yield Window(torch.from_numpy(inputs), torch.from_numpy(wanted))


def scoring_streams(tokens: int, wanted: int | None) -> int:
    """How many rows a held-out part is scored in: ``wanted``, or by its length.

    Every row begins with a blank state and pays for it, so a short part is one row: below 40,000 tokens 1, then one a
    20,000 tokens, at most 64.
    """
    if wanted is not None:
        return max(1, min(wanted, tokens - 1))
    return max(1, min(64, tokens // 20_000))


class ScoringLoader:
    """The scoring windows of one part, each time from the start.

    ``targets`` are scored in ``streams`` rows of ``length``; the last rows may be shorter, or empty.
    """

    def __init__(self, ids: NDArray[np.integer], streams: int | None, seq_length: int = SCORING_WINDOW) -> None:
        self._ids = ids
        self._seq_length = seq_length
        self.streams = scoring_streams(len(ids), streams)
        self.targets = max(0, len(ids) - 1)
        self.length = -(-self.targets // self.streams)

    def __iter__(self) -> Iterator[Window]:
        return scoring_windows(self._ids, self.streams, self._seq_length)

    def __len__(self) -> int:
        return -(-self.length // self._seq_length)
