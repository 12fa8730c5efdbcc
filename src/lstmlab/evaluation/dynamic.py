"""Dynamic evaluation: a model that goes on learning from the text it is scored on.

Krause, Kahembwe, Murray & Renals 2018, "Dynamic Evaluation of Neural Sequence Models". The text is read in segments, in
order, in one stream. Each segment is scored first and learnt from afterwards, so no token is scored by weights that
have seen it or anything behind it. The weights are put back in the end.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmlab.data.streams import Streams
from lstmlab.models import LanguageModel
from lstmlab.nn.state import map_state

_STREAMS = 32  # of the training part, side by side, whose gradients are measured
_BATCHES = 200  # of them, spread over the training part
_EPSILON = 3.0  # times the mean root: weights that training hardly moved must not leap


@dataclass(frozen=True)
class DynamicSettings:
    """How a model learns while it is scored.

    ``rms``, the paper's equation 7: θ ← θ − lr · ∇L / (√MS + ε) + decay · (θ₀ − θ) · √MS / mean(√MS), by the mean
    squared gradients MS of the training part. ε is three times their mean root here: one number for all models, and the
    best of 0.03, 0.3, 1, 3 and 10 on two of them. ``sgd``: θ ← θ − lr · ∇L +
    decay · (θ₀ − θ). L is the mean nats a token of a segment of ``seq_length`` tokens, θ₀ what training ended with.
    """

    rule: Literal["rms", "sgd"]
    lr: float
    decay: float
    seq_length: int


def root_mean_squares(model: LanguageModel, ids: NDArray[np.integer], seq_length: int) -> list[Tensor]:
    """√MS of every weight that can learn, over gradients on windows of the training part ``ids`` (N,)."""
    weights = _weights(model)
    squares = [torch.zeros_like(weight) for weight in weights]
    streams = Streams(ids, max(1, min(_STREAMS, (len(ids) - 1) // seq_length)))
    starts = np.unique(np.linspace(0, max(0, streams.length - seq_length), _BATCHES).astype(int))
    with _learning(model):
        for start in starts.tolist():
            window = streams.window(start, min(start + seq_length, streams.length)).to(weights[0].device)
            nats, _ = model.loss(window.inputs, window.targets)
            for square, gradient in zip(squares, _gradients(nats.mean(), weights), strict=True):
                square.addcmul_(gradient, gradient)
    return [(square / len(starts)).sqrt_() for square in squares]


def dynamic_nats(
    model: LanguageModel,
    ids: NDArray[np.integer],
    settings: DynamicSettings,
    roots: list[Tensor] | None,
    advance: Callable[[int], None] = lambda tokens: None,
) -> NDArray[np.float64]:
    """Nats of each of ``ids`` (N + 1,) but the first, (N,), in order.

    Args:
        model: left as it was, bit for bit.
        ids: what is read.
        settings: how it learns.
        roots: ``root_mean_squares``, for the rule rms.
        advance: told how many tokens were scored.
    """
    weights = _weights(model)
    device = weights[0].device
    original = [weight.detach().clone() for weight in weights]
    rule = _Rule(settings, weights, original, roots)
    state, found = None, []
    try:
        with _learning(model):
            for start in range(0, len(ids) - 1, settings.seq_length):
                some = torch.from_numpy(ids[start : start + settings.seq_length + 1].astype(np.int64)).to(device)
                nats, state = model.loss(some[None, :-1], some[None, 1:], state)  # (1, T)
                found.append(nats.detach()[0].double().cpu().numpy())
                rule.learn(_gradients(nats.mean(), weights))
                state = map_state(Tensor.detach, state)
                advance(len(found[-1]))
    finally:
        with torch.no_grad():
            for weight, before in zip(weights, original, strict=True):
                weight.copy_(before)
    return np.concatenate(found)


class _Rule:
    """One step of a model's weights, after ``settings``."""

    def __init__(
        self, settings: DynamicSettings, weights: list[Tensor], original: list[Tensor], roots: list[Tensor] | None
    ) -> None:
        self.lr = settings.lr
        self.weights, self.original = weights, original
        if settings.rule == "sgd":
            self.divisors = None
            self.decays = [torch.full_like(weight, settings.decay) for weight in weights]
            return
        assert roots is not None
        mean = float(sum(root.sum() for root in roots) / sum(root.numel() for root in roots)) or 1.0
        self.divisors = [root + _EPSILON * mean for root in roots]
        self.decays = [(settings.decay / mean * root).clamp_(max=1.0) for root in roots]  # not beyond the original

    @torch.no_grad()
    def learn(self, gradients: list[Tensor]) -> None:
        if self.divisors is not None:
            gradients = list(torch._foreach_div(gradients, self.divisors))
        back = torch._foreach_sub(self.original, self.weights)
        torch._foreach_mul_(back, self.decays)
        torch._foreach_add_(self.weights, gradients, alpha=-self.lr)
        torch._foreach_add_(self.weights, back)


def _weights(model: LanguageModel) -> list[Tensor]:
    return [weight for weight in model.parameters() if weight.requires_grad]


def _gradients(loss: Tensor, weights: list[Tensor]) -> list[Tensor]:
    """As ``backward`` would leave them, but nothing is left in the model."""
    found = torch.autograd.grad(loss, weights, allow_unused=True)
    return [torch.zeros_like(w) if gradient is None else gradient for gradient, w in zip(found, weights, strict=True)]


@contextmanager
def _learning(model: LanguageModel) -> Iterator[None]:
    """Gradients in evaluation mode: nothing is dropped. cuDNN's recurrent networks refuse that, torch's own do not."""
    was_training = model.training
    model.eval()
    try:
        with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
            yield
    finally:
        model.train(was_training)
