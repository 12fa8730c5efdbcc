"""Score processors: pure functions of scores (B, V), logits or log-probabilities, each giving scores (B, V).

A token of score −∞ is never chosen. ``history`` is (B, N) ids, prompt and text so far; −1 where a row is shorter.
"""

import math

import torch
from torch import Tensor

from lstmlab.errors import UserError

_MOST_PROBABLE = 1024  # tokens that top-p sorts before it sorts all of a large vocabulary


def ban(scores: Tensor, ids: Tensor) -> Tensor:
    """The tokens ``ids`` get probability 0."""
    return scores.index_fill(-1, ids, -torch.inf)


def repetition_penalty(scores: Tensor, history: Tensor, penalty: float) -> Tensor:
    """Tokens of the history lose: a score above 0 is divided by the penalty, one below multiplied (Keskar et al. 2019).

    Above 1 it discourages repetition, below 1 it encourages it.

    Raises:
        UserError: the penalty is not above 0.
    """
    if not 0 < penalty < math.inf:
        raise UserError(f"decoding.repetition_penalty={penalty} must be a number above 0; 1 changes nothing.")
    if penalty == 1:
        return scores
    size = scores.shape[-1]
    seen = torch.zeros(scores.shape[0], size + 1, dtype=torch.bool, device=scores.device)
    seen.scatter_(1, history.masked_fill(history < 0, size), True)  # (B, V + 1), padding in a column of its own
    return torch.where(seen[:, :size], torch.where(scores < 0, scores * penalty, scores / penalty), scores)


def no_repeat_ngram(scores: Tensor, history: Tensor, n: int) -> Tensor:
    """Ban what would complete an n-gram that the history holds already (Paulus et al. 2018, section 2.5).

    Raises:
        UserError: n is below 1.
    """
    if n < 1:
        raise UserError(f"decoding.no_repeat_ngram={n} must be at least 1, or null.")
    if history.shape[1] < n:
        return scores
    ngrams = history.unfold(1, n, 1)  # (B, N − n + 1, n)
    begun = history[:, None, history.shape[1] - n + 1 :]  # (B, 1, n − 1): what the next token goes on with
    again = (ngrams[..., :-1] == begun).all(-1) & (ngrams >= 0).all(-1)  # (B, N − n + 1)
    size = scores.shape[-1]
    banned = torch.zeros(scores.shape[0], size + 1, dtype=torch.bool, device=scores.device)
    banned.scatter_(1, torch.where(again, ngrams[..., -1], size), True)  # (B, V + 1)
    return scores.masked_fill(banned[:, :size], -torch.inf)


def temperature(scores: Tensor, value: float) -> Tensor:
    """scores ÷ value: below 1 sharper, above 1 flatter.

    Raises:
        UserError: the value is not above 0 (0 is greedy decoding, which needs no scores processed).
    """
    if not value > 0:
        raise UserError(f"decoding.temperature={value} must be above 0 here; 0 means decoding=greedy.")
    return scores / value


def top_k(scores: Tensor, k: int) -> Tensor:
    """Keep the k most probable tokens (Fan et al. 2018); ties at the k-th stay.

    Raises:
        UserError: k is below 1.
    """
    if k < 1:
        raise UserError(f"decoding.top_k={k} must be at least 1, or null for all.")
    if k >= scores.shape[-1]:
        return scores
    smallest = scores.topk(k, dim=-1).values[..., -1:]  # (B, 1)
    return scores.masked_fill(scores < smallest, -torch.inf)


def top_p(scores: Tensor, p: float) -> Tensor:
    """Keep the smallest set of most probable tokens whose probability reaches p, the one that crosses p included.

    Nucleus sampling (Holtzman et al. 2020).

    Raises:
        UserError: p is not above 0 and at most 1.
    """
    if not 0 < p <= 1:
        raise UserError(f"decoding.top_p={p} must be above 0 and at most 1.")
    if p == 1:
        return scores
    size, all_probabilities = scores.shape[-1], scores.softmax(-1)
    for count in (min(_MOST_PROBABLE, size), size):  # sorting 100,000 takes as long as the model that scored them
        probabilities, order = all_probabilities.topk(count, dim=-1)  # (B, count), falling
        together = probabilities.cumsum(-1)
        if count == size or bool((together[..., -1] >= p).all()):
            break
    kept = together - probabilities < p  # what those before hold does not suffice
    return scores.masked_fill(~torch.zeros_like(scores, dtype=torch.bool).scatter(-1, order, kept), -torch.inf)


def min_p(scores: Tensor, p: float) -> Tensor:
    """Keep tokens at least p times as probable as the most probable one (Nguyen et al. 2024).

    Raises:
        UserError: p is not from 0 to 1.
    """
    if not 0 <= p <= 1:
        raise UserError(f"decoding.min_p={p} must be from 0 to 1.")
    if p == 0:
        return scores
    return scores.masked_fill(scores < scores.amax(-1, keepdim=True) + math.log(p), -torch.inf)
