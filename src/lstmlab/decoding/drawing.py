"""Chance: each row draws with numbers of its own, so that it draws the same alone and among others."""

from collections.abc import Sequence

import torch
from torch import Tensor

_BLOCK = 64  # numbers that a generator gives at once


def sequence_seeds(seed: int, count: int) -> list[int]:
    """Seeds for ``count`` sequences of one prompt: ``seed`` itself, then others that follow from it."""
    generator = torch.Generator().manual_seed(seed)
    others = [int(torch.randint(2**62, (), generator=generator)) for _ in range(count - 1)]
    return [seed, *others][:count]


class Uniforms:
    """Numbers from 0 to below 1, one a row and step, drawn on the CPU whatever the model's device."""

    def __init__(self, seeds: Sequence[int], device: torch.device) -> None:
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self._device = device
        self._block: Tensor | None = None  # (B, _BLOCK)
        self._next = 0

    def draw(self) -> Tensor:
        """(B,) in fp64."""
        if self._block is None or self._next == _BLOCK:
            rows = [torch.rand(_BLOCK, generator=each, dtype=torch.float64) for each in self._generators]
            self._block, self._next = torch.stack(rows).to(self._device), 0
        self._next += 1
        return self._block[:, self._next - 1]

    def select(self, rows: Sequence[int]) -> None:
        """Only ``rows`` from now on."""
        self._generators = [self._generators[row] for row in rows]
        if self._block is not None:
            self._block = self._block[list(rows)]


def draw(scores: Tensor, uniforms: Tensor) -> Tensor:
    """Ids (B,) with probabilities softmax(scores (B, V)), by the inverse of the cumulated ones at ``uniforms`` (B,).

    A token of score −∞ is never drawn. A row of nothing else gives V.
    """
    cumulated = scores.softmax(-1).cumsum(-1, dtype=torch.float64)  # (B, V)
    total = cumulated[:, -1:]
    wanted = torch.minimum(uniforms[:, None] * total, torch.nextafter(total, torch.zeros_like(total)))
    ids = torch.searchsorted(cumulated, wanted, right=True)[:, 0]
    return torch.where(total[:, 0] > 0, ids, scores.shape[-1])
