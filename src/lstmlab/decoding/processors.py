"""Logit processors: pure functions of logits (B, V), each giving logits (B, V)."""

import torch
from torch import Tensor

from lstmlab.errors import UserError


def ban(logits: Tensor, ids: Tensor) -> Tensor:
    """The tokens ``ids`` get probability 0."""
    return logits.index_fill(-1, ids, -torch.inf)


def temperature(logits: Tensor, value: float) -> Tensor:
    """logits ÷ value: below 1 sharper, above 1 flatter.

    Raises:
        UserError: the value is not above 0 (0 is greedy decoding, which needs no logits processed).
    """
    if not value > 0:
        raise UserError(f"decoding.temperature={value} must be above 0 here; 0 means decoding=greedy.")
    return logits / value


def top_k(logits: Tensor, k: int) -> Tensor:
    """Keep the k most probable tokens (Fan et al. 2018); ties at the k-th stay."""
    if k < 1:
        raise UserError(f"decoding.top_k={k} must be at least 1, or null for all.")
    if k >= logits.shape[-1]:
        return logits
    smallest = logits.topk(k, dim=-1).values[..., -1:]  # (B, 1)
    return logits.masked_fill(logits < smallest, -torch.inf)


def top_p(logits: Tensor, p: float) -> Tensor:
    """Keep the smallest set of most probable tokens whose probability reaches p, the one that crosses p included.

    Nucleus sampling (Holtzman et al. 2020).
    """
    if not 0 < p <= 1:
        raise UserError(f"decoding.top_p={p} must be above 0 and at most 1.")
    if p == 1:
        return logits
    ordered, order = logits.sort(dim=-1, descending=True)  # (B, V)
    probabilities = ordered.softmax(-1)
    before = probabilities.cumsum(-1) - probabilities  # what the more probable tokens hold together
    ordered = ordered.masked_fill(before >= p, -torch.inf)
    return torch.empty_like(logits).scatter(-1, order, ordered)
