"""The neural cache: what followed like hidden vectors earlier in the text is made more probable.

Grave, Joulin & Usunier 2017, "Improving Neural Language Models with a Continuous Cache", equations 3 to 5.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmlab.data.streams import ScoringLoader
from lstmlab.models import LanguageModel

_BLOCK = 256  # positions that are compared with those before them at once


@torch.no_grad()
def cache_nats(
    model: LanguageModel,
    ids: NDArray[np.integer],
    size: int,
    thetas: list[float],
    advance: Callable[[int], None] = lambda tokens: None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each of ``ids`` (N + 1,) but the first: nats by the model, (N,), and by caches alone, (len(thetas), N).

    The cache of position t holds the last ``size`` pairs of a hidden vector hᵢ, as the head reads it, and the token
    xᵢ₊₁ that followed: p(w) ∝ Σᵢ 1[w = xᵢ₊₁] · exp(θ hₜ·hᵢ). A token that it does not hold costs ∞ nats, the first of
    the text among them. The text is read in one stream.

    Args:
        advance: told how many tokens were scored.
    """
    device = model.embedding.weight.device
    was_training = model.training
    model.eval()
    state = None
    keys = torch.empty(0, model.core.output_size, device=device)
    followed = torch.empty(0, dtype=torch.long, device=device)
    own, cached = [], []
    try:
        for window in ScoringLoader(ids, streams=1, seq_length=_BLOCK):
            window = window.to(device)
            hidden, state = model(window.inputs, state)
            queries, targets = hidden[0], window.targets[0]  # (T, H), (T,)
            own.append(model.head.loss(queries, targets).double().cpu().numpy())
            keys, followed = torch.cat([keys, queries]), torch.cat([followed, targets])  # (M + T, ...)
            cached.append(_by_cache(queries, targets, keys, followed, size, thetas).cpu().numpy())
            keys, followed = keys[-size:], followed[-size:]
            advance(len(targets))
    finally:
        model.train(was_training)
    return np.concatenate(own), np.concatenate(cached, axis=1)


def _by_cache(
    queries: Tensor, targets: Tensor, keys: Tensor, followed: Tensor, size: int, thetas: list[float]
) -> Tensor:
    """Nats (len(thetas), T) of ``targets`` by the cache; the queries (T, H) are the last of the keys (M + T, H)."""
    count, old = len(queries), len(keys) - len(queries)
    place = torch.arange(count, device=queries.device)[:, None] + old  # of each query among the keys
    key = torch.arange(len(keys), device=queries.device)
    held = (key < place) & (key >= place - size)  # (T, M + T): before it, and not forgotten
    alike = (queries @ keys.T).double()
    same = held & (followed == targets[:, None])
    found = []
    for theta in thetas:
        scores = theta * alike
        whole = scores.masked_fill(~held, -torch.inf).logsumexp(-1)
        part = scores.masked_fill(~same, -torch.inf).logsumexp(-1)
        found.append(torch.where(part > -torch.inf, whole - part, torch.inf))
    return torch.stack(found)


def mixed_nats(model_nats: NDArray[np.float64], by_cache: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """−ln((1 − share) · p_model + share · p_cache), (N,) of (N,) each; the first token has no cache."""
    mixed: NDArray[np.float64] = -np.logaddexp(
        np.log1p(-share) - model_nats, (np.log(share) if share else -np.inf) - by_cache
    )
    mixed[0] = model_nats[0]
    return mixed
