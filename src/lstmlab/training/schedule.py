"""Learning-rate schedules as pure functions of the step: a resumed run needs no state, but for a plateau."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from lstmlab.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Schedule(ABC):
    """``optim.lr`` is multiplied with ``factor(step, total)``; it rises linearly over the first ``warmup_steps``."""

    warmup_steps: int = 0

    needs_total = False

    def factor(self, step: int, total: int | None) -> float:
        """The multiplier of optimiser step ``step`` (0, 1, …) of ``total`` planned ones."""
        if step < self.warmup_steps:
            return (step + 1) / self.warmup_steps
        if total is None:
            return self.after_warmup(0.0)
        span = max(1, total - self.warmup_steps)
        return self.after_warmup(min(1.0, (step - self.warmup_steps) / span))

    @abstractmethod
    def after_warmup(self, done: float) -> float:
        """The multiplier where ``done`` (0 to 1) of the steps behind the warm-up are over."""


@dataclass(frozen=True, kw_only=True)
class Constant(Schedule):
    """No change."""

    def after_warmup(self, done: float) -> float:
        return 1.0


@dataclass(frozen=True, kw_only=True)
class Cosine(Schedule):
    """Half a cosine from 1 to ``final`` (Loshchilov & Hutter 2017, equation 5, without restarts)."""

    final: float = 0.0

    needs_total = True

    def __post_init__(self) -> None:
        _share("final", self.final)

    def after_warmup(self, done: float) -> float:
        return self.final + (1 - self.final) * 0.5 * (1 + math.cos(math.pi * done))


@dataclass(frozen=True, kw_only=True)
class OneCycle(Schedule):
    """Cosine up from ``start`` to 1 over the first ``rise`` of the steps, then to ``final`` (Smith & Topin 2018)."""

    rise: float = 0.3
    start: float = 0.04
    final: float = 0.0001

    needs_total = True

    def __post_init__(self) -> None:
        if not 0 < self.rise < 1:
            raise UserError(f"schedule.rise={self.rise} must be between 0 and 1.")
        _share("start", self.start)
        _share("final", self.final)

    def after_warmup(self, done: float) -> float:
        if done < self.rise:
            return self.start + (1 - self.start) * 0.5 * (1 - math.cos(math.pi * done / self.rise))
        fall = (done - self.rise) / (1 - self.rise)
        return self.final + (1 - self.final) * 0.5 * (1 + math.cos(math.pi * fall))


@dataclass(frozen=True, kw_only=True)
class Plateau(Schedule):
    """Multiply the rate by ``decay`` after more than ``patience`` validations without a better one.

    The decays are made by ``torch.optim.lr_scheduler.ReduceLROnPlateau``; only the warm-up is made here.
    """

    decay: float = 0.5
    patience: int = 1
    threshold: float = 1e-3

    def __post_init__(self) -> None:
        if not 0 < self.decay < 1:
            raise UserError(f"schedule.decay={self.decay} must be between 0 and 1.")
        if self.patience < 0 or self.threshold < 0:
            raise UserError(
                f"schedule.patience={self.patience} and schedule.threshold={self.threshold} must not be negative."
            )

    def after_warmup(self, done: float) -> float:
        return 1.0


def _share(name: str, value: float) -> None:
    """A rate's share of ``optim.lr``: a negative one would climb the loss."""
    if not 0 <= value <= 1:
        raise UserError(f"schedule.{name}={value} must be from 0 to 1.")
