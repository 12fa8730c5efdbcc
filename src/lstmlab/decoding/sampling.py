"""How the next token is chosen."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lstmlab.decoding import processors
from lstmlab.errors import UserError


@dataclass(frozen=True)
class Decoding:
    """Greedy decoding (``name="greedy"``) or sampling (``"sample"``) with temperature, then top-k, then top-p.

    The order is that of Hugging Face's ``generate``. Temperature 0 is greedy.
    """

    name: str = "sample"
    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    def __post_init__(self) -> None:
        if self.name not in ("greedy", "sample"):
            raise UserError(f"decoding.name={self.name} is neither greedy nor sample.")
        if not 0 <= self.temperature < float("inf"):
            raise UserError(f"decoding.temperature={self.temperature} must be a number from 0 up.")
        if self.top_k is not None and self.top_k < 1:
            raise UserError(f"decoding.top_k={self.top_k} must be at least 1, or null for all.")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise UserError(f"decoding.top_p={self.top_p} must be above 0 and at most 1, or null.")

    @property
    def greedy(self) -> bool:
        return self.name == "greedy" or self.temperature == 0

    def choose(self, logits: Tensor, generator: torch.Generator) -> Tensor:
        """The next ids, (B,), given logits (B, V)."""
        if self.greedy:
            return logits.argmax(-1)
        logits = processors.temperature(logits, self.temperature)
        if self.top_k is not None:
            logits = processors.top_k(logits, self.top_k)
        if self.top_p is not None:
            logits = processors.top_p(logits, self.top_p)
        return torch.multinomial(logits.softmax(-1), 1, generator=generator).squeeze(-1)
