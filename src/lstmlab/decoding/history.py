"""The ids that repetitions are counted in."""

from collections.abc import Sequence

import torch
from torch import Tensor

from lstmlab.decoding.context import Context


class History:
    """Prompt and text of several rows, all ending at the same column."""

    def __init__(self, contexts: Sequence[Context], device: torch.device) -> None:
        longest = max(len(context.prompt) for context in contexts)
        rows = [[-1] * (longest - len(context.prompt)) + list(context.prompt) for context in contexts]
        self._ids = torch.tensor(rows, dtype=torch.long, device=device).view(len(rows), longest)
        self._length = longest

    @property
    def ids(self) -> Tensor:
        """(B, N), −1 in front of rows that are shorter."""
        return self._ids[:, : self._length]

    def append(self, ids: Tensor) -> None:
        """One more id for each row, (B,)."""
        if self._length == self._ids.shape[1]:  # doubled, so that a text of N tokens copies 2N and not N²
            self._ids = torch.cat([self._ids, self._ids.new_full((len(ids), max(64, self._length)), -1)], 1)
        self._ids[:, self._length] = ids
        self._length += 1

    def select(self, rows: Tensor) -> None:
        """Only ``rows``, in that order; one may come several times."""
        self._ids = self._ids.index_select(0, rows)
