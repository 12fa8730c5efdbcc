"""Multi-head attention over the core's outputs, with a memory that outlives the window."""

import torch
from torch import Tensor, nn

from lstmlab.errors import UserError
from lstmlab.nn.attention import Attention
from lstmlab.nn.banded_attention import AttentionState, attend, attention_weights, visible


class MultiheadAttention(Attention):
    """y = x + m(O·attention(Q·n(x), K·n(x), V·n(x))): each position looks back over what the core said.

    The attention of Vaswani et al. 2017 (section 3.2) in the place where SHA-RNN has it (Merity 2019): its gain comes
    from a memory of past windows. Position t sees itself and exactly the ``memory`` positions before it, wherever
    windows end; no gradient flows beyond the window. Keys and values are remembered, not what they were made of: a
    step of decoding costs no more than its own projections. n and m are layer norms. The gain of m begins at zero, so
    that training begins as if attention were not there; without m, at the learning rates that suit an LSTM, what
    attention adds soon drowns the core's outputs.

    Args:
        num_heads: must divide the width.
        dropout: on what attention adds.
        memory: positions that are seen besides the present one; 0 sees nothing but itself.
    """

    def __init__(self, width: int, num_heads: int = 1, dropout: float = 0.0, memory: int = 256) -> None:
        super().__init__()
        if num_heads < 1 or width % num_heads:
            raise UserError(
                f"attention.num_heads={num_heads} does not divide the width that attention reads, {width}"
                " (model.hidden_size, or model.embedding_size with model.tie_weights)."
            )
        if not 0 <= dropout < 1:
            raise UserError(f"attention.dropout={dropout} must be from 0 to below 1.")
        if memory < 0:
            raise UserError(f"attention.memory={memory} must not be negative.")
        self.width = width
        self.num_heads = num_heads
        self.memory = memory
        self.norm = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.output = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)
        self.output_norm = nn.LayerNorm(width)
        nn.init.zeros_(self.output_norm.weight)

    def initial_state(self, batch_size: int, device: torch.device, dtype: torch.dtype) -> AttentionState:
        return AttentionState.empty(batch_size, self.memory, self.width, device, dtype)

    def forward(self, x: Tensor, state: AttentionState) -> tuple[Tensor, AttentionState]:
        queries, keys, values, mask, after = self._project(x, state)
        mixed = attend(queries, keys, values, mask, self.num_heads)  # (B, T, H)
        return x + self.dropout(self.output_norm(self.output(mixed))), after

    def step(self, x: Tensor, state: AttentionState) -> tuple[Tensor, AttentionState]:
        output, after = self(x[:, None], state)
        return output[:, 0], after

    def weights(self, x: Tensor, state: AttentionState) -> Tensor:
        """How much each of T positions looks at each of the M + T keys, (B, heads, T, M + T); rows add up to 1."""
        queries, keys, _, mask, _ = self._project(x, state)
        return attention_weights(queries, keys, mask, self.num_heads)

    def _project(self, x: Tensor, state: AttentionState) -> tuple[Tensor, Tensor, Tensor, Tensor, AttentionState]:
        normed = self.norm(x)  # (B, T, H)
        keys, values = self.key_value(normed).chunk(2, -1)  # (B, T, H) each
        all_keys, all_values, after = state.extended(keys, values)  # (B, M + T, H) each
        return self.query(normed), all_keys, all_values, visible(x.shape[1], state), after
