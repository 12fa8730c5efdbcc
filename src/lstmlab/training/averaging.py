"""Averages of the weights over training: what is validated, saved and loaded in place of the last step's weights."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn, get_swa_multi_avg_fn

from lstmlab.errors import UserError


class Averaging(ABC):
    """An average beside the weights that training moves; ``exchange`` puts either in the other's place.

    Named by ``averaging._target_``, absent with ``averaging=none``.
    """

    def __init__(self) -> None:
        self.average: list[Tensor] = []  # of each parameter, in order; empty where nothing is averaged yet
        self.count = 0  # of steps in it
        self.exchanged = False  # whether the model holds the average, and ``average`` training's weights

    @abstractmethod
    def combine(self, average: list[Tensor], weights: list[Tensor]) -> None:
        """Take the weights of one more step into the average, in place."""

    def step(self, weights: list[Tensor]) -> None:
        """Behind every optimiser step."""
        if not self.average:
            self.average = [weight.detach().clone() for weight in weights]
        else:
            with torch.no_grad():
                self.combine(self.average, [weight.detach() for weight in weights])
        self.count += 1

    def validated(self, figure: float) -> None:
        """Behind every validation, with its figure (lower is better)."""
        return None

    def exchange(self, weights: Iterable[Tensor]) -> None:
        """Swap the model's weights and the average, where there is one."""
        if self.average:
            for weight, other in zip(weights, self.average, strict=True):
                kept = weight.detach().clone()
                weight.detach().copy_(other)
                other.copy_(kept)
            self.exchanged = not self.exchanged

    def state(self) -> dict[str, Any]:
        """Plain values beside the tensors, for a checkpoint."""
        return {"count": self.count}

    def restore(self, state: dict[str, Any]) -> None:
        """What ``state`` gave."""
        self.count = state["count"]


class Exponential(Averaging):
    """ā ← d·ā + (1 − d)·w behind every step (Polyak & Juditsky 1992, with a memory that fades).

    The first steps count less long, d = min(decay, (1 + n) / (10 + n)), so that the average does not begin with the
    random weights in it.
    """

    def __init__(self, decay: float = 0.999) -> None:
        super().__init__()
        if not 0 < decay < 1:
            raise UserError(f"averaging.decay={decay} must be between 0 and 1.")
        self.decay = decay

    def combine(self, average: list[Tensor], weights: list[Tensor]) -> None:
        decay = min(self.decay, (1 + self.count) / (10 + self.count))
        get_ema_multi_avg_fn(decay)(average, weights, self.count)  # type: ignore[no-untyped-call]


class NonMonotonic(Averaging):
    """The mean of all weights since a validation was worse than the best of those more than ``patience`` before it.

    NT-ASGD (Merity et al. 2017, algorithm 1), for SGD at a constant rate: it needs a validation part.
    """

    def __init__(self, patience: int = 5) -> None:
        super().__init__()
        if patience < 1:
            raise UserError(f"averaging.patience={patience} must be at least 1.")
        self.patience = patience
        self.triggered = False
        self.figures: list[float] = []

    def step(self, weights: list[Tensor]) -> None:
        if self.triggered:
            super().step(weights)

    def combine(self, average: list[Tensor], weights: list[Tensor]) -> None:
        get_swa_multi_avg_fn()(average, weights, self.count)  # type: ignore[no-untyped-call]

    def validated(self, figure: float) -> None:
        earlier = self.figures[: -self.patience]
        self.triggered = self.triggered or figure > min(earlier, default=math.inf)
        self.figures.append(figure)

    def state(self) -> dict[str, Any]:
        return super().state() | {"triggered": self.triggered, "figures": list(self.figures)}

    def restore(self, state: dict[str, Any]) -> None:
        super().restore(state)
        self.triggered, self.figures = state["triggered"], list(state["figures"])
