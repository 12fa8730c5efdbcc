"""Dropout with a mask of its own for every position, or with one for a whole window."""

from torch import Tensor, nn
from torch.nn import functional


class Dropout(nn.Module):
    """Zeroes numbers with probability ``p`` in training and scales the rest by 1 / (1 − p).

    ``locked``: one mask a stream for all positions of a window, so that a unit is absent from the whole of it (the
    variational dropout of Gal & Ghahramani 2016, equation 7); else one a position (Zaremba et al. 2014).
    """

    def __init__(self, p: float, *, locked: bool = False) -> None:
        super().__init__()
        self.p = p
        self.locked = locked

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, H) or, one position, (B, H)."""
        if not (self.training and self.p):
            return x
        if not self.locked or x.dim() < 3:
            return functional.dropout(x, self.p)
        mask = functional.dropout(x.new_ones(x.shape[0], 1, x.shape[2]), self.p)  # (B, 1, H)
        return x * mask

    def extra_repr(self) -> str:
        return f"{self.p}, locked={self.locked}"


class TypeDropout(nn.Module):
    """Drops whole types of the vocabulary from the embedding, wherever in a window they stand.

    Merity et al. 2017, section 4.3, after Gal & Ghahramani 2016: a row of the matrix is zero with probability ``p``,
    the rest are scaled by 1 / (1 − p).
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, embedded: Tensor, ids: Tensor, vocabulary_size: int) -> Tensor:
        """Embedded ids (B, T, E) and the ids (B, T) to (B, T, E)."""
        if not (self.training and self.p):
            return embedded
        # Masking what was looked up is masking the rows, without a second matrix of the vocabulary's size.
        kept = functional.dropout(embedded.new_ones(vocabulary_size), self.p)  # (V,)
        return embedded * kept[ids].unsqueeze(-1)

    def extra_repr(self) -> str:
        return f"{self.p}"
