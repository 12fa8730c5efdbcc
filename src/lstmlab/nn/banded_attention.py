"""Causal attention that reaches exactly so many positions back, wherever windows end."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional


class AttentionState(NamedTuple):
    """Keys and values of the last M positions; of streams that have read fewer, the first are not filled yet."""

    keys: Tensor  # (B, M, H)
    values: Tensor  # (B, M, H)
    filled: Tensor  # (B,) how many of the M, counted from the end, are there

    @classmethod
    def empty(
        cls, batch_size: int, memory: int, width: int, device: torch.device, dtype: torch.dtype
    ) -> "AttentionState":
        """No position yet."""
        zeros = torch.zeros(batch_size, memory, width, device=device, dtype=dtype)
        return cls(zeros, zeros, torch.zeros(batch_size, dtype=torch.int64, device=device))

    def extended(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor, "AttentionState"]:
        """With T more positions, (B, T, H) each: all M + T keys and values, and the state of the last M."""
        memory = self.keys.shape[1]
        all_keys = torch.cat([self.keys.to(keys.dtype), keys], 1)  # (B, M + T, H)
        all_values = torch.cat([self.values.to(values.dtype), values], 1)
        filled = (self.filled + keys.shape[1]).clamp(max=memory)
        start = all_keys.shape[1] - memory
        return all_keys, all_values, AttentionState(all_keys[:, start:], all_values[:, start:], filled)


def visible(length: int, state: AttentionState) -> Tensor:
    """Which of the M + T keys each of T new positions sees, (B, 1, T, M + T) of bools.

    Position t sees itself and the M before it: a band of M + 1, less what is not filled.
    """
    memory, device = state.keys.shape[1], state.keys.device
    key = torch.arange(memory + length, device=device)
    query = torch.arange(length, device=device)[:, None]
    band = (key >= query) & (key <= query + memory)  # (T, M + T)
    there = key >= memory - state.filled[:, None]  # (B, M + T)
    return band & there[:, None, None]


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    """(B, T, H) to (B, heads, T, H / heads)."""
    return x.view(*x.shape[:2], num_heads, -1).transpose(1, 2)


def attend(
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    mask: Tensor,
    num_heads: int,
) -> Tensor:
    """Scaled dot-product attention (Vaswani et al. 2017, equation 1) of (B, T, H) over (B, M + T, H), to (B, T, H).

    ``mask``: bools, True where a key is seen, or numbers that are added to the scores; (B, 1 or heads, T, M + T).
    """
    mixed = functional.scaled_dot_product_attention(
        split_heads(queries, num_heads),
        split_heads(keys, num_heads),
        split_heads(values, num_heads),
        attn_mask=mask if mask.dtype == torch.bool else mask.to(queries.dtype),
    )
    return torch.flatten(mixed.transpose(1, 2), 2)


def attention_weights(queries: Tensor, keys: Tensor, mask: Tensor, num_heads: int) -> Tensor:
    """The weights that ``attend`` mixes values with, (B, heads, T, M + T); each row adds up to 1."""
    queries, keys = split_heads(queries, num_heads), split_heads(keys, num_heads)
    scores = queries @ keys.transpose(-1, -2) / queries.shape[-1] ** 0.5
    scores = scores.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else scores + mask
    return torch.softmax(scores, -1)
