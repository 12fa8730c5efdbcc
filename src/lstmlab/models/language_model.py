"""The recurrent language model: embed → core → attention? → head."""

import torch
from torch import Tensor, nn

from lstmlab.nn import Attention, Core, Head, State


class LanguageModel(nn.Module):
    """A distribution over the next token, given all before it.

    ``forward`` reads a window, ``step`` one token; both give the same hidden vectors. State is a value: pass what came
    out of one call into the next, or None to begin. The head turns hidden vectors into a loss or into logits.
    """

    def __init__(
        self,
        embedding: nn.Embedding,
        core: Core,
        attention: Attention | None,
        head: Head,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.core = core
        self.attention = attention
        self.head = head
        self.dropout = nn.Dropout(dropout)

    def initial_state(self, batch_size: int) -> State:
        """The blank state for ``batch_size`` streams, on the model's device."""
        weight = self.embedding.weight
        core = self.core.initial_state(batch_size, weight.device, weight.dtype)
        if self.attention is None:
            return (core,)
        return core, self.attention.initial_state(batch_size, weight.device, weight.dtype)

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        """Ids (B, T) and the state before them to hidden vectors (B, T, H) and the state after them."""
        state = self.initial_state(ids.shape[0]) if state is None else state
        x = self.dropout(self.embedding(ids))  # (B, T, E)
        x, core = self.core(x, state[0])  # (B, T, H)
        if self.attention is None:
            return self.dropout(x), (core,)
        x, memory = self.attention(x, state[1])  # (B, T, H)
        return self.dropout(x), (core, memory)

    def step(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        """Ids (B,) to hidden vectors (B, H): ``forward`` for one token."""
        state = self.initial_state(ids.shape[0]) if state is None else state
        x = self.dropout(self.embedding(ids))  # (B, E)
        x, core = self.core.step(x, state[0])  # (B, H)
        if self.attention is None:
            return self.dropout(x), (core,)
        x, memory = self.attention.step(x, state[1])  # (B, H)
        return self.dropout(x), (core, memory)

    def loss(self, ids: Tensor, targets: Tensor, state: State = None) -> tuple[Tensor, State]:
        """Nats of each target, (B, T), and the state after the window."""
        hidden, state = self(ids, state)
        return self.head.loss(hidden.flatten(0, 1), targets.flatten()).view_as(targets), state

    def total(self, ids: Tensor, targets: Tensor, state: State = None) -> tuple[Tensor, State]:
        """The sum of ``loss``, a scalar to differentiate, and the state after the window: what training asks for."""
        hidden, state = self(ids, state)
        return self.head.total(hidden.flatten(0, 1), targets.flatten()), state

    @torch.no_grad()
    def score(self, ids: Tensor, targets: Tensor, state: State = None) -> tuple[Tensor, Tensor, State]:
        """Nats of each target, whether it was the most probable token, (B, T) each, and the state after the window."""
        hidden, state = self(ids, state)
        nats, best = self.head.loss_and_best(hidden.flatten(0, 1), targets.flatten())
        return nats.view_as(targets), (best.view_as(targets) == targets), state
