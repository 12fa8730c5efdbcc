"""From summed nats to the figures that are shown."""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

LARGEST_EXPONENT = 700.0  # e to a larger power is no float


def perplexity(nats_per_token: float) -> float:
    """exp(nats a token); infinity where that is no float."""
    return math.exp(nats_per_token) if nats_per_token < LARGEST_EXPONENT else math.inf


def bits_per_char(nats: float, characters: int) -> float:
    """Total nats ÷ (ln 2 × characters)."""
    return nats / (math.log(2) * characters) if characters else math.nan


@dataclass
class Total:
    """Nats and tokens summed over windows; divided once, at the end."""

    nats: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))
    tokens: int = 0
    correct: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.int64))

    def add(self, nats: Tensor, tokens: int, correct: Tensor | None = None) -> None:
        """Sums of one window; they stay on their device, so that no step waits for it."""
        self.nats = self.nats.to(nats.device) + nats
        self.tokens += tokens
        if correct is not None:
            self.correct = self.correct.to(correct.device) + correct

    @property
    def loss(self) -> float:
        """Nats a token; NaN before the first token."""
        return float(self.nats) / self.tokens if self.tokens else math.nan

    @property
    def perplexity(self) -> float:
        return perplexity(self.loss)

    @property
    def accuracy(self) -> float:
        """The share of tokens that were the most probable one."""
        return float(self.correct) / self.tokens if self.tokens else math.nan
