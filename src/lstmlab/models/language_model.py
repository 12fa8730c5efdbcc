"""The recurrent language model: embed → core → attention? → head."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lstmlab.nn import Attention, Core, Dropout, Head, State, TypeDropout


@dataclass(frozen=True)
class Regularisation:
    """What is done to embedded and hidden vectors in training; what layers do inside themselves is theirs."""

    embedding_dropout: float = 0.0  # of whole types
    input_dropout: float = 0.0  # on the embedding
    output_dropout: float = 0.0  # on what the head reads
    locked: bool = False  # one mask a window and stream in place of one a position
    activation_penalty: float = 0.0
    temporal_activation_penalty: float = 0.0


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
        regularisation: Regularisation | None = None,
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.core = core
        self.attention = attention
        self.head = head
        self.regularisation = regularisation or Regularisation()
        self.type_dropout = TypeDropout(self.regularisation.embedding_dropout)
        self.input_dropout = Dropout(self.regularisation.input_dropout, locked=self.regularisation.locked)
        self.output_dropout = Dropout(self.regularisation.output_dropout, locked=self.regularisation.locked)

    def initial_state(self, batch_size: int) -> State:
        """The blank state for ``batch_size`` streams, on the model's device."""
        weight = self.embedding.weight
        core = self.core.initial_state(batch_size, weight.device, weight.dtype)
        if self.attention is None:
            return (core,)
        return core, self.attention.initial_state(batch_size, weight.device, weight.dtype)

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        """Ids (B, T) and the state before them to hidden vectors (B, T, H) and the state after them."""
        hidden, state = self._read(ids, state)
        return self.output_dropout(hidden), state

    def step(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        """Ids (B,) to hidden vectors (B, H): ``forward`` for one token."""
        state = self.initial_state(ids.shape[0]) if state is None else state
        x, core = self.core.step(self._embed(ids), state[0])  # (B, H)
        if self.attention is None:
            return self.output_dropout(x), (core,)
        x, memory = self.attention.step(x, state[1])  # (B, H)
        return self.output_dropout(x), (core, memory)

    def loss(self, ids: Tensor, targets: Tensor, state: State = None) -> tuple[Tensor, State]:
        """Nats of each target, (B, T), and the state after the window."""
        hidden, state = self(ids, state)
        return self.head.loss(hidden.flatten(0, 1), targets.flatten()).view_as(targets), state

    def total(self, ids: Tensor, targets: Tensor, state: State = None) -> tuple[Tensor, Tensor | None, State]:
        """The sum of ``loss`` and the penalty on activations (None where there is none), scalars to differentiate, and
        the state after the window: what training asks for.
        """
        raw, state = self._read(ids, state)
        hidden = self.output_dropout(raw)
        total = self.head.total(hidden.flatten(0, 1), targets.flatten())
        return total, self._penalty(raw, hidden), state

    @torch.no_grad()
    def score(self, ids: Tensor, targets: Tensor, state: State = None) -> tuple[Tensor, Tensor, State]:
        """Nats of each target, whether it was the most probable token, (B, T) each, and the state after the window."""
        hidden, state = self(ids, state)
        nats, best = self.head.loss_and_best(hidden.flatten(0, 1), targets.flatten())
        return nats.view_as(targets), (best.view_as(targets) == targets), state

    def _embed(self, ids: Tensor) -> Tensor:
        embedded = self.type_dropout(self.embedding(ids), ids, self.embedding.num_embeddings)
        return self.input_dropout(embedded)  # type: ignore[no-any-return]  # a module's call is untyped

    def _read(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """``forward`` before its last dropout."""
        state = self.initial_state(ids.shape[0]) if state is None else state
        x, core = self.core(self._embed(ids), state[0])  # (B, T, H)
        if self.attention is None:
            return x, (core,)
        x, memory = self.attention(x, state[1])  # (B, T, H)
        return x, (core, memory)

    def _penalty(self, raw: Tensor, hidden: Tensor) -> Tensor | None:
        """Activation and temporal activation regularisation (Merity et al. 2017, section 4.6).

        α·mean(h²) of the hidden vectors behind their dropout and β·mean((hₜ₊₁ − hₜ)²) of those before it. The means are
        over all numbers, as in the published settings, not the norms that the paper writes.
        """
        alpha, beta = self.regularisation.activation_penalty, self.regularisation.temporal_activation_penalty
        if not (self.training and (alpha or beta)):
            return None
        wide = torch.promote_types(raw.dtype, torch.float32)  # squares overflow in 16 bits
        raw, hidden = raw.to(wide), hidden.to(wide)
        penalty = alpha * hidden.pow(2).mean()
        if raw.shape[1] > 1:
            penalty = penalty + beta * (raw[:, 1:] - raw[:, :-1]).pow(2).mean()
        return penalty
