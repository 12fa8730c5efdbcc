"""Heads: from hidden vectors to the loss and to logits."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional


class Head(nn.Module, ABC):
    """Owns the output distribution: training and scoring ask it for ``loss``, decoding for ``logits``.

    Built with ``width`` (of the hidden vectors), ``vocabulary_size`` and ``tied``: the embedding's weight (V, width)
    that it shares, or None.
    """

    @abstractmethod
    def loss(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """Nats, (N,), of targets (N,) given hidden (N, width): −ln p; 0 where a target is ignored."""

    @abstractmethod
    def logits(self, hidden: Tensor) -> Tensor:
        """Unnormalised log-probabilities (..., V) of hidden (..., width)."""

    def loss_and_best(self, hidden: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """``loss`` and the most probable ids, (N,) each."""
        return self.loss(hidden, targets), self.logits(hidden).argmax(-1)


class LinearHead(Head):
    """One matrix and the full softmax; the matrix may be the embedding's (Press & Wolf 2017)."""

    def __init__(self, width: int, vocabulary_size: int, tied: nn.Parameter | None = None) -> None:
        super().__init__()
        self.linear = nn.Linear(width, vocabulary_size)
        if tied is not None:
            self.linear.weight = tied
        nn.init.zeros_(self.linear.bias)

    def logits(self, hidden: Tensor) -> Tensor:
        logits: Tensor = self.linear(hidden)
        return logits

    def loss(self, hidden: Tensor, targets: Tensor) -> Tensor:
        return functional.cross_entropy(self.logits(hidden), targets, reduction="none")

    def loss_and_best(self, hidden: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.logits(hidden)
        return functional.cross_entropy(logits, targets, reduction="none"), torch.argmax(logits, -1)
