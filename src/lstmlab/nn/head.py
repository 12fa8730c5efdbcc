"""Heads: from hidden vectors to the loss and to logits."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional

from lstmlab.nn.full_softmax import softmax_nats_and_best
from lstmlab.nn.packed_linear import PackedLinear


class Head(nn.Module, ABC):
    """Owns the output distribution: training asks for ``total``, scoring for ``loss_and_best``, decoding ``logits``.

    Built with ``width`` (of the hidden vectors), ``vocabulary_size`` and ``tied``: the embedding's weight (V, width)
    that it shares, or None.
    """

    @abstractmethod
    def loss(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """Nats, (N,), of targets (N,) given hidden (N, width): −ln p; 0 where a target is ignored (−100)."""

    @abstractmethod
    def logits(self, hidden: Tensor) -> Tensor:
        """Unnormalised log-probabilities (..., V) of hidden (..., width)."""

    def total(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """The sum of ``loss``, a scalar to differentiate."""
        return self.loss(hidden, targets).sum()

    def loss_and_best(self, hidden: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """``loss`` and the most probable ids, (N,) each."""
        return self.loss(hidden, targets), self.logits(hidden).argmax(-1)

    def prepared(self, batch_size: int) -> Callable[[Tensor], Tensor]:
        """``logits`` of hidden (B, width), the same values to rounding, while the weights stay as they are.

        As it stands: ``logits`` itself. ``batch_size``: vectors that come at once, about.
        """
        return self.logits

    def working_bytes(self, tokens: int, vocabulary_size: int, half: bool) -> int:
        """About what ``total`` of ``tokens`` and its backward pass take beside parameters, their gradients and hidden
        vectors; ``half``: under 16-bit autocast, else in fp32.

        As it stands: of logits, log-probabilities and the gradient of either three at a time.
        """
        return tokens * vocabulary_size * 12


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
        # A scoring window may be many times a training window: never all its logits at once.
        return softmax_nats_and_best(hidden, self.linear.weight, self.linear.bias, targets)[:2]

    def prepared(self, batch_size: int) -> Callable[[Tensor], Tensor]:
        if type(self).logits is not LinearHead.logits:  # a class of the user's
            return super().prepared(batch_size)
        return PackedLinear(self.linear.weight, self.linear.bias, batch_size)
