"""Chance: each row draws with numbers of its own, so that it draws the same alone and among others."""

from collections.abc import Sequence
from hashlib import blake2b

import torch
from torch import Tensor

_BLOCK = 64  # numbers that a generator gives at once


def sequence_seeds(seed: int, context: Sequence[int], count: int) -> list[int]:
    """A seed for each of ``count`` sequences that continue a context.

    Other contexts get others: with the same numbers, texts of like models would say the same.
    """
    seeds = []
    for number in range(count):
        about = ",".join(map(str, (seed, number, *context)))
        seeds.append(int.from_bytes(blake2b(about.encode(), digest_size=7).digest()))
    return seeds


class Uniforms:
    """Numbers from 0 to clearly below 1, one a row and step, drawn on the CPU whatever the model's device.

    Clearly: times any total they stay below it, which a rounded product with the largest fp64 below 1 may not.
    """

    def __init__(self, seeds: Sequence[int], device: torch.device) -> None:
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self._device = device
        self._block: Tensor | None = None  # (B, _BLOCK)
        self._next = 0

    def draw(self) -> Tensor:
        """(B,) in fp64."""
        if self._block is None or self._next == _BLOCK:
            rows = [torch.rand(_BLOCK, generator=each, dtype=torch.float64) for each in self._generators]
            self._block, self._next = torch.stack(rows).mul_(1 - 2**-52).to(self._device), 0
        self._next += 1
        return self._block[:, self._next - 1]

    def select(self, rows: Sequence[int]) -> None:
        """Only ``rows`` from now on."""
        self._generators = [self._generators[row] for row in rows]
        if self._block is not None:
            self._block = self._block[list(rows)]


def draw(scores: Tensor, uniforms: Tensor) -> Tensor:
    """Ids (B,) with probabilities softmax(scores (B, V)), by the inverse of the cumulated ones at ``uniforms`` (B,).

    A token of score −∞ is never drawn, as long as the row has another.
    """
    cumulated = scores.softmax(-1).cumsum(-1, dtype=torch.float64)  # (B, V)
    wanted = uniforms[:, None] * cumulated[:, -1:]
    ids = torch.searchsorted(cumulated, wanted, right=True)[:, 0]
    return ids.clamp_(max=scores.shape[1] - 1)  # where the scores are no numbers, which the caller finds out
