"""A transformer's layer in a recurrent layer's place: the baseline that an LSTM is held against."""

import torch
from torch import Tensor, nn

from lstmlab.errors import UserError
from lstmlab.nn.banded_attention import AttentionState, attend, visible
from lstmlab.nn.layer import RecurrentLayer


class TransformerLayer(RecurrentLayer):
    """Causal self-attention and a feed-forward network, each behind a layer norm and around a residual.

    The pre-norm transformer (Vaswani et al. 2017; Xiong et al. 2020) out of torch's own linear layers, norms and
    attention. What a recurrent layer carries is here the keys and values of the last ``memory`` positions, without
    gradient beyond the window (Dai et al. 2019, section 3.2), and positions are told apart by a linear bias on their
    distance (ALiBi, Press et al. 2022): so a position sees the same whatever the window, and one step is a step of the
    whole sequence.

    Args:
        num_heads: must divide the width.
        memory: positions that are seen besides the present one.
        expansion: the feed-forward network's inner width, in widths.
        dropout: on what attention and feed-forward network add.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_heads: int = 4,
        memory: int = 128,
        expansion: int = 4,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(input_size, hidden_size)
        if num_heads < 1 or hidden_size % num_heads:
            raise UserError(f"model.layer.num_heads={num_heads} does not divide the layer's width, {hidden_size}.")
        if memory < 0 or expansion < 1:
            raise UserError(
                f"model.layer.memory={memory} must not be negative, and model.layer.expansion={expansion} at least 1."
            )
        if not 0 <= dropout < 1:
            raise UserError(f"model.layer.dropout={dropout} must be from 0 to below 1.")
        self.num_heads = num_heads
        self.memory = memory
        self.widen = nn.Linear(input_size, hidden_size) if input_size != hidden_size else nn.Identity()
        self.attention_norm = nn.LayerNorm(hidden_size)
        self.query_key_value = nn.Linear(hidden_size, 3 * hidden_size)
        self.output = nn.Linear(hidden_size, hidden_size)
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(hidden_size),
            nn.Linear(hidden_size, expansion * hidden_size),
            nn.GELU(),
            nn.Linear(expansion * hidden_size, hidden_size),
        )
        self.dropout = nn.Dropout(dropout)

    def initial_state(self, batch_size: int, device: torch.device, dtype: torch.dtype) -> AttentionState:
        return AttentionState.empty(batch_size, self.memory, self.hidden_size, device, dtype)

    def forward(self, x: Tensor, state: AttentionState) -> tuple[Tensor, AttentionState]:
        x = self.widen(x)  # (B, T, H)
        queries, keys, values = self.query_key_value(self.attention_norm(x)).chunk(3, -1)  # (B, T, H) each
        all_keys, all_values, after = state.extended(keys, values)  # (B, M + T, H) each
        mask = self._distance_bias(x.shape[1], state)
        x = x + self.dropout(self.output(attend(queries, all_keys, all_values, mask, self.num_heads)))
        return x + self.dropout(self.feed_forward(x)), after

    def step(self, x: Tensor, state: AttentionState) -> tuple[Tensor, AttentionState]:
        output, after = self(x[:, None], state)
        return output[:, 0], after

    def _distance_bias(self, length: int, state: AttentionState) -> Tensor:
        """−slope × distance where a key is seen, −∞ elsewhere, (B, heads, T, M + T); slopes 2^(−8h / heads)."""
        device = state.keys.device
        heads = torch.arange(1, self.num_heads + 1, device=device)
        slopes = torch.exp2(-8.0 * heads / self.num_heads)[:, None, None]  # (heads, 1, 1)
        key = torch.arange(-self.memory, length, device=device)
        distance = torch.arange(length, device=device)[:, None] - key  # (T, M + T)
        return (-slopes * distance).masked_fill(~visible(length, state), -torch.inf)
